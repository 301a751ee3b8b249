package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func testSigner(t testing.TB, seed byte, gateway string) *AuditSigner {
	t.Helper()
	signer, err := NewAuditSigner(bytes.Repeat([]byte{seed}, 32), gateway)
	must(t, err)
	return signer
}

// auditCase is a chain and what stands outside Redis: the heads that a gateway
// signed, every tenth entry and the last.
type auditCase struct {
	entries []AuditRecord
	heads   []AuditHead
	others  []AuditHead // of a second gateway, at the end only
	key     ed25519.PublicKey
}

func newAuditCase(t testing.TB, n int) *auditCase {
	t.Helper()
	signer, other := testSigner(t, 1, "gw-1"), testSigner(t, 1, "gw-2")
	e := &auditCase{key: signer.Public()}
	for i := range n {
		r := AuditRecord{AuditEntry: asked(i), Writer: 7, Sealed: []byte(fmt.Sprint("sealed ", i))}
		r.At = testStart.Add(time.Duration(i) * time.Second).UnixMilli()
		e.entries = append(e.entries, r)
	}
	e.entries = rehash(e.entries)
	for i, r := range e.entries {
		if i%10 == 9 || i == n-1 {
			e.heads = append(e.heads, signer.Sign(r.Seq, r.Hash, r.At, ""))
		}
	}
	last := e.entries[n-1]
	e.others = []AuditHead{other.Sign(last.Seq, last.Hash, last.At, "")}
	return e
}

// cutAt takes entries from the front, as retention does.
func (e *auditCase) cutAt(t testing.TB, seq int64, seed byte) {
	last := e.entries[seq-1]
	e.heads = append(e.heads, testSigner(t, seed, "gw-1").Sign(seq, last.Hash, last.At, AuditCut))
	e.entries = e.entries[seq:]
}

// swap exchanges two entries where they lie.
func (e *auditCase) swap(i, j int) { e.entries[i], e.entries[j] = e.entries[j], e.entries[i] }

// put inserts an entry at a place.
func (e *auditCase) put(i int, r AuditRecord) { e.entries = slices.Insert(e.entries, i, r) }

func (e *auditCase) verify(withOther bool) AuditReport {
	v := NewAuditVerifier()
	v.AddHeads("heads.ndjson", e.heads, []ed25519.PublicKey{e.key})
	if withOther {
		v.AddHeads("other.ndjson", e.others, []ed25519.PublicKey{e.key})
	}
	for i := range e.entries {
		v.Add(&e.entries[i])
	}
	return v.Report()
}

