package redisd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// SentinelMaster is the name by which the sentinels of a Sentinel know its
// master.
const SentinelMaster = "town"

// SentinelOptions says what is to be watched by how many.
type SentinelOptions struct {
	// Dir holds a directory for each process. Required.
	Dir string
	// Replicas of the one master, 2 if zero.
	Replicas int
	// Sentinels, 3 if zero; more than half of them have to agree.
	Sentinels int
	// DownAfter is how long the master may be silent, 15 s if zero.
	DownAfter time.Duration
	// Cuttable as of ClusterOptions.
	Cuttable bool
}

// Sentinel is a master with replicas and the sentinels that watch them, all owned
// processes on loopback without a password, for tests and trials.
type Sentinel struct {
	servers   []*Server // the first master, then its replicas
	sentinels []*Server
	wires     *network // nil if it is not cuttable
}

// StartSentinel runs the processes and returns when every replica has the
// master's data and every sentinel knows all replicas and all other sentinels.
func StartSentinel(ctx context.Context, o SentinelOptions) (*Sentinel, error) {
	if o.Replicas == 0 {
		o.Replicas = 2
	}
	if o.Sentinels == 0 {
		o.Sentinels = 3
	}
	if o.DownAfter == 0 {
		o.DownAfter = patientTimeout
	}
	s := &Sentinel{}
	if o.Cuttable {
		s.wires = newNetwork()
	}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, s.Settled(ctx)
}

func (s *Sentinel) start(ctx context.Context, o SentinelOptions) error {
	launch := func(i int, name string, t tcpOptions) (*Server, error) {
		return startTCP(ctx, filepath.Join(o.Dir, name+strconv.Itoa(i)), s.wires, i, t)
	}
	master, err := launch(0, "server-", tcpOptions{group: true})
	if err != nil {
		return err
	}
	s.servers = []*Server{master}
	port := master.opt.tcp.reach()
	replicas, err := startAll(o.Replicas, func(i int) (*Server, error) {
		return launch(1+i, "server-", tcpOptions{group: true, masterPort: port})
	})
	if err != nil {
		return err
	}
	s.servers = append(s.servers, replicas...)
	if err := await(ctx, s.servers, synced); err != nil {
		return err
	}
	watch := &watchOptions{
		name: SentinelMaster, masterPort: port, quorum: o.Sentinels/2 + 1,
		downAfter: o.DownAfter, failoverTime: max(5*time.Second, 3*o.DownAfter),
	}
	s.sentinels, err = startAll(o.Sentinels, func(i int) (*Server, error) {
		return launch(len(s.servers)+i, "sentinel-", tcpOptions{sentinel: watch})
	})
	return err
}

// Settled waits until every replica has its master's data and every sentinel
// that runs knows all servers and sentinels and holds none for dead.
func (s *Sentinel) Settled(ctx context.Context) error {
	if err := await(ctx, s.servers, synced); err != nil {
		return err
	}
	return await(ctx, s.sentinels, func(ctx context.Context, r *redis.Client) (bool, error) {
		reply, err := r.Do(ctx, "SENTINEL", "MASTER", SentinelMaster).Slice()
		if err != nil {
			return false, err
		}
		facts := map[string]string{}
		for i := 0; i+1 < len(reply); i += 2 {
			facts[fmt.Sprint(reply[i])] = fmt.Sprint(reply[i+1])
		}
		return facts["flags"] == "master" && facts["num-slaves"] == strconv.Itoa(len(s.servers)-1) &&
			facts["num-other-sentinels"] == strconv.Itoa(len(s.sentinels)-1), nil
	})
}

// Servers gives the first master, then its replicas; a fail-over does not change
// the order.
func (s *Sentinel) Servers() []*Server { return append([]*Server{}, s.servers...) }

// Addrs gives host:port of every sentinel.
func (s *Sentinel) Addrs() []string { return reached(s.sentinels) }

// Master is the server that a majority of the sentinels name, nil if there is
// none.
func (s *Sentinel) Master(ctx context.Context) *Server {
	votes := map[string]int{}
	for _, w := range s.sentinels {
		_ = w.control(func(r *redis.Client) error { // one that is down has no vote
			addr, err := r.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", SentinelMaster).StringSlice()
			if err == nil && len(addr) == 2 {
				votes[addr[1]]++
			}
			return err
		})
	}
	for _, server := range s.servers {
		if 2*votes[strconv.Itoa(server.opt.tcp.reach())] > len(s.sentinels) {
			return server
		}
	}
	return nil
}

// Promote lets the sentinels make a replica the master although the old one
// lives, and returns when it is.
func (s *Sentinel) Promote(ctx context.Context) error {
	old := s.Master(ctx)
	err := s.sentinels[0].control(func(r *redis.Client) error {
		return r.Do(ctx, "SENTINEL", "FAILOVER", SentinelMaster).Err()
	})
	if err != nil {
		return fmt.Errorf("redisd: promote a replica: %w", err)
	}
	for {
		if now := s.Master(ctx); now != nil && now != old {
			return now.control(func(r *redis.Client) error { return awaitMaster(ctx, r) })
		}
		if err := sleep(ctx, clusterPoll); err != nil {
			return fmt.Errorf("redisd: waiting for another master: %w", err)
		}
	}
}

// Part cuts a server off from the other servers and the sentinels, and with
// clients from whoever uses it, too. Only if it is cuttable.
func (s *Sentinel) Part(server *Server, clients bool) {
	var others []string
	for _, o := range append(s.Servers(), s.sentinels...) {
		others = append(others, o.opt.tcp.host)
	}
	if clients {
		others = append(others, loopbackHost)
	}
	s.wires.part([]string{server.opt.tcp.host}, others)
}

// Heal joins all that was parted.
func (s *Sentinel) Heal() { s.wires.heal() }

// Stop ends all processes and frees their directories.
func (s *Sentinel) Stop() error {
	err := errors.Join(stopAll(s.sentinels), stopAll(s.servers))
	s.wires.closeIfAny()
	return err
}
