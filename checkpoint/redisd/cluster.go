package redisd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	clusterSlots = 16384
	// busOffset is where a node's cluster bus listens, above its own port.
	busOffset = 10000
	// Ports and their bus ports both stay under the range from which the kernel
	// takes ports for outgoing connections (32768 and up on Linux).
	firstPort = 11000
	lastPort  = 22000

	clusterPoll = 20 * time.Millisecond
)

// Cluster is a Redis Cluster of owned processes on loopback, for tests and
// trials: it has no password, and its nodes write to disk every second.
type Cluster struct {
	masters []*Server
	// replicas of master i are replicas[i*perMaster : (i+1)*perMaster].
	replicas  []*Server
	perMaster int
}

// StartCluster runs masters nodes with replicas replicas each, every node in a
// directory of its own under dir, shares the slots out evenly and returns when
// every node says that the cluster is ok and every replica follows its master.
// A cluster needs 3 masters to survive the loss of one; 1 is the least. The
// context bounds the start only.
func StartCluster(ctx context.Context, masters, replicas int, dir string) (*Cluster, error) {
	if masters < 1 || replicas < 0 || masters*(1+replicas) > 100 {
		return nil, fmt.Errorf("redisd: a cluster of %d masters with %d replicas each is not possible (1 to 100 nodes)", masters, replicas)
	}
	nodes, err := startNodes(ctx, masters*(1+replicas), dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{masters: nodes[:masters], replicas: nodes[masters:], perMaster: replicas}
	if err := c.form(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// startNodes starts n cluster nodes at once; on an error none is left.
func startNodes(ctx context.Context, n int, dir string) ([]*Server, error) {
	nodes, errs := make([]*Server, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			nodes[i], errs[i] = startNode(ctx, filepath.Join(dir, "node-"+strconv.Itoa(i)))
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, stopAll(nodes))
	}
	return nodes, nil
}

// startNode starts one node. Between finding a port free and redis-server
// taking it another process may come first, so it is tried again.
func startNode(ctx context.Context, dir string) (*Server, error) {
	var last error
	for range 5 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := Start(ctx, Options{
			Dir: dir, Persist: true, Fsync: "everysec", Log: io.Discard, clusterPort: port,
		})
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

// freePort finds a loopback port that is free together with its bus port.
func freePort() (int, error) {
	for range 200 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // a port, not a secret
		if portFree(port) && portFree(port+busOffset) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("redisd: no free pair of ports between %d and %d", firstPort, lastPort)
}

func portFree(port int) bool {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

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
	first := c.masters[0].opt.clusterPort
	for _, s := range c.Nodes()[1:] {
		err := s.control(func(r *redis.Client) error {
			return r.ClusterMeet(ctx, "127.0.0.1", strconv.Itoa(first)).Err()
		})
		if err != nil {
			return fmt.Errorf("redisd: introduce a node to the cluster: %w", err)
		}
	}
	if err := c.await(ctx, c.Nodes(), c.joined); err != nil {
		return err
	}
	for i, s := range c.replicas {
		if err := c.follow(ctx, s, c.masters[i/c.perMaster]); err != nil {
			return err
		}
	}
	return c.await(ctx, c.replicas, synced)
}

// follow makes one node the replica of another.
func (c *Cluster) follow(ctx context.Context, s, master *Server) error {
	var id string
	err := master.control(func(r *redis.Client) (err error) {
		id, err = r.ClusterMyID(ctx).Result()
		return err
	})
	if err == nil {
		err = s.control(func(r *redis.Client) error { return r.ClusterReplicate(ctx, id).Err() })
	}
	if err != nil {
		return fmt.Errorf("redisd: attach a replica: %w", err)
	}
	return nil
}

// joined holds when the node sees every other one and all slots served.
func (c *Cluster) joined(ctx context.Context, r *redis.Client) (bool, error) {
	info, err := r.ClusterInfo(ctx).Result()
	known := "cluster_known_nodes:" + strconv.Itoa(len(c.masters)+len(c.replicas))
	return hasLine(info, "cluster_state:ok") && hasLine(info, known), err
}

// synced holds when a replica has its master's data.
func synced(ctx context.Context, r *redis.Client) (bool, error) {
	info, err := r.Info(ctx, "replication").Result()
	return hasLine(info, "role:slave") && hasLine(info, "master_link_status:up"), err
}

func hasLine(text, line string) bool {
	for l := range strings.Lines(text) {
		if strings.TrimSpace(l) == line {
			return true
		}
	}
	return false
}

// await polls the nodes one after the other until each satisfies the test.
func (c *Cluster) await(ctx context.Context, nodes []*Server, test func(context.Context, *redis.Client) (bool, error)) error {
	for _, s := range nodes {
		err := s.control(func(r *redis.Client) error {
			for {
				ok, err := test(ctx, r)
				if err != nil || ok {
					return err
				}
				if err := sleep(ctx, clusterPoll); err != nil {
					return err
				}
			}
		})
		if err != nil {
			return fmt.Errorf("redisd: waiting for the cluster to form: %w", err)
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
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, s := range c.Nodes() {
		addrs = append(addrs, loopback(s.opt.clusterPort))
	}
	return addrs
}

// Stop ends all nodes and frees their directories.
func (c *Cluster) Stop() error { return stopAll(c.Nodes()) }

func stopAll(nodes []*Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), politeStop)
	defer cancel()
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, s := range nodes {
		if s != nil {
			wg.Go(func() { errs[i] = s.Stop(ctx) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}
