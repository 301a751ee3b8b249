package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/replay"
)

// Target is where a backup is restored to.
type Target struct {
	// Data is the folder of the server's data; it must be empty or not be there.
	Data string
	// Connect opens the Redis of a server with this folder of data and its keys in
	// it; stop ends what it started.
	Connect func(ctx context.Context, data string) (client redis.UniversalClient, stop func(), err error)
	// Managed: the Redis lies in that folder, so it has its place when all is done.
	Managed bool
	// Open opens the store in it.
	Open func(ctx context.Context, client redis.UniversalClient, as Opening) (*checkpoint.Store, error)
}

// Opening is how a restored store is opened.
type Opening struct {
	KeyDir    string // its secrets
	Prefix    string
	Clock     checkpoint.Clock
	Retention time.Duration
}

// RestoreOptions of a restore.
type RestoreOptions struct {
	Identities []age.Identity
	Expect     Expect
	Progress   func(Progress)
	Step       func(name string) error // as in Options
}

// Restored is what a restore did.
type Restored struct {
	Dir      string            `json:"dir"` // of the backup
	Manifest *Manifest         `json:"manifest"`
	Digests  map[string]string `json:"digests"` // as found in the new Redis, equal to the manifest's
	Swept    map[string]int64  `json:"swept"`   // past retention, by family
}

// restorer restores one backup.
type restorer struct {
	*checked
	to     Target
	opt    RestoreOptions
	stage  string // where the folder of data is made
	client redis.UniversalClient
	moved  bool // the folder has its place
	out    *Restored
}

// stageSuffix ends the name of a folder of data that is not complete.
const stageSuffix = ".restoring"

// restoredName is the file that says what a folder of data was restored from.
const restoredName = "restored.json"

// unfinished begins the format of a store whose restore is not complete: nothing
// opens it.
const unfinished = "of an unfinished restore of "

// Restore checks a backup to its last byte and puts it into an empty system. On
// an error nothing of it is left there; what was left by a process that was
// killed is in no server's way and goes when the restore is done again. dir is a
// backup or a folder of backups, of which the newest is taken. Errors: those of
// check, ErrNotEmpty, ErrUnreachable, ErrDigest.
func Restore(ctx context.Context, dir string, to Target, opt RestoreOptions) (*Restored, error) {
	if opt.Progress == nil {
		opt.Progress = func(Progress) {}
	}
	dir, err := Find(dir)
	if err != nil {
		return nil, err
	}
	b, err := check(ctx, dir, opt.Identities, opt.Expect, opt.Progress)
	if err != nil {
		return nil, err
	}
	r := &restorer{checked: b, to: to, opt: opt, stage: filepath.Clean(to.Data) + stageSuffix, out: &Restored{Dir: dir, Manifest: b.m}}
	if err := r.checkFolder(); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	return r.out, r.run(ctx)
}

// checkFolder refuses a folder of data that holds something.
func (r *restorer) checkFolder() error {
	entries, err := os.ReadDir(r.to.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %s is no folder: %w", ErrNotEmpty, r.to.Data, err)
	}
	if len(entries) == 0 {
		return nil
	}
	if at := archivedAt(filepath.Join(r.to.Data, archiveName)); !at.IsZero() {
		age := "older than this backup"
		if at.After(r.m.TakenAt) {
			age = "NEWER than this backup, which would lose what came after it"
		}
		return fmt.Errorf("%w: %s holds an archive of %s, %s: move the folder away if that is right", ErrNotEmpty, r.to.Data, at.Format(time.RFC3339), age)
	}
	var of struct{ Name string }
	text, err := os.ReadFile(filepath.Join(r.to.Data, restoredName))
	if err == nil && json.Unmarshal(text, &of) == nil && of.Name == r.m.Name {
		return fmt.Errorf("%w: %s was restored from this backup, or a restore was cut off at its end: move it away and restore again", ErrNotEmpty, r.to.Data)
	}
	return fmt.Errorf("%w: %s holds %q: name another --data, or move it away", ErrNotEmpty, r.to.Data, entries[0].Name())
}

// archivedAt is when an archive was last written, zero if there is none.
func archivedAt(dir string) time.Time {
	var file struct {
		Manifest struct {
			At time.Time `json:"at"`
		} `json:"manifest"`
	}
	text, err := os.ReadFile(filepath.Join(dir, manifestName)) //nolint:gosec // the operator's folder
	if err != nil || json.Unmarshal(text, &file) != nil {
		return time.Time{}
	}
	return file.Manifest.At
}

