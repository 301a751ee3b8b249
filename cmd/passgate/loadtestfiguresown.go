package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/measure"
	"passgate/loadtest"
	"passgate/loadtest/town"
)

// ownService is a server in this process, with the demo's places, and its Redis.
type ownService struct {
	*server
	dir   string
	con   *console      // of verbs that are run on it: quiet, with the administrator's password
	redis *redis.Client // signed in as the operator, one connection
	stop  func() error
}

// startOwn starts it in a temporary folder. The caller stops it.
func startOwn(ctx context.Context) (_ *ownService, err error) {
	s := new(ownService)
	var closers []func() error
	s.stop = func() (err error) {
		for _, c := range slices.Backward(closers) {
			err = errors.Join(err, c())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "pgfigures-"); err != nil {
		return nil, err
	}
	closers = append(closers, func() error { return os.RemoveAll(s.dir) })
	s.con = &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	cmd := &ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "pg:", Data: s.dir, Retention: 28}
	if s.server, err = cmd.open(ctx, s.con, slog.New(slog.DiscardHandler), time.Now); err != nil {
		return nil, err
	}
	closers = append(closers, func() error { s.close(); return nil })
	if err = s.store.Change(ctx, putTown); err != nil {
		return nil, err
	}
	password, err := firstLogin(ctx, s.store, false)
	if err != nil {
		return nil, err
	}
	s.con.Env = func(name string) string { return map[string]string{"PASSGATE_PASSWORD": password}[name] }
	s.con.ConfigDir = func() (string, error) { return s.dir, nil }
	operator := *s.backend
	if err = operator.asOperator("managed", s.dir); err != nil {
		return nil, err
	}
	client := operator.client(func(o *redis.UniversalOptions) *redis.UniversalOptions {
		patient(o).PoolSize = 1
		return o
	})
	s.redis = client.(*redis.Client) //nolint:forcetypeassert // a managed one is no cluster
	closers = append(closers, s.redis.Close)
	running, end := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.run(running) }()
	closers = append(closers, func() error { end(); return <-done })
	return s, nil
}

// admin signs the administrator in.
func (s *ownService) admin(ctx context.Context) (*client, error) {
	return serverFlags{Server: s.url(), Login: adminLogin}.open(ctx, s.con)
}

const (
	windowDays   = 14
	windowDevice = "figures-1"
)

// gateWindow streams the events of a gate over HTTP and reads the same keys
// plainly, in turn.
func (r *figuresRun) gateWindow(ctx context.Context) (err error) {
	s, err := startOwn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	admin, err := s.admin(ctx)
	if err != nil {
		return err
	}
	gate := s.store.Registry().Gates()[0]
	err = s.store.Change(ctx, func(d *checkpoint.Draft) error {
		return d.PutDevice(checkpoint.Device{Code: windowDevice, Gate: gate.Code, Lane: "1", EnrolledAt: 1, TokenHash: []byte(windowDevice)})
	})
	if err != nil {
		return err
	}
	device, _ := s.store.Registry().Device(windowDevice)
	staff, _ := s.store.Registry().Staff(adminLogin)
	r.say("write %d events", r.window)
	from, to, err := measure.FillWindow(ctx, s.store, measure.Window{
		Gate: gate.Num, Device: device.Num, Staff: staff.Num, Before: time.Now().UnixMilli(), Days: windowDays, Events: r.window,
	})
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	keys, err := measure.WindowKeys(ctx, s.redis, "pg:")
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	var ratios []float64
	detail := map[string]float64{"rows": float64(r.window)}
	for run := range r.runs {
		r.say("run %d of %d", run+1, r.runs)
		entries, plainly, err := measure.ReadPlainly(ctx, s.redis, keys)
		if err != nil {
			return err //nolint:wrapcheck // says what it is
		}
		lines, streamed, err := loadtest.StreamWindow(ctx, s.url(), admin.token, gate.Code, "text/csv", from, to)
		if err != nil {
			return err //nolint:wrapcheck // says what it is
		}
		if entries != r.window || lines != r.window+1 { // and the heading
			return fmt.Errorf("of %d events %d were read and %d streamed", r.window, entries, lines-1)
		}
		ratios = append(ratios, plainly.Seconds()/streamed.Seconds())
		detail["streamed_per_s"], detail["read_plainly_per_s"] = float64(entries)/streamed.Seconds(), float64(entries)/plainly.Seconds()
	}
	r.set.Put("gate_window", detail, ratios...)
	return nil
}

