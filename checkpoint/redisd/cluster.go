package redisd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	clusterSlots = 16384
	clusterPoll  = 20 * time.Millisecond
	// patientTimeout is a node timeout that no loaded machine lets pass: a node
	// that only got no CPU for a while keeps its slots.
	patientTimeout = 15 * time.Second
	// formingTimeout is that of nodes which are being introduced: how often they
	// talk follows from it.
	formingTimeout = time.Second
)

// ClusterOptions says what cluster is wanted.
type ClusterOptions struct {
	// Dir holds a directory for each node. Required.
	Dir string
	// Masters share the slots; 3 are needed to survive the loss of one, 1 is the
	// least.
	Masters int
	// Replicas of each master.
	Replicas int
	// NodeTimeout is how long a node may be silent before the others hold it for
	// dead; a replica takes over about a second later. 15 s if zero, which no
	// busy machine mistakes for a death. At least 100 ms.
	NodeTimeout time.Duration
	// Cuttable gives each node an address of its own, behind wires in this
	// process that Part can cut. Linux only; each reply takes a copy more.
	Cuttable bool
}

// Cluster is a Redis Cluster of owned processes on loopback, for tests and
// trials: it has no password, and its nodes write to disk every second.
type Cluster struct {
	masters []*Server
	// replicas of master i are replicas[i*perMaster : (i+1)*perMaster].
	replicas  []*Server
	perMaster int
	timeout   time.Duration
	wires     *network // nil if it is not cuttable
}

