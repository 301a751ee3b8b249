package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
)

// copyTree copies a backup so that it can be damaged.
func copyTree(t *testing.T, from string) (to string) {
	t.Helper()
	to = filepath.Join(t.TempDir(), filepath.Base(from))
	must(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

// change rewrites the manifest; with signed, as the site itself would.
func change(t *testing.T, dir string, index []byte, change func(*Manifest)) {
	t.Helper()
	m, err := ReadManifest(dir)
	must(t, err)
	change(m)
	var text []byte
	if index != nil {
		text, err = m.seal(index)
	} else {
		text, err = json.Marshal(m)
	}
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, manifestName), text, 0o600))
}

func TestABadBackupIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 40)
	a, err := archive.Open(filepath.Join(w.data, "archive"), filepath.Join(w.data, "keys"))
	must(t, err)
	stop := w.work(a)
	t.Cleanup(stop)
	w.pass(4)
	waitArchived(t, a)
	first, err := Create(t.Context(), w.source(a), w.options())
	must(t, err)
	time.Sleep(time.Second) // two backups have two names
	second, err := Create(t.Context(), w.source(a), w.options())
	must(t, err)
	stop()
	into := newRedis(t)
	good := second.Dir
	damage := func(change func(dir string)) string {
		dir := copyTree(t, good)
		change(dir)
		return dir
	}
	cases := map[string]struct {
		dir    string
		with   func(*RestoreOptions)
		err    error
		saying string
	}{
		"no folder":          {dir: filepath.Join(good, "..", "nothing"), err: ErrNotOne, saying: "there is no"},
		"another folder":     {dir: w.data, err: ErrNotOne, saying: "no complete backup"},
		"a file":             {dir: filepath.Join(good, keysName), err: ErrNotOne, saying: "folder"},
		"never completed":    {dir: damage(func(dir string) { must(t, os.Remove(filepath.Join(dir, manifestName))) }), err: ErrNotOne, saying: "no complete backup"},
		"the archive itself": {dir: filepath.Join(w.data, "archive"), err: ErrNotOne, saying: "something else"},
		"manifest is no JSON": {dir: damage(func(dir string) {
			must(t, os.WriteFile(filepath.Join(dir, manifestName), []byte("{\"format\":"), 0o600))
		}), err: ErrTampered, saying: "no JSON"},
		"kept for longer": {
			dir: damage(func(dir string) {
				change(t, dir, nil, func(m *Manifest) { m.DestroyBy = m.DestroyBy.AddDate(1, 0, 0) })
			}),
			err: ErrTampered, saying: "the site's keys",
		},
		"newer format": {
			dir: damage(func(dir string) {
				change(t, dir, w.index, func(m *Manifest) { m.Format, m.Version = 2, "v9.9" })
			}),
			err: ErrVersion, saying: `"v9.9"`,
		},
		"newer store": {
			dir: damage(func(dir string) { change(t, dir, w.index, func(m *Manifest) { m.StoreFormat++ }) }),
			err: ErrVersion, saying: "or a newer one",
		},
		"older store": {
			dir: damage(func(dir string) {
				change(t, dir, w.index, func(m *Manifest) { m.StoreFormat = checkpoint.OldestFormat - 1 })
			}),
			err: ErrVersion, saying: "then change over",
		},
		"its time is over": {
			dir: damage(func(dir string) {
				change(t, dir, w.index, func(m *Manifest) { m.DestroyBy = time.Now().Add(-time.Minute) })
			}),
			err: ErrLate, saying: "--late",
		},
		"a path that leads out": {
			dir: damage(func(dir string) {
				change(t, dir, w.index, func(m *Manifest) { m.Files[0].Path = "../../etc/passwd" })
			}),
			err: ErrTampered, saying: "no file of a backup",
		},
		"fewer keys": {
			dir: damage(func(dir string) { change(t, dir, w.index, func(m *Manifest) { m.Keys-- }) }),
			err: ErrTampered, saying: "the manifest says",
		},
		"a file of another backup": {
			dir: damage(func(dir string) { must(t, os.CopyFS(filepath.Join(dir, "x"), os.DirFS(first.Dir))); swap(t, dir) }),
			err: ErrTampered, saying: recordsName,
		},
		"another site's": {dir: good, with: func(o *RestoreOptions) { o.Expect.Site = "0123456789abcdef" }, err: ErrOtherSite, saying: "0123456789abcdef"},
		"another site's keys": {
			dir: good, with: func(o *RestoreOptions) { o.Expect.Keys = Keys{"field.key": []byte("other")} },
			err: ErrOtherSite, saying: "field.key",
		},
		"for somebody else": {dir: good, with: func(o *RestoreOptions) {
			other, err := age.GenerateX25519Identity()
			must(t, err)
			o.Identities = []age.Identity{other}
		}, err: ErrIdentity, saying: "the identity or the passphrase"},
	}
	for _, f := range second.Manifest.Files {
		at := filepath.FromSlash(f.Path)
		flipped := damage(func(dir string) { flip(t, filepath.Join(dir, at)) })
		cut := damage(func(dir string) { must(t, os.Truncate(filepath.Join(dir, at), f.Bytes/2)) })
		gone := damage(func(dir string) { must(t, os.Remove(filepath.Join(dir, at))) })
		for name, dir := range map[string]string{"flipped ": flipped, "cut ": cut, "missing ": gone} {
			c := cases[name]
			c.dir, c.err, c.saying = dir, ErrTampered, f.Path
			cases[name+f.Path] = c
		}
	}
	for name, c := range cases {
		opt := w.restoring()
		if c.with != nil {
			c.with(&opt)
		}
		to := w.target(into)
		_, err := Restore(t.Context(), c.dir, to, opt)
		if !errors.Is(err, c.err) || err != nil && !strings.Contains(err.Error(), c.saying) {
			t.Errorf("%s: %v, want %v with %q", name, err, c.err, c.saying)
		}
		if left, err := os.ReadDir(filepath.Dir(to.Data)); err != nil || len(left) != 0 {
			t.Errorf("%s: written before it was refused: %v, %v", name, left, err)
		}
	}
	if names := w.names(into); len(names) != 0 {
		t.Errorf("keys were written: %q", names)
	}
	// The control: undamaged, the same backup is restored; named by its parent,
	// the newest is taken.
	restored, err := Restore(t.Context(), filepath.Dir(good), w.target(into), w.restoring())
	must(t, err)
	if restored.Dir != good {
		t.Errorf("restored %s, the newest is %s", restored.Dir, good)
	}
}

