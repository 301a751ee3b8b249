package checkpoint

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// headFile opens a file of heads in a folder of its own.
func headFile(t testing.TB, s *Store, path string) *AuditFile {
	t.Helper()
	f, err := OpenAuditFile(t.Context(), path, s, testSigner(t, 1, "gw-1"))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func headsIn(t testing.TB, path string) []AuditHead {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	heads, err := ParseAuditHeads(text)
	must(t, err)
	return heads
}

// logged collects a log that several goroutines write.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// runHeads runs a file until the function that it returns is called.
func runHeads(f *AuditFile) (stop func() string) {
	ctx, cancel := context.WithCancel(context.Background())
	log, done := &logged{}, make(chan struct{})
	go func() { defer close(done); f.Run(ctx, slog.New(slog.NewTextHandler(log, nil))) }()
	return func() string { cancel(); <-done; return log.String() }
}

// verifyWith verifies a store's chain against a file of heads.
func verifyWith(t testing.TB, s *Store, path string) AuditReport {
	t.Helper()
	v := NewAuditVerifier()
	v.AddHeads(path, headsIn(t, path), []ed25519.PublicKey{testSigner(t, 1, "x").Public()})
	must(t, s.AuditRecords(t.Context(), 1, 1<<40, func(r *AuditRecord) error { v.Add(r); return nil }))
	return v.Report()
}

func TestHeadsAreSignedWhileAGatewayRunsAndWhenItEnds(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	path := filepath.Join(t.TempDir(), "audit", "heads.ndjson")
	stop := runHeads(headFile(t, s, path))
	mustAudit(t, s, 3)
	eventually(t, "a head while it runs", func() bool {
		heads := headsIn(t, path)
		return len(heads) > 0 && heads[len(heads)-1].Seq == 3
	})
	mustAudit(t, s, 2)
	if log := stop(); log != "" {
		t.Errorf("said %s", log)
	}
	heads := headsIn(t, path)
	if last := heads[len(heads)-1]; last.Seq != 5 || last.Gateway != "gw-1" || last.At != clock.Now().UnixMilli() {
		t.Errorf("the last head is %+v", last)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// The next start goes on, signs nothing that is signed already, and has no alarm.
	next := openStore(t, s.keys.prefix, clock)
	before := len(heads)
	if log := runHeads(headFile(t, next, path))(); log != "" || next.AuditStats().Broken != 0 || len(headsIn(t, path)) != before {
		t.Errorf("the next start: %s, %+v, %d heads", log, next.AuditStats(), len(headsIn(t, path)))
	}
	if report := verifyWith(t, s, path); len(report.Findings) != 0 || report.Signed != 5 {
		t.Errorf("verified: %+v", report)
	}
}

// A gateway that starts compares the chain with what it signed last.
func TestAStartNoticesThatTheChainWasTouched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		touch func(all []AuditRecord) []AuditRecord
		cause string
	}{
		"rolled back": {func(all []AuditRecord) []AuditRecord { return all[:5] }, "taken away"},
		"written anew": {func(all []AuditRecord) []AuditRecord {
			all[3].Actor = "nobody"
			return rehash(all)
		}, "written anew"},
		"all gone": {func([]AuditRecord) []AuditRecord { return nil }, "taken away"},
		"grown on": {func(all []AuditRecord) []AuditRecord { return rehash(append(all, AuditRecord{})) }, ""},
		"the last changed": {func(all []AuditRecord) []AuditRecord {
			all[7].Actor = "nobody" // its hash is as it was
			return all
		}, "written anew"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, clock := newStore(t)
			path := filepath.Join(t.TempDir(), "heads.ndjson")
			stop := runHeads(headFile(t, s, path))
			mustAudit(t, s, 8)
			stop()
			all := auditRecords(t, s)
			must(t, s.rdb.Del(t.Context(), s.keys.audit("log"), s.keys.audit("head")).Err())
			touched := c.touch(all)
			for i := range touched {
				hash := touched[i].Hash
				b := touched[i].encode()
				copy(b[len(b)-32:], hash[:])
				touched[i].Hash = hash
				putAuditBytes(t, s, touched[i].Seq, b)
			}
			next := openStore(t, s.keys.prefix, clock)
			f := headFile(t, next, path)
			log := runHeads(f)()
			alarm := strings.Contains(log, "THE AUDIT LOG IS NOT WHAT IT WAS") && strings.Contains(log, c.cause)
			if alarm != (c.cause != "") || (next.AuditStats().Broken == 1) != alarm {
				t.Errorf("alarm %v, log %s, stats %+v", alarm, log, next.AuditStats())
			}
			heads := headsIn(t, path)
			marked := slices.ContainsFunc(fewerHeads(heads), func(h AuditHead) bool { return h.Mark == AuditBroken && h.Seq == 8 })
			if marked != alarm {
				t.Errorf("the proof is not kept: %+v", heads)
			}
			if report := verifyWith(t, next, path); report.Sound() == alarm {
				t.Errorf("verify says %+v", report)
			}
		})
	}
}

