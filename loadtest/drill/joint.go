package drill

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/world"
)

// Joint has other processes make the load of a run: so many, which join at a
// listener and show a secret. Those on other machines need folders of world and
// keys of their own.
func Joint(ctx context.Context, d *Drill, l net.Listener, secret string, processes int, pace *loadtest.Schedule, source string) (*loadtest.Report, error) {
	folder, keys := d.Folder, d.Keys
	if d.rig != nil {
		folder, keys = filepath.Join(d.dir, "world"), filepath.Join(d.rig.DataDir, "keys")
		if err := d.World.Save(folder); err != nil {
			return nil, err
		}
		d.look()
	}
	c := &loadtest.Coordinator{
		Secret: secret, Dir: d.dir, Progress: d.Progress,
		Job: loadtest.Job{
			URLs: d.URLs, World: folder, Keys: keys, Source: source, Segments: pace.Segments(), Words: pace.String(),
			Workers: d.Connections, Patience: d.Patience, Retries: d.Retries, Of: processes,
		},
	}
	if d.rig != nil {
		c.Observe = d.look
	}
	d.Say("%d processes may join at %s", processes, l.Addr())
	r, ledgers, err := c.Run(ctx, l)
	if err != nil {
		return nil, err
	}
	d.ledgers = append(d.ledgers, ledgers...)
	r.Name, r.Source, r.Seed, r.People, r.Devices = "joint run", source, d.World.Seed, d.World.People, len(d.World.Devices)
	report, err := d.report(ctx, "run", r)
	summarise(report, "", r)
	return report, err
}

// JoinConfig says which run to join.
type JoinConfig struct {
	URL, Secret string // of the coordinator
	World, Keys string // folders; those of the coordinator if empty
	Progress    func(loadtest.Second)
}

// Join makes this process's share of a run. Its figures go to the coordinator.
func Join(ctx context.Context, c JoinConfig) error {
	dir, err := os.MkdirTemp("", "loadtest-")
	if err != nil {
		return fmt.Errorf("drill: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	j := &loadtest.Joiner{URL: c.URL, Secret: c.Secret, Dir: dir, Progress: c.Progress, Prepare: func(ctx context.Context, job *loadtest.Job) (loadtest.Target, loadtest.Source, func(), error) {
		if c.World != "" {
			job.World, job.Keys = c.World, c.Keys
		}
		return equip(ctx, job)
	}}
	return j.Run(ctx)
}

// equip makes target and source of a job.
func equip(ctx context.Context, job *loadtest.Job) (loadtest.Target, loadtest.Source, func(), error) {
	ring, err := codes.OpenRing(job.Keys)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("drill: %w", err)
	}
	w, err := world.Load(job.World, ring)
	if err != nil {
		return nil, nil, nil, err
	}
	gate, err := loadtest.NewGate(job.URLs, w.Devices, job.Workers, job.Patience)
	if err != nil {
		return nil, nil, nil, err
	}
	run := strings.ToLower(rand.Text()[:8])
	src, err := source(w, job.Source, world.Busiest(false), world.Options{Run: run, Share: job.Share, Of: job.Of})
	if err != nil {
		return nil, nil, nil, err
	}
	pace, err := job.Pacer()
	if err == nil {
		src.Ready(int(min(pace.Sends()/int64(job.Of)+1, int64(w.People))))
		err = gate.Open(ctx)
	}
	end := func() {
		src.Close()
		gate.Close()
	}
	if err != nil {
		end()
		return nil, nil, nil, err
	}
	return gate, src, end, nil
}