// tamperings are what somebody with all of Redis, or the file of heads, can do
// to a chain of 50 entries.
var tamperings = []struct {
	name   string
	tamper func(t *testing.T, e *auditCase)
	kind   AuditFlaw
	seq    int64
	other  bool // it takes the heads of the second gateway to see it
}{
	{"a field changed", func(_ *testing.T, e *auditCase) { e.entries[22].Subject = "0000000000000001" }, FlawChanged, 23, false},
	{"who asked changed", func(_ *testing.T, e *auditCase) { e.entries[0].Actor = "nobody" }, FlawChanged, 1, false},
	{"the time changed", func(_ *testing.T, e *auditCase) { e.entries[22].At++ }, FlawChanged, 23, false},
	{"the number of rows changed", func(_ *testing.T, e *auditCase) { e.entries[22].Rows = 0 }, FlawChanged, 23, false},
	{"the sealed reason changed", func(_ *testing.T, e *auditCase) { e.entries[22].Sealed = []byte("sealed 3") }, FlawChanged, 23, false},
	{"text moved from one field to the next", func(_ *testing.T, e *auditCase) {
		e.entries[22].Actor, e.entries[22].Role = "trac", "ertracer"
	}, FlawChanged, 23, false},
	{"a field and its hash changed", func(_ *testing.T, e *auditCase) {
		e.entries[22].Actor = "nobody"
		e.entries[22].Hash = e.entries[22].Sum()
	}, FlawChanged, 23, false},
	{"the last entry changed with its hash", func(_ *testing.T, e *auditCase) {
		e.entries[49].Actor = "nobody"
		e.entries[49].Hash = e.entries[49].Sum()
	}, FlawRewritten, 41, false},
	{"an entry that cannot be read", func(_ *testing.T, e *auditCase) {
		e.entries[22] = AuditRecord{AuditEntry: AuditEntry{Seq: 23}}
	}, FlawChanged, 23, false},
	{"an entry removed from the middle", func(_ *testing.T, e *auditCase) { e.entries = slices.Delete(e.entries, 22, 23) }, FlawRemoved, 23, false},
	{"several removed from the middle", func(_ *testing.T, e *auditCase) { e.entries = slices.Delete(e.entries, 22, 31) }, FlawRemoved, 23, false},
	{"the last entry removed", func(_ *testing.T, e *auditCase) { e.entries = e.entries[:49] }, FlawRemoved, 50, false},
	{"the end removed", func(_ *testing.T, e *auditCase) { e.entries = e.entries[:17] }, FlawRemoved, 18, false},
	{"the end removed, and its heads", func(_ *testing.T, e *auditCase) {
		e.entries, e.heads = e.entries[:20], e.heads[:2]
	}, FlawRemoved, 21, true},
	{"the beginning removed", func(_ *testing.T, e *auditCase) { e.entries = e.entries[5:] }, FlawRemoved, 1, false},
	{"the beginning cut under a forged head", func(t *testing.T, e *auditCase) { e.cutAt(t, 20, 9) }, FlawRemoved, 1, false},
	{"more cut off than was signed", func(t *testing.T, e *auditCase) {
		e.cutAt(t, 20, 1)
		e.entries = e.entries[5:]
	}, FlawRemoved, 21, false},
	{"all removed", func(_ *testing.T, e *auditCase) { e.entries = nil }, FlawRemoved, 1, false},
	{"two neighbours exchanged", func(_ *testing.T, e *auditCase) { e.swap(22, 23) }, FlawReordered, 23, false},
	{"two far apart exchanged", func(_ *testing.T, e *auditCase) { e.swap(12, 40) }, FlawReordered, 13, false},
	{"two exchanged with their numbers", func(_ *testing.T, e *auditCase) {
		e.swap(22, 23)
		e.entries[22].Seq, e.entries[23].Seq = 23, 24
	}, FlawChanged, 23, false},
	{"the last two exchanged", func(_ *testing.T, e *auditCase) { e.swap(48, 49) }, FlawReordered, 49, false},
	{"an entry doubled", func(_ *testing.T, e *auditCase) { e.put(23, e.entries[22]) }, FlawDuplicated, 23, false},
	{"an entry doubled at the end", func(_ *testing.T, e *auditCase) { e.put(50, e.entries[22]) }, FlawDuplicated, 23, false},
	{"an entry put in under a number that is taken", func(_ *testing.T, e *auditCase) {
		r := e.entries[22]
		r.Actor = "medic"
		r.Hash = r.Sum()
		e.put(23, r)
	}, FlawInserted, 23, false},
	{"an entry put in, the rest numbered and hashed anew", func(_ *testing.T, e *auditCase) {
		e.put(22, e.entries[3])
		e.entries = rehash(e.entries)
	}, FlawRewritten, 21, false},
	{"an entry taken out, the rest numbered and hashed anew", func(_ *testing.T, e *auditCase) {
		e.entries = rehash(slices.Delete(e.entries, 22, 23))
	}, FlawRewritten, 21, false},
	{"rewritten from an entry on, all hashes right", func(_ *testing.T, e *auditCase) {
		e.entries[30].Actor = "nobody"
		e.entries = rehash(e.entries)
	}, FlawRewritten, 31, false},
	{"rewritten from the first entry on", func(_ *testing.T, e *auditCase) {
		e.entries[0].Actor = "nobody"
		e.entries = rehash(e.entries)
	}, FlawRewritten, 1, false},
	{"rolled back to an older copy", func(_ *testing.T, e *auditCase) { e.entries = e.entries[:30] }, FlawRemoved, 31, false},
	{"rolled back, then grown on", func(_ *testing.T, e *auditCase) {
		for i := 30; i < 50; i++ {
			e.entries[i].Request = "another"
		}
		e.entries = rehash(append(e.entries, e.entries[3]))
	}, FlawRewritten, 31, false},
	{"a head changed to fit", func(_ *testing.T, e *auditCase) {
		e.entries = e.entries[:49]
		e.heads[4].Seq, e.heads[4].Hash = 49, e.entries[48].Hash
	}, FlawHead, 49, false},
	{"a head's time changed", func(_ *testing.T, e *auditCase) { e.heads[2].At++ }, FlawHead, 30, false},
	{"a head turned into a cut", func(_ *testing.T, e *auditCase) {
		e.entries, e.heads[2].Mark = e.entries[30:], AuditCut
	}, FlawRemoved, 1, false},
	{"heads signed by another key", func(t *testing.T, e *auditCase) {
		e.entries[30].Actor = "nobody"
		e.entries = rehash(e.entries)
		for i := range e.heads {
			e.heads[i] = testSigner(t, 9, "gw-1").Sign(e.heads[i].Seq, e.entries[e.heads[i].Seq-1].Hash, e.heads[i].At, "")
		}
	}, FlawHead, 10, false},
}

