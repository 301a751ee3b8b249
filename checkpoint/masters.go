package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Master tells which server holds a partition and which history of writes it
// has: two that differ in either may not have the same data. A server that was
// started again is another run, even on the same files, which may have lost their
// end; a replica that was promoted begins a replication history of its own.
type Master struct {
	Run         string `json:"run"`
	Replication string `json:"replication"`
	// Epoch orders the claims of a cluster's nodes to the same slot; 0 elsewhere.
	Epoch int64 `json:"epoch,omitempty"`
}

// same tells that nothing can have been lost between the two.
func (m Master) same(o Master) bool { return m.Run == o.Run && m.Replication == o.Replication }

// Masters asks which master holds each partition, by the view that scans follow
// too, and which others hold gates: in the middle of a resharding one may have no
// partition yet. A partition whose master does not answer within ctx, or says that it
// is none, is the zero Master; why is told by the error, beside the others.
func (s *Store) Masters(ctx context.Context) (masters [Partitions]Master, beside []Master, _ error) {
	nodes, holder, err := s.servers(ctx)
	if err != nil {
		return masters, nil, err
	}
	_, cluster := s.rdb.(*redis.ClusterClient)
	found, errs := make([]Master, len(nodes)), make([]error, len(nodes))
	var asking sync.WaitGroup
	for i, node := range nodes {
		asking.Go(func() {
			var err error
			if found[i], err = askMaster(ctx, node, cluster); err != nil {
				errs[i] = unavailable(fmt.Errorf("the master at %s: %w", node.Options().Addr, err))
			}
		})
	}
	asking.Wait()
	for p, at := range holder {
		masters[p] = found[at]
	}
	for i, m := range found {
		if m != (Master{}) && !slices.Contains(holder[:], i) {
			beside = append(beside, m)
		}
	}
	return masters, beside, errors.Join(errs...)
}

// servers are the masters, by the view that scans follow too, in the order of the
// first partition that each holds, then those that hold gates alone by address, and the
// place of the one that holds each partition.
func (s *Store) servers(ctx context.Context) (nodes []*redis.Client, holder [Partitions]int, err error) {
	cluster, many := s.rdb.(*redis.ClusterClient)
	if !many {
		node, _ := s.rdb.(*redis.Client)
		return []*redis.Client{node}, holder, nil
	}
	for p := range Partitions {
		node, err := cluster.MasterForKey(ctx, s.keys.partition(p))
		if err != nil {
			return nil, holder, unavailable(err)
		}
		if holder[p] = slices.Index(nodes, node); holder[p] < 0 {
			holder[p] = len(nodes)
			nodes = append(nodes, node)
		}
	}
	withPartitions := len(nodes)
	for _, gate := range s.Registry().gates {
		node, err := cluster.MasterForKey(ctx, s.keys.gateDay(gate.Num, 0)) // any day: the tag is the gate's
		if err == nil && !slices.Contains(nodes, node) {
			nodes = append(nodes, node)
		}
	}
	slices.SortFunc(nodes[withPartitions:], func(a, b *redis.Client) int { return cmp.Compare(a.Options().Addr, b.Options().Addr) })
	return nodes, holder, nil
}

// askMaster asks one server who it is; the zero Master if it is a replica.
func askMaster(ctx context.Context, c *redis.Client, cluster bool) (Master, error) {
	var server, replication, epoch *redis.StringCmd
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		server, replication = p.Info(ctx, "server"), p.Info(ctx, "replication")
		if cluster {
			epoch = p.ClusterInfo(ctx)
		}
		return nil
	})
	if err != nil {
		return Master{}, err
	}
	facts := infoFacts(server.Val() + replication.Val())
	m := Master{Run: facts["run_id"], Replication: facts["master_replid"]}
	if facts["role"] != "master" {
		return Master{}, fmt.Errorf("it says that it is a %q", facts["role"])
	}
	if m.Run == "" || m.Replication == "" {
		return Master{}, errors.New("INFO names no run_id or master_replid")
	}
	if cluster {
		m.Epoch, err = strconv.ParseInt(infoFacts(epoch.Val())["cluster_my_epoch"], 10, 64)
	}
	return m, err
}

// infoFacts reads the lines "name:value" of INFO and CLUSTER INFO.
func infoFacts(text string) map[string]string {
	facts := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[name] = value
		}
	}
	return facts
}

// rewind sends the projectors of partitions, of whatever gateway, back in the
// logs: what they wrote into indexes on a master that was replaced may be gone
// there. What is still there does not change. For the window from now on they take
// care: an index may hold scans as the old master recorded them, which sent no
// answer, and as they were repeated to the new one.
func (s *Store) rewind(ctx context.Context, partitions []int, by, window time.Duration) error {
	calls := make([]call, len(partitions))
	for i, p := range partitions {
		calls[i] = call{rewindScript, []string{s.keys.partition(p)}, []any{by.Milliseconds(), window.Milliseconds()}}
	}
	_, err := s.runAll(ctx, calls)
	return err
}
