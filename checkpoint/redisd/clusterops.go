package redisd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// MasterOf is the node that serves the slot, as a majority of the nodes that
// answer says; nil while there is none.
func (c *Cluster) MasterOf(ctx context.Context, slot int) *Server {
	votes := map[string]int{}
	byID := map[string]*Server{}
	for _, s := range c.Nodes() {
		_ = s.control(func(r *redis.Client) error { // one that is down has no vote
			ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
			defer cancel()
			id, err := r.ClusterMyID(ctx).Result()
			if err != nil {
				return err
			}
			byID[id] = s
			//lint:ignore SA1019 what clients ask, of every version
			slots, err := r.ClusterSlots(ctx).Result() //nolint:staticcheck // as above, for the other linter
			for _, part := range slots {
				if part.Start <= slot && slot <= part.End && len(part.Nodes) > 0 {
					votes[part.Nodes[0].ID]++
				}
			}
			return err
		})
	}
	for id, n := range votes {
		if 2*n > len(byID) {
			return byID[id]
		}
	}
	return nil
}

// ReplicaOf is a node that follows the master now, nil if none does.
func (c *Cluster) ReplicaOf(ctx context.Context, master *Server) *Server {
	return replicaOf(ctx, c.Nodes(), master)
}

func replicaOf(ctx context.Context, servers []*Server, master *Server) *Server {
	line := fmt.Sprintf("master_port:%d", master.opt.tcp.reach())
	for _, s := range servers {
		follows := false
		_ = s.control(func(r *redis.Client) error { // one that is down follows nobody
			info, err := r.Info(ctx, "replication").Result()
			follows = hasLine(info, "role:slave") && hasLine(info, line) && hasLine(info, "master_link_status:up")
			return err
		})
		if follows {
			return s
		}
	}
	return nil
}

// Promote makes a replica the master of its slots, and returns when it is. how is
// "" (with the old master's help, nothing is lost), "FORCE" (the other masters
// agree, the old one is not asked) or "TAKEOVER" (nobody is asked).
func (c *Cluster) Promote(ctx context.Context, replica *Server, how string) error {
	return replica.control(func(r *redis.Client) error {
		args := []any{"CLUSTER", "FAILOVER"}
		if how != "" {
			args = append(args, how)
		}
		if err := r.Do(ctx, args...).Err(); err != nil {
			return fmt.Errorf("redisd: promote a replica: %w", err)
		}
		return awaitMaster(ctx, r)
	})
}

func awaitMaster(ctx context.Context, r *redis.Client) error {
	for {
		info, err := r.Info(ctx, "replication").Result()
		if err == nil && hasLine(info, "role:master") {
			return nil
		}
		if stop := sleep(ctx, clusterPoll); stop != nil {
			return fmt.Errorf("redisd: waiting for a replica to be master: %w", errors.Join(stop, err))
		}
	}
}

// MoveSlot gives a slot and its keys to another master, as redis-cli does: while
// it is under way, scripts with several keys of the slot are answered TRYAGAIN.
func (c *Cluster) MoveSlot(ctx context.Context, slot int, to *Server) error {
	finish, err := c.BeginMove(ctx, slot, to)
	if err != nil {
		return err
	}
	return finish(ctx)
}

// BeginMove opens the move of a slot and moves half of its keys. The rest, and
// the change of hands, is done by finish.
func (c *Cluster) BeginMove(ctx context.Context, slot int, to *Server) (finish func(context.Context) error, err error) {
	from := c.MasterOf(ctx, slot)
	if from == nil || from == to {
		return nil, fmt.Errorf("redisd: slot %d cannot be moved: nobody has it, or whoever is to get it", slot)
	}
	fromID, err := nodeID(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("redisd: move slot %d: %w", slot, err)
	}
	toID, err := nodeID(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("redisd: move slot %d: %w", slot, err)
	}
	err = setSlot(ctx, to, slot, "IMPORTING", fromID)
	if err == nil {
		err = setSlot(ctx, from, slot, "MIGRATING", toID)
	}
	if err != nil {
		return nil, err
	}
	var n int64
	err = from.control(func(r *redis.Client) error {
		n, err = r.ClusterCountKeysInSlot(ctx, slot).Result()
		return err
	})
	if err == nil {
		err = migrate(ctx, from, to, slot, int(n/2))
	}
	return func(ctx context.Context) error {
		if err := migrate(ctx, from, to, slot, -1); err != nil {
			return err
		}
		// The new master first: from then on it answers for the slot.
		if err := setSlot(ctx, to, slot, "NODE", toID); err != nil {
			return err
		}
		return setSlot(ctx, from, slot, "NODE", toID)
	}, err
}

func setSlot(ctx context.Context, s *Server, slot int, state, id string) error {
	err := s.control(func(r *redis.Client) error {
		return r.Do(ctx, "CLUSTER", "SETSLOT", slot, state, id).Err()
	})
	if err != nil {
		return fmt.Errorf("redisd: set slot %d %s: %w", slot, state, err)
	}
	return nil
}

// migrate moves at most so many keys of the slot, all if negative.
func migrate(ctx context.Context, from, to *Server, slot, most int) error {
	return from.control(func(r *redis.Client) error {
		for moved := 0; most < 0 || moved < most; {
			batch := 100
			if most >= 0 {
				batch = min(batch, most-moved)
			}
			keys, err := r.ClusterGetKeysInSlot(ctx, slot, batch).Result()
			if err != nil {
				return fmt.Errorf("redisd: keys of slot %d: %w", slot, err)
			}
			if len(keys) == 0 {
				return nil
			}
			args := []any{"MIGRATE", loopbackHost, to.opt.tcp.reach(), "", 0, 5000, "KEYS"}
			for _, k := range keys {
				args = append(args, k)
			}
			if err := r.Do(ctx, args...).Err(); err != nil {
				return fmt.Errorf("redisd: migrate %d keys of slot %d: %w", len(keys), slot, err)
			}
			moved += len(keys)
		}
		return nil
	})
}

// Part cuts the node off from all others, and with clients from whoever uses the
// cluster, too: nothing arrives and nobody is told. Only of a cuttable cluster.
func (c *Cluster) Part(node *Server, clients bool) {
	var others []string
	for _, s := range c.Nodes() {
		others = append(others, s.opt.tcp.host)
	}
	if clients {
		others = append(others, loopbackHost)
	}
	c.wires.part([]string{node.opt.tcp.host}, others)
}

// Heal joins all that was parted.
func (c *Cluster) Heal() { c.wires.heal() }
