package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
)

// Source is what is backed up.
type Source struct {
	// Client of the Redis, with the permission to SYNC.
	Client redis.UniversalClient
	DB     int    // of a single Redis
	Prefix string // of every key
	// Open opens the copy with the secrets of the server.
	Open Opener
	// Archive is nil if there is none.
	Archive *archive.Archive
	// Keys reads the server's secrets.
	Keys func() (Keys, error)
	// AuditDir holds the signed heads; it need not exist.
	AuditDir      string
	RetentionDays int
}

// Opener opens a store with secrets that it knows and a clock.
type Opener func(ctx context.Context, client redis.UniversalClient, clock checkpoint.Clock) (*checkpoint.Store, error)

// Options of a backup.
type Options struct {
	Dir        string // in which the backup gets a folder of its own
	Recipients []age.Recipient
	Keep       time.Duration // for how long the backup may be kept
	Temp       string        // where the copy lies for a while, about as large as the store
	Version    string        // of this program
	Progress   func(Progress)
	// Step, if not nil, is told where the work is; its error ends it. For tests.
	Step func(name string) error
}

// Progress is how far a backup or a restore has come. Total is 0 if it is not
// known.
type Progress struct {
	What        string // "archive", "redis", "checking", "writing", …
	Done, Total int64
}

// Result of a backup.
type Result struct {
	Dir      string    `json:"dir"`
	Manifest *Manifest `json:"manifest"`
	// Removed are backups beside it whose time was over.
	Removed []string `json:"removed"`
}

// maker makes one backup.
type maker struct {
	src  Source
	opt  Options
	dir  string // partial, in Options.Dir
	temp string
	m    *Manifest
	keys Keys
}

// Create makes a backup. On an error there is none, and nothing of it is left.
// Errors: ErrUnreachable, ErrMoving, ErrNoData, ErrBusy, checkpoint.ErrFormat,
// those of the disk.
func Create(ctx context.Context, src Source, opt Options) (*Result, error) {
	if len(opt.Recipients) == 0 {
		return nil, errors.New("backup: nobody is named who can decrypt it")
	}
	if opt.Progress == nil {
		opt.Progress = func(Progress) {}
	}
	for _, dir := range []string{opt.Dir, opt.Temp} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
	}
	for _, dir := range []string{opt.Dir, opt.Temp} {
		unlock, err := lock(dir)
		if err != nil {
			return nil, err
		}
		defer unlock()
		if err := removeLeftovers(dir); err != nil {
			return nil, err
		}
	}
	now := time.Now().UTC().Truncate(time.Second)
	name := nameOf(now)
	b := &maker{src: src, opt: opt, dir: filepath.Join(opt.Dir, partialPrefix+name+partialSuffix)}
	b.m = &Manifest{
		Format: formatVersion, Name: name, Version: opt.Version, Prefix: src.Prefix,
		DestroyBy: now.Add(opt.Keep), RetentionDays: src.RetentionDays, Files: []File{}, Digests: map[string]string{},
	}
	final := filepath.Join(opt.Dir, name)
	if _, err := os.Lstat(final); err == nil {
		return nil, fmt.Errorf("%w: %s was made this second", ErrBusy, final)
	}
	if err := b.make(ctx, final); err != nil {
		_ = os.RemoveAll(b.dir)
		return nil, err
	}
	r := &Result{Dir: final, Manifest: b.m}
	var err error
	r.Removed, err = prune(opt.Dir, b.keys, now)
	return r, err
}

func (b *maker) make(ctx context.Context, final string) (err error) {
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if b.temp, err = os.MkdirTemp(b.opt.Temp, partialPrefix); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = os.RemoveAll(b.temp) }()
	nodes, err := b.begin(ctx)
	if err != nil {
		return err
	}
	if err := b.fetch(ctx, nodes); err != nil {
		return err
	}
	if err := b.copyAudit(ctx); err != nil {
		return err
	}
	if err := b.convert(ctx); err != nil {
		return err
	}
	return b.finish(ctx, final)
}

// step tells where the work is.
func (b *maker) step(name string) error {
	if b.opt.Step == nil {
		return nil
	}
	return b.opt.Step(name)
}

// begin copies the archive and, before it may change again, has the masters
// begin to send and reads the keys.
func (b *maker) begin(ctx context.Context) (nodes []*node, err error) {
	then := func() (err error) {
		if err := b.step("archive"); err != nil {
			return err
		}
		b.m.TakenAt = time.Now().UTC().Truncate(time.Millisecond)
		if nodes, err = attachAll(ctx, b.src.Client); err != nil {
			return err
		}
		b.m.Masters = len(nodes)
		if b.keys, err = b.src.Keys(); err == nil {
			err = b.step("forked")
		}
		if err != nil {
			closeAll(nodes)
		}
		return err
	}
	if b.src.Archive == nil {
		return nodes, then()
	}
	contents, err := b.src.Archive.Contents(ctx)
	if err != nil {
		return nil, err
	}
	b.m.Archive = contents.Name
	total := int64(0)
	for _, h := range contents.Holdings {
		total += h.Bytes
	}
	at := Progress{What: "archive", Total: total}
	tick := func(n int64) { at.Done += n; b.opt.Progress(at) }
	return nodes, b.src.Archive.Copy(ctx, filepath.Join(b.dir, archiveName), tick, then)
}

// fetch stores what the masters send, one file a master.
func (b *maker) fetch(ctx context.Context, nodes []*node) error {
	defer closeAll(nodes)
	at := Progress{What: "redis"}
	for _, n := range nodes {
		at.Total = max(0, at.Total) + max(0, n.size)
	}
	ticks := make(chan int64)
	failed := make(chan error, len(nodes))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for i, n := range nodes {
		go func() {
			dir := masterDir(b.temp, i)
			err := os.Mkdir(dir, 0o700)
			if err == nil {
				err = n.save(ctx, filepath.Join(dir, dumpName), func(n int64) { ticks <- n })
			}
			failed <- err
		}()
	}
	var err error
	for left := len(nodes); left > 0; {
		select {
		case n := <-ticks:
			at.Done += n
			b.opt.Progress(at)
		case one := <-failed:
			if left--; one != nil && err == nil {
				err = one
				stop()
				closeAll(nodes)
			}
		}
	}
	return err
}

// copyAudit copies the signed heads and the key that verifies them.
func (b *maker) copyAudit(ctx context.Context) error {
	entries, err := os.ReadDir(b.src.AuditDir)
	if errors.Is(err, fs.ErrNotExist) || b.src.AuditDir == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	to := filepath.Join(b.dir, auditName)
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), ".new") {
			continue
		}
		if err := copyFile(ctx, filepath.Join(b.src.AuditDir, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the manifest and gives the folder its name.
func (b *maker) finish(ctx context.Context, final string) error {
	key, err := b.keys.indexKey()
	if err != nil {
		return err
	}
	b.m.Site = SiteID(key)
	if b.m.Files, err = filesOf(ctx, b.dir); err != nil {
		return err
	}
	text, err := b.m.seal(key)
	if err != nil {
		return err
	}
	if err := b.step("manifest"); err != nil {
		return err
	}
	err = createFile(filepath.Join(b.dir, manifestName), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	if err := errors.Join(ctx.Err(), syncTree(b.dir)); err != nil {
		return err
	}
	if err := os.Rename(b.dir, final); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncDir(filepath.Dir(final))
}