// swap puts the records of another backup, in dir/x, in place of dir's own.
func swap(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Rename(filepath.Join(dir, "x", recordsName), filepath.Join(dir, recordsName)))
	must(t, os.RemoveAll(filepath.Join(dir, "x")))
}

// flip changes one bit in the middle of a file.
func flip(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	text[len(text)/2] ^= 1
	must(t, os.WriteFile(path, text, 0o600))
}

func waitArchived(t *testing.T, a *archive.Archive) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); len(a.Days()) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing was archived")
		}
	}
}

func TestATargetThatIsNotEmptyIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 10)
	w.pass(2)
	taken := w.backup()
	before := len(w.names(w.rdb))

	_, err := Restore(t.Context(), taken.Dir, w.target(w.rdb), w.restoring())
	if !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), w.prefix) {
		t.Errorf("over a living store: %v", err)
	}
	if after := len(w.names(w.rdb)); after != before {
		t.Errorf("%d keys, there were %d", after, before)
	}
	// One stray key is enough to be refused, and stays.
	into := newRedis(t)
	must(t, into.Set(t.Context(), w.prefix+"{x}:y", "z", 0).Err())
	must(t, into.Set(t.Context(), "somebody else's", "z", 0).Err())
	if _, err := Restore(t.Context(), taken.Dir, w.target(into), w.restoring()); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("over a stray key: %v", err)
	}
	must(t, into.Del(t.Context(), w.prefix+"{x}:y").Err())

	to := w.target(into)
	must(t, os.MkdirAll(filepath.Join(to.Data, "archive"), 0o700))
	_, err = archive.Open(filepath.Join(to.Data, "archive"), t.TempDir())
	must(t, err)
	if _, err := Restore(t.Context(), taken.Dir, to, w.restoring()); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "NEWER") {
		t.Errorf("over a newer archive: %v", err)
	}
	to = w.target(into)
	must(t, os.MkdirAll(to.Data, 0o700))
	must(t, os.WriteFile(filepath.Join(to.Data, "notes"), nil, 0o600))
	if _, err := Restore(t.Context(), taken.Dir, to, w.restoring()); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "notes") {
		t.Errorf("over other files: %v", err)
	}
	must(t, os.Remove(filepath.Join(to.Data, "notes")))
	_, err = Restore(t.Context(), taken.Dir, to, w.restoring()) // an empty folder is as good as none
	must(t, err)
	if into.Get(t.Context(), "somebody else's").Val() != "z" {
		t.Error("a key of somebody else is gone")
	}
}