// prepare makes the folder of data under another name.
func (r *restorer) prepare(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(r.stage), 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.RemoveAll(r.stage); err != nil { // of a restore that was cut off
		return fmt.Errorf("backup: remove what an earlier restore left: %w", err)
	}
	if err := os.Mkdir(r.stage, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	err := r.keys.write(filepath.Join(r.stage, "keys"))
	for _, part := range []string{archiveName, auditName} {
		if err == nil {
			err = r.copyTo(ctx, part, filepath.Join(r.stage, part))
		}
	}
	if err == nil {
		err = createFile(filepath.Join(r.stage, restoredName), func(w io.Writer) error {
			return json.NewEncoder(w).Encode(map[string]any{"name": r.m.Name, "site": r.m.Site, "taken_at": r.m.TakenAt, "restored_at": time.Now().UTC()})
		})
	}
	if err != nil {
		_ = os.RemoveAll(r.stage)
	}
	return err
}

// run fills Redis and gives the folder its place.
func (r *restorer) run(ctx context.Context) (err error) {
	client, stop, err := r.to.Connect(ctx, r.stage)
	if err != nil {
		_ = os.RemoveAll(r.stage)
		return err
	}
	r.client = client
	defer func() {
		stop()
		if err == nil && r.to.Managed {
			err = r.place()
		}
		if err != nil {
			_ = os.RemoveAll(r.stage)
		}
	}()
	if err := r.checkRedis(ctx); err != nil {
		return err
	}
	if err = r.fill(ctx); err == nil {
		err = r.prove(ctx)
	}
	if err != nil && !r.to.Managed {
		err = errors.Join(err, r.undo(ctx))
	}
	return err
}

// checkRedis refuses a Redis that holds a store. What is left of an unfinished
// restore goes.
func (r *restorer) checkRedis(ctx context.Context) error {
	format, err := r.client.HGet(ctx, checkpoint.MetaKey(r.m.Prefix), "format").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return unreachable(err)
	}
	if len(format) > len(unfinished) && format[:len(unfinished)] == unfinished {
		return r.clear(ctx)
	}
	n := 0
	err = eachName(ctx, r.client, r.m.Prefix, func(names []string) error {
		n += len(names)
		return nil
	})
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: Redis has %d keys that begin with %q: a backup goes into an empty one only", ErrNotEmpty, n, r.m.Prefix)
	}
	return err
}

// fill writes every key, the one that makes a store of them last.
func (r *restorer) fill(ctx context.Context) error {
	meta := checkpoint.MetaKey(r.m.Prefix)
	if err := r.client.HSet(ctx, meta, "format", unfinished+r.m.Name).Err(); err != nil {
		return unreachable(err)
	}
	var last []record
	err := r.eachRecord(ctx, "restoring", r.opt.Progress, func(some []record) error {
		if err := r.step("restoring"); err != nil {
			return err
		}
		rest := make([]record, 0, len(some))
		for _, one := range some {
			if one.key == meta {
				last = append(last, one)
			} else {
				rest = append(rest, one)
			}
		}
		return put(ctx, r.client, rest)
	})
	if err != nil {
		return err
	}
	if len(last) == 0 {
		return fmt.Errorf("%w: there is no store in it", ErrTampered)
	}
	if !r.to.Managed { // whoever is served from this Redis needs the keys
		if err := r.place(); err != nil {
			return err
		}
	}
	if err := r.step("restored"); err != nil {
		return err
	}
	return put(ctx, r.client, last)
}

func (r *restorer) step(name string) error {
	if r.opt.Step == nil {
		return nil
	}
	return r.opt.Step(name)
}

// data is where the folder of data lies at the moment.
func (r *restorer) data() string {
	if r.moved {
		return r.to.Data
	}
	return r.stage
}

// place gives the folder of data its name.
func (r *restorer) place() error {
	if err := syncTree(r.stage); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(r.stage, filepath.Clean(r.to.Data)); err != nil { // over an empty folder, too
		return fmt.Errorf("backup: %w", err)
	}
	r.moved = true
	return syncDir(filepath.Dir(filepath.Clean(r.to.Data)))
}

