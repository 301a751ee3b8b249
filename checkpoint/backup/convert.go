package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/replay"
)

// convert loads the copy, puts it right, and writes its keys.
func (b *maker) convert(ctx context.Context) error {
	b.opt.Progress(Progress{What: "loading"})
	c, err := collect(ctx, b.temp, b.m.Masters, b.src.DB, b.src.Prefix)
	if err != nil {
		return err
	}
	defer c.close()
	b.m.Redis = c.version
	n, err := c.client.Exists(ctx, checkpoint.MetaKey(b.src.Prefix)).Result()
	if err != nil {
		return unreachable(err)
	}
	if n == 0 {
		return fmt.Errorf("%w %q: look at --redis and --prefix", ErrNoData, b.src.Prefix)
	}
	if err := b.settle(ctx, c); err != nil {
		return err
	}
	if err := b.step("settled"); err != nil {
		return err
	}
	return b.writeFiles(ctx, c)
}

// settle makes the indexes of the copy from its record and notes their digests.
func (b *maker) settle(ctx context.Context, c *copied) error {
	taken := b.m.TakenAt
	store, err := b.src.Open(ctx, c.client, func() time.Time { return taken })
	if err != nil {
		return err
	}
	format, err := store.Format(ctx)
	if err != nil {
		return err
	}
	b.m.StoreFormat = format.Version
	if b.m.Masters > 1 {
		if err := store.SettleCopy(ctx); err != nil {
			return err
		}
	}
	opt := replay.Options{TempDir: b.temp, Progress: replayProgress(b.opt.Progress)}
	if b.src.Archive != nil {
		keyDir := filepath.Join(b.temp, "keys") // opening an archive tidies up there
		if err := b.keys.write(keyDir); err != nil {
			return err
		}
		a, err := archive.Open(filepath.Join(b.dir, archiveName), keyDir)
		if err != nil {
			return err
		}
		opt.Archive = replay.FromArchive(a)
		defer func() { _ = os.Remove(filepath.Join(b.dir, archiveName, archiveLock)) }()
	}
	report, err := rebuild(ctx, store, opt)
	if err != nil {
		return err
	}
	b.m.Events, b.m.Damaged = report.Events, report.DamagedAll
	for i := range report.Families {
		b.m.Digests[report.Families[i].Name] = report.Families[i].Digest
	}
	states, err := store.LogStates(ctx)
	if err != nil {
		return err
	}
	for i := range states {
		b.m.Logs = append(b.m.Logs, states[i].Last)
	}
	return nil
}

// rebuild waits for the leases that the copy still has of the gateways.
func rebuild(ctx context.Context, store *checkpoint.Store, opt replay.Options) (*replay.Report, error) {
	for end := time.Now().Add(10 * time.Second); ; {
		report, err := replay.Rebuild(ctx, store, opt)
		if !errors.Is(err, checkpoint.ErrInUse) || time.Now().After(end) {
			return report, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func replayProgress(show func(Progress)) func(replay.Progress) {
	return func(p replay.Progress) {
		if p.Total == 0 {
			show(Progress{What: "reading events", Done: p.Read})
			return
		}
		show(Progress{What: "checking events", Done: p.Done, Total: p.Total})
	}
}

// writeFiles writes the keys of the store and the secrets.
func (b *maker) writeFiles(ctx context.Context, c *copied) error {
	total, err := c.client.DBSize(ctx).Result()
	if err != nil {
		return unreachable(err)
	}
	err = createFile(filepath.Join(b.dir, recordsName), func(w io.Writer) error {
		out, err := newRecordWriter(w, b.opt.Recipients)
		if err != nil {
			return err
		}
		err = eachKey(ctx, c.client, b.src.Prefix, func(some []record) error {
			b.opt.Progress(Progress{What: "writing", Done: out.count, Total: max(total, out.count)})
			return out.add(some)
		})
		b.m.Keys = out.count
		if err != nil {
			return err
		}
		return out.close()
	})
	if err != nil {
		return err
	}
	return createFile(filepath.Join(b.dir, keysName), func(w io.Writer) error { return writeKeys(w, b.keys, b.opt.Recipients) })
}