func putAuditBytes(t testing.TB, s *Store, seq int64, b []byte) {
	t.Helper()
	r, err := decodeAudit(b)
	must(t, err)
	keys := s.rdb.Pipeline()
	keys.Do(t.Context(), "XADD", s.keys.audit("log"), seq, "r", b)
	keys.HSet(t.Context(), s.keys.audit("head"), "n", seq, "h", r.Hash[:])
	_, err = keys.Exec(t.Context())
	must(t, err)
}

// The end of a file that a crash cut off is nothing to worry about, other damage
// is, and is kept.
func TestDamagedFilesOfHeads(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	path := filepath.Join(t.TempDir(), "heads.ndjson")
	stop := runHeads(headFile(t, s, path))
	mustAudit(t, s, 3)
	stop()
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, append(whole[:len(whole):len(whole)], whole[:40]...), 0o600))
	next := openStore(t, s.keys.prefix, clock)
	if log := runHeads(headFile(t, next, path))(); log != "" || next.AuditStats().Broken != 0 {
		t.Errorf("a line cut off: %s", log)
	}
	if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, whole) {
		t.Errorf("the file is %q, %v", text, err)
	}
	must(t, os.WriteFile(path, append([]byte("{}\n"), whole...), 0o600))
	next = openStore(t, s.keys.prefix, clock)
	if log := runHeads(headFile(t, next, path))(); !strings.Contains(log, "the file of heads was damaged") {
		t.Errorf("a damaged line: %q", log)
	}
	if aside, err := filepath.Glob(path + ".damaged-*"); err != nil || len(aside) != 1 {
		t.Errorf("put aside: %v, %v", aside, err)
	}
}