// StartCluster runs the nodes, each in a directory of its own, shares the slots
// out evenly and returns when the cluster is Settled. The context bounds the
// start only.
func StartCluster(ctx context.Context, o ClusterOptions) (*Cluster, error) {
	if o.Masters < 1 || o.Replicas < 0 || o.Masters*(1+o.Replicas) > 100 {
		return nil, fmt.Errorf("redisd: a cluster of %d masters with %d replicas each is not possible (1 to 100 nodes)", o.Masters, o.Replicas)
	}
	if o.NodeTimeout == 0 {
		o.NodeTimeout = patientTimeout
	}
	if o.NodeTimeout < 100*time.Millisecond {
		return nil, fmt.Errorf("redisd: a node timeout of %s is too short: give at least 100ms", o.NodeTimeout)
	}
	c := &Cluster{perMaster: o.Replicas, timeout: o.NodeTimeout}
	if o.Cuttable {
		c.wires = newNetwork()
	}
	nodes, err := startAll(o.Masters*(1+o.Replicas), func(i int) (*Server, error) {
		return startTCP(ctx, filepath.Join(o.Dir, "node-"+strconv.Itoa(i)), c.wires, i, tcpOptions{cluster: true, nodeTimeout: formingTimeout})
	})
	if err != nil {
		c.wires.closeIfAny()
		return nil, err
	}
	c.masters, c.replicas = nodes[:o.Masters], nodes[o.Masters:]
	if err := c.form(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// startAll starts n servers at once; on an error none is left.
func startAll(n int, start func(i int) (*Server, error)) ([]*Server, error) {
	servers, errs := make([]*Server, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { servers[i], errs[i] = start(i) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, stopAll(servers))
	}
	return servers, nil
}

// startTCP starts server number i of a group, behind wires if there are any.
// Between finding a port free and redis-server taking it another process may
// come first, so it is tried again.
func startTCP(ctx context.Context, dir string, wires *network, i int, t tcpOptions) (*Server, error) {
	t.host = loopbackHost
	if wires != nil {
		t.host = fmt.Sprintf("127.0.1.%d", 1+i)
	}
	var last error
	for range 5 {
		var err error
		if t.port, err = freePort(t.host); err != nil {
			return nil, err
		}
		if wires != nil {
			if t.announce, err = wires.lay(t.host, t.port); err == nil && t.cluster {
				t.bus, err = wires.lay(t.host, t.port+busOffset)
			}
			if err != nil {
				return nil, err
			}
		}
		s, err := Start(ctx, Options{Dir: dir, Persist: t.sentinel == nil, Fsync: "everysec", Log: io.Discard, tcp: t})
		if err == nil {
			return s, nil
		}
		last = err
		if ctx.Err() != nil || errors.Is(err, ErrNotInstalled) || errors.Is(err, ErrInUse) {
			break
		}
	}
	return nil, last
}

// form makes one cluster of the fresh nodes.
func (c *Cluster) form(ctx context.Context) error {
	for i, s := range c.masters {
		low, high := clusterSlots*i/len(c.masters), clusterSlots*(i+1)/len(c.masters)-1
		err := s.control(func(r *redis.Client) error {
			// Distinct epochs from the start: else the nodes first have to
			// settle who is right, which takes seconds.
			if err := r.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
				return err
			}
			return r.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", low, high).Err()
		})
		if err != nil {
			return fmt.Errorf("redisd: give slots %d to %d to a master: %w", low, high, err)
		}
	}
	for i, s := range c.Nodes() {
		if err := introduce(ctx, s, c.Nodes()[:i]); err != nil {
			return err
		}
	}
	if err := await(ctx, c.Nodes(), c.joined); err != nil {
		return err
	}
	for i, s := range c.replicas {
		if err := c.follow(ctx, s, c.masters[i/c.perMaster]); err != nil {
			return err
		}
	}
	if err := c.Settled(ctx); err != nil {
		return err
	}
	for _, s := range c.Nodes() {
		s.opt.tcp.nodeTimeout = c.timeout // for its restarts
		err := s.control(func(r *redis.Client) error {
			return r.ConfigSet(ctx, "cluster-node-timeout", strconv.FormatInt(c.timeout.Milliseconds(), 10)).Err()
		})
		if err != nil {
			return fmt.Errorf("redisd: set the node timeout: %w", err)
		}
	}
	return c.Settled(ctx)
}

// introduce makes a node known to others, each to each: hearsay takes longer.
func introduce(ctx context.Context, s *Server, others []*Server) error {
	return s.control(func(r *redis.Client) error {
		for _, other := range others {
			t := other.opt.tcp
			meet := []any{"CLUSTER", "MEET", loopbackHost, t.reach()}
			if t.bus != 0 {
				meet = append(meet, t.bus)
			}
			if err := r.Do(ctx, meet...).Err(); err != nil {
				return fmt.Errorf("redisd: introduce a node to the cluster: %w", err)
			}
		}
		return nil
	})
}

// follow makes one node the replica of another.
func (c *Cluster) follow(ctx context.Context, s, master *Server) error {
	id, err := nodeID(ctx, master)
	if err == nil {
		err = s.control(func(r *redis.Client) error { return r.ClusterReplicate(ctx, id).Err() })
	}
	if err != nil {
		return fmt.Errorf("redisd: attach a replica: %w", err)
	}
	return nil
}

func nodeID(ctx context.Context, s *Server) (id string, err error) {
	err = s.control(func(r *redis.Client) error {
		id, err = r.ClusterMyID(ctx).Result()
		return err
	})
	return id, err
}

// joined holds when the node knows every other one and all slots are served.
func (c *Cluster) joined(ctx context.Context, r *redis.Client) (bool, error) {
	info, err := r.ClusterInfo(ctx).Result()
	known := "cluster_known_nodes:" + strconv.Itoa(len(c.masters)+len(c.replicas))
	ok := "cluster_slots_ok:" + strconv.Itoa(clusterSlots)
	return hasLine(info, "cluster_state:ok") && hasLine(info, known) && hasLine(info, ok), err
}

// synced holds when a replica has its master's data; always for a master.
func synced(ctx context.Context, r *redis.Client) (bool, error) {
	info, err := r.Info(ctx, "replication").Result()
	return hasLine(info, "role:master") || hasLine(info, "master_link_status:up"), err
}

func hasLine(text, line string) bool {
	for l := range strings.Lines(text) {
		if strings.TrimSpace(l) == line {
			return true
		}
	}
	return false
}

// Settled waits until all nodes run, every one knows every other and says that
// all slots are served, all agree who serves which with how many replicas, and
// every replica has its master's data. Before that a client may be told
// CLUSTERDOWN, or be sent to a node that does not know of its slots yet.
func (c *Cluster) Settled(ctx context.Context) error {
	for {
		err := await(ctx, c.Nodes(), c.joined)
		if err == nil {
			err = await(ctx, c.Nodes(), synced)
		}
		if err != nil {
			return err
		}
		agreed, err := c.agreed(ctx)
		if err != nil || agreed {
			return err
		}
		if err := sleep(ctx, clusterPoll); err != nil {
			return fmt.Errorf("redisd: waiting until the nodes agree: %w", err)
		}
	}
}

// agreed tells whether all nodes name the same master and replicas for each
// slot, and all nodes are among them.
func (c *Cluster) agreed(ctx context.Context) (bool, error) {
	var first []string
	for i, s := range c.Nodes() {
		var view []string
		err := s.control(func(r *redis.Client) error {
			//lint:ignore SA1019 what clients ask, of every version
			slots, err := r.ClusterSlots(ctx).Result() //nolint:staticcheck // as above, for the other linter
			view = describe(slots)
			return err
		})
		if err != nil {
			return false, fmt.Errorf("redisd: ask a node for the slots: %w", err)
		}
		if i == 0 {
			first = view
		}
		if !slices.Equal(view, first) {
			return false, nil
		}
	}
	named := map[string]bool{}
	for _, line := range first {
		for _, id := range strings.Fields(line)[1:] {
			named[id] = true
		}
	}
	return len(named) == len(c.Nodes()), nil
}

// describe gives a view of the slots as lines that can be compared: range,
// master, replicas by ID.
func describe(slots []redis.ClusterSlot) []string {
	var view []string
	for _, s := range slots {
		ids := []string{}
		for _, n := range s.Nodes {
			ids = append(ids, n.ID)
		}
		if len(ids) > 1 {
			slices.Sort(ids[1:])
		}
		view = append(view, fmt.Sprintf("%05d-%05d %s", s.Start, s.End, strings.Join(ids, " ")))
	}
	slices.Sort(view)
	return view
}

// await polls the servers one after the other until each satisfies the test. One
// that does not answer yet is asked again, until the context ends.
func await(ctx context.Context, servers []*Server, test func(context.Context, *redis.Client) (bool, error)) error {
	for _, s := range servers {
		err := s.control(func(r *redis.Client) error {
			for {
				ok, err := test(ctx, r)
				if err == nil && ok {
					return nil
				}
				if stop := sleep(ctx, clusterPoll); stop != nil {
					return errors.Join(stop, err)
				}
			}
		})
		if err != nil {
			return fmt.Errorf("redisd: waiting for %s: %w", filepath.Base(s.opt.Dir), err)
		}
	}
	return nil
}

// control runs f with a short-lived client of the server.
func (s *Server) control(f func(*redis.Client) error) error {
	client := controlClient("unix", s.socket)
	return errors.Join(f(client), client.Close())
}

// Nodes gives the masters, then the replicas, as they were at the start; a
// fail-over does not change the order. For tests that kill one.
func (c *Cluster) Nodes() []*Server {
	return append(append([]*Server{}, c.masters...), c.replicas...)
}

// Addrs gives host:port of every node, in the order of Nodes, to be used as
// the seed list of a cluster client.
func (c *Cluster) Addrs() []string { return reached(c.Nodes()) }

// Stop ends all nodes and frees their directories.
func (c *Cluster) Stop() error {
	err := stopAll(c.Nodes())
	c.wires.closeIfAny()
	return err
}

func reached(servers []*Server) (addrs []string) {
	for _, s := range servers {
		addrs = append(addrs, address(loopbackHost, s.opt.tcp.reach()))
	}
	return addrs
}

func stopAll(servers []*Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), politeStop)
	defer cancel()
	errs := make([]error, len(servers))
	var wg sync.WaitGroup
	for i, s := range servers {
		if s != nil {
			wg.Go(func() { errs[i] = s.Stop(ctx) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}