var errCut = errors.New("cut off by the test")

func TestABackupThatIsCutOffLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 10)
	w.pass(2)
	empty := func(when string) {
		t.Helper()
		for _, dir := range []string{w.options().Dir, w.options().Temp} {
			entries, err := os.ReadDir(dir)
			must(t, err)
			for _, e := range entries {
				if e.Name() != lockName {
					t.Errorf("%s: %s is left in %s", when, e.Name(), dir)
				}
			}
		}
	}
	for _, at := range []string{"archive", "forked", "settled", "manifest"} {
		opt := w.options()
		opt.Step = func(name string) error {
			if name == at {
				return errCut
			}
			return nil
		}
		if _, err := Create(t.Context(), w.source(nil), opt); !errors.Is(err, errCut) {
			t.Errorf("cut off at %s: %v", at, err)
		}
		empty("cut off at " + at)

		ctx, cancel := context.WithCancel(t.Context())
		opt.Step = func(name string) error {
			if name == at {
				cancel()
			}
			return nil
		}
		if _, err := Create(ctx, w.source(nil), opt); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at %s: %v", at, err)
		}
		empty("interrupted at " + at)
	}
	// What a killed one left goes with the next one, and is never taken for one.
	left := filepath.Join(w.options().Dir, partialPrefix+nameOf(time.Now())+partialSuffix)
	must(t, os.MkdirAll(left, 0o700))
	if _, err := Find(w.options().Dir); !errors.Is(err, ErrNotOne) {
		t.Errorf("a half backup was found: %v", err)
	}
	taken := w.backup()
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what a killed backup left is still there: %v", err)
	}
	if found, err := Find(w.options().Dir); err != nil || found != taken.Dir {
		t.Errorf("found %s, %v", found, err)
	}
}

func TestNoBackupWithoutAStoreOrWithOtherSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 10)
	src := w.source(nil)
	src.Prefix = "nobody:"
	if _, err := Create(t.Context(), src, w.options()); !errors.Is(err, ErrNoData) || !strings.Contains(err.Error(), "--prefix") {
		t.Errorf("of another prefix: %v", err)
	}
	src = w.source(nil)
	w.field = bytes.Repeat([]byte{77}, 32)
	if _, err := Create(t.Context(), src, w.options()); !errors.Is(err, checkpoint.ErrFormat) {
		t.Errorf("with another field key: %v", err)
	}
}

func TestARestoreThatIsCutOffLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 30)
	w.pass(2)
	taken := w.backup()
	into := newRedis(t)
	for _, at := range []string{"restoring", "restored", "proving"} {
		to, opt := w.target(into), w.restoring()
		opt.Step = func(name string) error {
			if name == at {
				return errCut
			}
			return nil
		}
		if _, err := Restore(t.Context(), taken.Dir, to, opt); !errors.Is(err, errCut) {
			t.Errorf("cut off at %s: %v", at, err)
		}
		if left, err := os.ReadDir(filepath.Dir(to.Data)); err != nil || len(left) != 0 {
			t.Errorf("cut off at %s: left %v, %v", at, left, err)
		}
		if names := w.names(into); len(names) != 0 {
			t.Errorf("cut off at %s: left %d keys", at, len(names))
		}
	}
}