const (
	enrolPipeline = 1000
	enrolSample   = 200
)

// enrolment imports the town's residents by the program's own verb, over HTTP into
// a Redis that syncs every write to disk, and then writes the same rows to the same
// Redis as bare hashes. The ratio says what enrolling costs (checks, encryption,
// indexes, HTTP) above storing.
func (r *figuresRun) enrolment(ctx context.Context) error {
	people := slices.Collect(town.Residents(r.seed, r.rows))
	var ratios []float64
	detail := map[string]float64{"rows": float64(r.rows)}
	for run := range r.runs {
		r.say("run %d of %d", run+1, r.runs)
		imported, bare, err := enrolOnce(ctx, people)
		if err != nil {
			return err
		}
		ratios = append(ratios, imported.Seconds()/bare.Seconds())
		detail["import_s"], detail["plain_s"] = imported.Seconds(), bare.Seconds()
	}
	r.set.Put("enrolment", detail, ratios...)
	return nil
}

// enrolOnce measures both on a service of its own.
func enrolOnce(ctx context.Context, people []town.Resident) (imported, bare time.Duration, err error) {
	s, err := startOwn(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	path := filepath.Join(s.dir, "town.csv")
	file, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	err = town.WriteCSV(file, slices.Values(people))
	if err = errors.Join(err, file.Close()); err != nil {
		return 0, 0, err
	}
	if imported, err = s.importFile(ctx, path, len(people)); err != nil {
		return 0, 0, err
	}
	if err = s.findSome(ctx, people); err != nil {
		return 0, 0, err
	}
	if err = s.settled(ctx); err != nil {
		return 0, 0, err
	}
	bare, err = s.storePlainly(ctx, people)
	return imported, bare, err
}

// importFile gives the time of the whole verb, reading the file included.
func (s *ownService) importFile(ctx context.Context, path string, rows int) (time.Duration, error) {
	var out bytes.Buffer
	con := *s.con
	con.Out = &out
	verb := &residentsImportCmd{serverFlags: serverFlags{Server: s.url(), Login: adminLogin}, File: path, JSON: true}
	began := time.Now()
	err := verb.Run(ctx, &con)
	took := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	var got importSummary
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Created != rows || !got.Complete {
		return 0, fmt.Errorf("import: %d of %d rows were created: %w", got.Created, rows, err)
	}
	return took, nil
}

// findSome looks people up as a search does, each a person of their own.
func (s *ownService) findSome(ctx context.Context, people []town.Resident) error {
	found := map[uint64]bool{}
	sample := rand.Perm(len(people))[:min(enrolSample, len(people))] //nolint:gosec // anybody, no secret
	for _, i := range sample {
		person, err := s.store.FindByDocument(ctx, people[i].IDNumber)
		if err != nil {
			return fmt.Errorf("resident %d is not found: %w", i, err)
		}
		found[person] = true
	}
	if len(found) != len(sample) {
		return fmt.Errorf("%d documents lead to %d people", len(sample), len(found))
	}
	return nil
}

// settled makes sure that Redis syncs every write, and lets it finish rewriting
// its file: the import pays for that, the bare rows shall not.
func (s *ownService) settled(ctx context.Context) error {
	policy, err := s.redis.ConfigGet(ctx, "append*").Result()
	if err != nil {
		return fmt.Errorf("settings of Redis: %w", err)
	}
	if policy["appendonly"] != "yes" || policy["appendfsync"] != "always" {
		return errors.New("settings of Redis: it does not sync every write")
	}
	for {
		info, err := s.redis.Info(ctx, "persistence").Result()
		if err != nil {
			return fmt.Errorf("state of Redis: %w", err)
		}
		if strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0") {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// storePlainly writes the rows as hashes on one connection.
func (s *ownService) storePlainly(ctx context.Context, people []town.Resident) (time.Duration, error) {
	began := time.Now()
	at := 0
	for some := range slices.Chunk(people, enrolPipeline) {
		_, err := s.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, r := range some {
				p.HSet(ctx, "raw:"+strconv.Itoa(at), "name", r.Name, "id_number", r.IDNumber, "phone", r.Phone, "site", r.Site, "door", r.Door, "grid", r.Grid)
				at++
			}
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("plain rows: %w", err)
		}
	}
	return time.Since(began), nil
}