func TestVerifyFindsEveryTampering(t *testing.T) {
	t.Parallel()
	table := strings.Builder{}
	for _, c := range tamperings {
		e := newAuditCase(t, 50)
		c.tamper(t, e)
		report := e.verify(c.other)
		if report.Sound() {
			t.Errorf("%s: not found", c.name)
			continue
		}
		first := report.Findings[slices.IndexFunc(report.Findings, func(f AuditFinding) bool { return !f.Warning })]
		if first.Kind != c.kind || first.Seq != c.seq {
			t.Errorf("%s: found %+v, want %s from entry %d", c.name, report.Findings, c.kind, c.seq)
		}
		fmt.Fprintf(&table, "%-56s %-10s %s\n", c.name, first.Kind, first.Text)
		if alone := e.verify(false); c.other && !alone.Sound() {
			t.Errorf("%s: found without the heads of the second gateway", c.name)
		}
	}
	t.Logf("%d kinds of tampering:\n%s", len(tamperings), table.String())
}

func TestVerifyPassesWhatNobodyTouched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(e *auditCase){
		"whole": func(*auditCase) {},
		"cut twice": func(e *auditCase) {
			e.cutAt(t, 10, 1)
			last := e.entries[14]
			e.heads = append(e.heads, testSigner(t, 1, "gw-2").Sign(last.Seq, last.Hash, last.At, AuditCut))
			e.entries = e.entries[15:]
		},
		"cut by retention":                 func(e *auditCase) { e.cutAt(t, 20, 1) },
		"cut signed and not yet done":      func(e *auditCase) { all := e.entries; e.cutAt(t, 20, 1); e.entries = all },
		"entries newer than the last head": func(e *auditCase) { e.heads = e.heads[:3] },
		"gateways' clocks a second apart": func(e *auditCase) {
			e.entries[30].At -= 2000
			e.entries = rehash(e.entries)
			for i := range e.heads {
				r := e.entries[e.heads[i].Seq-1]
				e.heads[i] = testSigner(t, 1, "gw-1").Sign(r.Seq, r.Hash, r.At, "")
			}
			e.others = nil
		},
	} {
		e := newAuditCase(t, 50)
		c(e)
		if report := e.verify(true); len(report.Findings) != 0 || report.Heads == 0 || report.Signed == 0 || report.Last != 50 {
			t.Errorf("%s: %+v", name, report)
		}
	}
}

// What is no proof of anything is said, and is no tampering.
func TestVerifyWarns(t *testing.T) {
	t.Parallel()
	e := newAuditCase(t, 50)
	e.heads = nil
	report := e.verify(false)
	if !report.Sound() || len(report.Findings) != 1 || report.Findings[0].Kind != FlawUnsigned {
		t.Errorf("without heads: %+v", report)
	}
	e = newAuditCase(t, 50)
	e.entries[30].At -= time.Hour.Milliseconds()
	e.entries, e.heads = rehash(e.entries), e.heads[:3]
	report = e.verify(false)
	if !report.Sound() || len(report.Findings) != 1 || report.Findings[0].Kind != FlawClock || report.Findings[0].Seq != 31 {
		t.Errorf("a clock that ran backwards: %+v", report)
	}
}

// A chain that is damaged all over does not fill the memory.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	e := newAuditCase(t, 500)
	for i := range e.entries {
		e.entries[i].Actor = "x"
	}
	if report := e.verify(false); len(report.Findings) != maxFindings || report.More != 400 || report.Findings[0].Seq != 1 {
		t.Errorf("%d findings and %d more", len(report.Findings), report.More)
	}
}

// The same by way of Redis: what is done to the stream is what verify sees.
func TestVerifySeesWhatWasDoneToRedis(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	mustAudit(t, s, 30)
	signer := testSigner(t, 1, "gw-1")
	seq, hash, err := s.AuditHead(t.Context())
	must(t, err)
	verify := func() AuditReport {
		v := NewAuditVerifier()
		v.AddHeads("heads", []AuditHead{signer.Sign(seq, hash, 1, "")}, []ed25519.PublicKey{signer.Public()})
		must(t, s.AuditRecords(t.Context(), 1, 1<<40, func(r *AuditRecord) error { v.Add(r); return nil }))
		return v.Report()
	}
	if report := verify(); !report.Sound() || report.Signed != 30 || seq != 30 {
		t.Fatalf("untouched: %+v", report)
	}
	must(t, s.rdb.XDel(t.Context(), s.keys.audit("log"), "12-0").Err())
	if report := verify(); report.Sound() || report.Findings[0].Seq != 12 || report.Findings[0].Kind != FlawRemoved {
		t.Errorf("an entry deleted: %+v", report)
	}
	mustAudit(t, s, 3) // the chain goes on and the gap stays
	if report := verify(); report.Sound() || len(report.Findings) != 1 || report.Last != 33 {
		t.Errorf("after that: %+v", report)
	}
}