// TestARestoreThatIsKilledServesNobody: what a killed restore leaves in Redis is
// no store to anybody, and goes when it is done again.
func TestARestoreThatIsKilledServesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 300)
	w.pass(2)
	taken := w.backup()
	for _, at := range []string{"restoring", "restored"} {
		into := newRedis(t)
		to, opt := w.target(into), w.restoring()
		calls := 0
		opt.Step = func(name string) error {
			if calls++; name == at && (at == "restored" || calls > 1) {
				panic("killed")
			}
			return nil
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = Restore(t.Context(), taken.Dir, to, opt)
			t.Error("the restore was not killed")
		}()
		if len(w.names(into)) < 2 {
			t.Fatalf("killed at %s: nothing was written", at)
		}
		_, err := checkpoint.Open(t.Context(), checkpoint.Config{Client: into, Prefix: w.prefix, FieldKey: w.field, IndexKey: w.index})
		if !errors.Is(err, checkpoint.ErrFormat) || !strings.Contains(err.Error(), "unfinished restore") {
			t.Errorf("killed at %s: the half store opens: %v", at, err)
		}
		opt.Step = nil
		if at == "restored" { // the folder of data was in its place already
			if _, err := Restore(t.Context(), taken.Dir, to, opt); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "cut off") {
				t.Errorf("again: %v", err)
			}
			must(t, os.RemoveAll(to.Data))
		}
		restored, err := Restore(t.Context(), taken.Dir, to, opt)
		must(t, err)
		if restored.Digests["trail"] != taken.Manifest.Digests["trail"] {
			t.Errorf("killed at %s, then restored: %v", at, restored.Digests)
		}
	}
}

// TestWhatIsRestoredIsCompared is the negative control of the digests: an event
// that gets lost on the way into Redis is noticed, and nothing is left.
func TestWhatIsRestoredIsCompared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 20)
	stop := w.work(nil)
	w.pass(2)
	taken := w.backup()
	stop()
	into := newRedis(t)
	// Trails, lists of gates and logs, of events: alarms, audit and revocations have others.
	for _, kind := range []string{`\{\w{1,2}\}:t:`, `\{g[^}]*\}:e:`, `\{\w{1,2}\}:log$`} {
		part := regexp.MustCompile(kind)
		to, opt := w.target(into), w.restoring()
		opt.Step = func(name string) error {
			if name != "proving" {
				return nil
			}
			for _, key := range w.names(into) {
				if part.MatchString(key) && into.Type(t.Context(), key).Val() != "string" {
					return into.Del(t.Context(), key).Err()
				}
			}
			t.Errorf("there is no key with %s", kind)
			return nil
		}
		if _, err := Restore(t.Context(), taken.Dir, to, opt); !errors.Is(err, ErrDigest) {
			t.Errorf("without one key of %s: %v", kind, err)
		}
		if names := w.names(into); len(names) != 0 {
			t.Errorf("left %d keys", len(names))
		}
	}
}

func TestBackupsWhoseTimeIsOverGoWithTheNextOne(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t, testAddrs, 5), newWorld(t, testAddrs, 5)
	old := w.backup()
	change(t, old.Dir, w.index, func(m *Manifest) { m.DestroyBy = time.Now().Add(-time.Second) })
	dir := w.options().Dir
	young, foreign, forged := filepath.Join(dir, "passgate-20200101T000000Z"), filepath.Join(dir, "passgate-20200102T000000Z"), filepath.Join(dir, "passgate-20200103T000000Z")
	must(t, os.CopyFS(young, os.DirFS(old.Dir)))
	change(t, young, w.index, func(m *Manifest) { m.DestroyBy = time.Now().Add(time.Hour) })
	must(t, os.CopyFS(foreign, os.DirFS(old.Dir)))
	change(t, foreign, other.index, func(*Manifest) {})
	must(t, os.CopyFS(forged, os.DirFS(old.Dir)))
	change(t, forged, nil, func(m *Manifest) { m.Keys++ })
	time.Sleep(time.Second)
	taken := w.backup()
	if len(taken.Removed) != 1 || taken.Removed[0] != old.Dir {
		t.Errorf("removed %q, want %s alone", taken.Removed, old.Dir)
	}
	for _, dir := range []string{young, foreign, forged, taken.Dir} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("removed, too: %v", err)
		}
	}
}

func TestNobodyReadsABackupWithoutTheIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 20)
	w.pass(2)
	taken := w.backup()
	secrets := [][]byte{w.field, w.index, []byte("王小明"), []byte("P000000"), []byte("佟道口村")}
	keys, err := w.source(nil).Keys()
	must(t, err)
	for _, text := range keys {
		secrets = append(secrets, bytes.TrimSpace(text))
	}
	must(t, filepath.WalkDir(taken.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		text, err := os.ReadFile(path)
		must(t, err)
		for _, s := range secrets {
			if bytes.Contains(text, s) {
				t.Errorf("%s holds %q", path, s)
			}
		}
		return nil
	}))
}