// prove compares what Redis holds now with the record and with the digests of
// the manifest, then sweeps what is past retention.
func (r *restorer) prove(ctx context.Context) error {
	if err := r.step("proving"); err != nil {
		return err
	}
	taken := r.m.TakenAt
	then, err := r.open(ctx, func() time.Time { return taken })
	if err != nil {
		return err
	}
	opt := replay.Options{
		TempDir: r.data(), Progress: replayProgress(r.opt.Progress),
		Now: func() time.Time { return taken.Add(24 * time.Hour) }, // nothing is too late to be compared
	}
	var a *archive.Archive
	if r.m.Archive != "" {
		if a, err = archive.Open(filepath.Join(r.data(), archiveName), r.keyDir()); err != nil {
			return err
		}
		opt.Archive = replay.FromArchive(a)
	}
	report, err := replay.Verify(ctx, then, opt)
	if err != nil {
		return err
	}
	if err := r.compare(report); err != nil {
		return err
	}
	return r.sweep(ctx, a)
}

func (r *restorer) keyDir() string { return filepath.Join(r.data(), "keys") }

func (r *restorer) open(ctx context.Context, clock checkpoint.Clock) (*checkpoint.Store, error) {
	return r.to.Open(ctx, r.client, Opening{
		KeyDir: r.keyDir(), Prefix: r.m.Prefix, Clock: clock, Retention: time.Duration(r.m.RetentionDays) * 24 * time.Hour,
	})
}

// compare holds the report against the manifest.
func (r *restorer) compare(report *replay.Report) error {
	r.out.Digests = map[string]string{}
	for i := range report.Families {
		f := &report.Families[i]
		r.out.Digests[f.Name] = f.RedisDigest
		if want := r.m.Digests[f.Name]; f.RedisDigest != want || f.Digest != want {
			return fmt.Errorf("%w: digest of %s: backed up %.16s…, by the record %.16s…, in Redis %.16s…", ErrDigest, f.Name, want, f.Digest, f.RedisDigest)
		}
	}
	if n := report.Differs(); n > 0 {
		return fmt.Errorf("%w: %d differences between the record and Redis", ErrDigest, n)
	}
	if report.Events != r.m.Events {
		return fmt.Errorf("%w: %d events, the backup had %d", ErrDigest, report.Events, r.m.Events)
	}
	return nil
}

// sweep takes away what is past retention now.
func (r *restorer) sweep(ctx context.Context, a *archive.Archive) error {
	r.opt.Progress(Progress{What: "sweeping"})
	now, err := r.open(ctx, time.Now)
	if err != nil {
		return err
	}
	var of checkpoint.EventArchive
	if a != nil {
		of = a
	}
	sweeper := now.NewSweeper(of, slog.New(slog.DiscardHandler))
	result, err := sweeper.Sweep(ctx)
	if errors.Is(err, checkpoint.ErrSweeping) { // the backed up server was at it: the next one goes on
		return nil
	}
	if err != nil {
		return err
	}
	r.out.Swept = result.Removed
	if a != nil {
		return sweeper.SweepArchive(ctx)
	}
	return nil
}

// undo takes away what was written, after an error.
func (r *restorer) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
	defer cancel()
	if r.moved {
		if err := os.RemoveAll(r.to.Data); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return r.clear(ctx)
}

// clear removes every key of the store, the one that makes a store of them last.
func (r *restorer) clear(ctx context.Context) error {
	meta := checkpoint.MetaKey(r.m.Prefix)
	if err := r.client.HSet(ctx, meta, "format", unfinished+r.m.Name).Err(); err != nil {
		return unreachable(err)
	}
	err := eachName(ctx, r.client, r.m.Prefix, func(names []string) error {
		_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, name := range names {
				if name != meta {
					p.Unlink(ctx, name)
				}
			}
			return nil
		})
		return unreachable(err)
	})
	if err != nil {
		return err
	}
	return unreachable(r.client.Unlink(ctx, meta).Err())
}

// eachName hands the names of all keys of a store to fn, some at a time.
func eachName(ctx context.Context, client redis.UniversalClient, prefix string, fn func([]string) error) error {
	all, err := masters(ctx, client)
	if err != nil {
		return unreachable(err)
	}
	for _, c := range all {
		for cursor := uint64(0); ; {
			names, next, err := c.Scan(ctx, cursor, checkpoint.KeyPattern(prefix), 1000).Result()
			if err != nil {
				return unreachable(err)
			}
			if err := fn(names); err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
	return nil
}
