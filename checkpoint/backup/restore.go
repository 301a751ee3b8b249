package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
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
	stage  string // where the folder of data is made, in it: it may be a mount point
	client redis.UniversalClient
	fresh  bool     // there was no folder of data
	placed []string // what has its place in the folder of data
	out    *Restored
}

// stageName is the folder in a folder of data in which that is made.
const stageName = ".restoring"

// keyDirName is the folder of secrets in a folder of data.
const keyDirName = "keys"

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
	r := &restorer{checked: b, to: to, opt: opt, stage: filepath.Join(to.Data, stageName), out: &Restored{Dir: dir, Manifest: b.m}}
	if err := r.checkFolder(); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	return r.out, r.run(ctx)
}

// run fills Redis and gives the folder its place.
func (r *restorer) run(ctx context.Context) error {
	client, stop, err := r.to.Connect(ctx, r.stage)
	if err != nil {
		r.discard()
		return err
	}
	r.client = client
	err = r.work(ctx)
	stop()
	if err == nil && r.to.Managed {
		err = r.place()
	}
	if err != nil {
		r.discard()
	}
	return err
}

func (r *restorer) work(ctx context.Context) error {
	if err := r.checkRedis(ctx); err != nil {
		return err
	}
	err := r.fill(ctx)
	if err == nil {
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

// undo takes away what was written to Redis, after an error.
func (r *restorer) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
	defer cancel()
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