func TestAFileOfHeadsStaysSmall(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	path := filepath.Join(t.TempDir(), "heads.ndjson")
	f := headFile(t, s, path)
	for i := range 40 {
		if i%10 == 0 {
			clock.Advance(24 * time.Hour)
		}
		if i == 35 { // as if there were many more
			f.size = headsFile
		}
		must(t, f.add(f.signer.Sign(int64(i+1), AuditHash{byte(i)}, s.now(), "")))
	}
	var kept []int64
	for _, h := range headsIn(t, path) {
		kept = append(kept, h.Seq)
	}
	if want := []int64{0, 10, 20, 30, 36, 37, 38, 39, 40}; !slices.Equal(kept, want) || f.last.Seq != 40 {
		t.Errorf("kept %v, want %v", kept, want)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != f.size {
		t.Errorf("%d bytes, known as %d, %v", info.Size(), f.size, err)
	}
}

func TestFewerHeads(t *testing.T) {
	t.Parallel()
	const day = 86_400_000
	heads := []AuditHead{{Seq: 1, At: 1}, {Seq: 2, At: 2}, {Seq: 3, At: 3}, {Seq: 4, At: day}, {Seq: 5, At: day + 1, Mark: AuditCut}, {Seq: 6, At: day + 2}, {Seq: 7, At: 2 * day}, {Seq: 8, At: 2*day + 1}}
	var kept []int64
	for _, h := range fewerHeads(heads) {
		kept = append(kept, h.Seq)
	}
	if want := []int64{1, 3, 5, 6, 8}; !slices.Equal(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
}

// Entries go when their time is over, behind a signed head, and what is left
// verifies.
func TestOldEntriesAreCutOffBehindASignedHead(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	path := filepath.Join(t.TempDir(), "heads.ndjson")
	f := headFile(t, s, path)
	f.Keep = 10 * 24 * time.Hour
	mustAudit(t, s, 20)
	clock.Advance(8 * 24 * time.Hour)
	mustAudit(t, s, 5)
	must(t, f.Cut(t.Context()))
	if n := len(auditRecords(t, s)); n != 25 {
		t.Fatalf("%d entries while none is old, want 25", n)
	}
	clock.Advance(3 * 24 * time.Hour)
	for range 2 { // again changes nothing
		must(t, f.Cut(t.Context()))
		if all := auditRecords(t, s); len(all) != 5 || all[0].Seq != 21 {
			t.Fatalf("%d entries, want 5 from 21 on", len(all))
		}
	}
	cut, bad, err := s.AuditCut(t.Context())
	if err != nil || bad || cut == nil || cut.Seq != 20 || cut.Mark != AuditCut || len(headsIn(t, path)) != 2 {
		t.Errorf("the cut is %+v, %v, %v; %d heads", cut, bad, err, len(headsIn(t, path)))
	}
	mustAudit(t, s, 1)
	if report := verifyWith(t, s, path); len(report.Findings) != 0 || report.First != 21 || report.Last != 26 {
		t.Errorf("verified: %+v", report)
	}
	// A start whose last head was cut off believes that under this key only.
	for seed, alarms := range map[byte]int64{1: 0, 9: 1} {
		next := openStore(t, s.keys.prefix, clock)
		other := filepath.Join(t.TempDir(), "heads.ndjson")
		line, err := json.Marshal(testSigner(t, seed, "gw-1").Sign(7, AuditHash{1}, 1, ""))
		must(t, err)
		must(t, os.WriteFile(other, append(line, '\n'), 0o600))
		late, err := OpenAuditFile(t.Context(), other, next, testSigner(t, seed, "gw-1"))
		must(t, err)
		_ = late.Close()
		if broken := next.AuditStats().Broken; broken != alarms {
			t.Errorf("key %d: %d alarms, want %d", seed, broken, alarms)
		}
	}
	// However old all are, the last one stays: the chain goes on from it.
	clock.Advance(1000 * 24 * time.Hour)
	must(t, f.Cut(t.Context()))
	if all := auditRecords(t, s); len(all) != 1 || all[0].Seq != 26 {
		t.Errorf("%d entries", len(all))
	}
	// Nothing is cut off in front of an entry that was touched.
	mustAudit(t, s, 2)
	must(t, s.rdb.XDel(t.Context(), s.keys.audit("log"), "28-0").Err())
	clock.Advance(1000 * 24 * time.Hour)
	if err := f.Cut(t.Context()); err == nil || len(auditRecords(t, s)) != 2 {
		t.Errorf("cut off in front of a gap: %v", err)
	}
}

func TestHeadsOfAnotherKeyAreTold(t *testing.T) {
	t.Parallel()
	mine, theirs := testSigner(t, 1, "gw"), testSigner(t, 2, "gw")
	h := mine.Sign(5, AuditHash{1}, 7, "")
	if err := h.Verify([]ed25519.PublicKey{theirs.Public(), mine.Public()}); err != nil {
		t.Error(err)
	}
	if err := h.Verify([]ed25519.PublicKey{theirs.Public()}); !errors.Is(err, ErrHeadKey) {
		t.Error(err)
	}
	for name, change := range map[string]func(*AuditHead){
		"seq": func(h *AuditHead) { h.Seq++ }, "hash": func(h *AuditHead) { h.Hash[31]++ }, "at": func(h *AuditHead) { h.At++ },
		"gateway": func(h *AuditHead) { h.Gateway = "gv" }, "mark": func(h *AuditHead) { h.Mark = AuditCut }, "sig": func(h *AuditHead) { h.Sig = h.Sig[1:] },
	} {
		changed := h
		changed.Sig = bytes.Clone(h.Sig)
		change(&changed)
		if err := changed.Verify([]ed25519.PublicKey{mine.Public()}); !errors.Is(err, ErrHeadSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseAuditHeads(f *testing.F) {
	f.Add([]byte("{\"seq\":3,\"hash\":\"" + strings.Repeat("0a", 32) + "\",\"at\":\"2020-02-11T04:00:00.000Z\",\"gateway\":\"g\",\"mark\":\"\",\"key\":\"00\",\"sig\":\"AA==\"}\n{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		heads, err := ParseAuditHeads(b)
		if err != nil {
			return
		}
		for i := range heads {
			if err := heads[i].Verify([]ed25519.PublicKey{make(ed25519.PublicKey, 32)}); err == nil {
				t.Fatalf("%q has a signature", b)
			}
		}
	})
}
