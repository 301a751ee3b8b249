package checkpoint

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"
)

// AuditFlaw is a kind of damage to the audit.
type AuditFlaw string

// The kinds.
const (
	FlawChanged    AuditFlaw = "changed"    // the entry does not give its hash, or the next was chained to another
	FlawRemoved    AuditFlaw = "removed"    // numbers are missing: in the middle, at the beginning or at the end
	FlawReordered  AuditFlaw = "reordered"  // the entry lies at another's place
	FlawDuplicated AuditFlaw = "duplicated" // the same entry is there twice
	FlawInserted   AuditFlaw = "inserted"   // another entry has the same number
	FlawRewritten  AuditFlaw = "rewritten"  // a chain without a flaw that is not the one that was signed
	FlawHead       AuditFlaw = "head"       // a head was changed or is signed by another key
	FlawClock      AuditFlaw = "clock"      // a warning: time ran backwards
	FlawUnsigned   AuditFlaw = "unsigned"   // a warning: there is no head to compare with
)

// AuditFinding is one thing found.
type AuditFinding struct {
	Seq     int64     `json:"seq"` // the first entry concerned, 0 if none is
	Kind    AuditFlaw `json:"kind"`
	Text    string    `json:"text"`
	Warning bool      `json:"warning"`
}

// AuditReport is what a verification came to.
type AuditReport struct {
	First    int64          `json:"first"`    // number of the first entry read, 0 without
	Last     int64          `json:"last"`     // number of the last
	Entries  int64          `json:"entries"`  // read
	Heads    int            `json:"heads"`    // whose signature is right
	Signed   int64          `json:"signed"`   // the chain is proven up to this entry
	Findings []AuditFinding `json:"findings"` // by number, at most 100
	More     int            `json:"more"`     // findings beyond those
}

// Sound tells that nothing but warnings was found.
func (r *AuditReport) Sound() bool {
	return r.More == 0 && !slices.ContainsFunc(r.Findings, func(f AuditFinding) bool { return !f.Warning })
}

const (
	maxFindings = 100
	// auditBack is how far an entry's time may lie before that of the one
	// before it: gateways' clocks differ.
	auditBack = 5 * time.Second
	// auditRecent is how many hashes are remembered, to tell an entry that is
	// there twice from another one under its number.
	auditRecent = 4096
)

// AuditVerifier finds out whether a chain is the one that was written. It needs
// no secret. Heads come first, then all entries in the order in which they lie.
// Its memory does not grow with a chain that is sound.
type AuditVerifier struct {
	report  AuditReport
	heads   map[int64][]AuditHead
	newest  AuditHead // with the highest number
	cut     AuditHead // where the chain begins
	next    int64     // number that comes next
	hash    AuditHash // of the entry before it
	broken  bool      // a flaw of the entry before is on record already
	at      int64
	missing [][2]int64 // numbers that were passed over, from and to
	recent  map[int64]AuditHash
	anew    bool // it was said that the chain was written anew
}

// NewAuditVerifier makes one for one chain.
func NewAuditVerifier() *AuditVerifier {
	return &AuditVerifier{heads: map[int64][]AuditHead{}, recent: map[int64]AuditHash{}, next: 1}
}

// AddHeads takes signed heads from one place, which where names.
func (v *AuditVerifier) AddHeads(where string, heads []AuditHead, keys []ed25519.PublicKey) {
	for i := range heads {
		h := &heads[i]
		err := h.Verify(keys)
		switch {
		case errors.Is(err, ErrHeadKey):
			v.find(h.Seq, FlawHead, "%s: head %d, for entry %d, is signed by key %.16q, which is none of those given", where, i+1, h.Seq, h.Key)
			continue
		case err != nil:
			v.find(h.Seq, FlawHead, "%s: head %d, for entry %d, was changed: its signature is wrong", where, i+1, h.Seq)
			continue
		}
		v.report.Heads++
		v.heads[h.Seq] = append(v.heads[h.Seq], *h)
		if h.Seq > v.newest.Seq {
			v.newest = *h
		}
		if h.Mark == AuditCut && h.Seq > v.cut.Seq {
			v.cut, v.next, v.hash = *h, h.Seq+1, h.Hash
			v.report.Signed = max(v.report.Signed, h.Seq)
		}
	}
}

// BadHeads takes note that what should be heads cannot be read.
func (v *AuditVerifier) BadHeads(where string, err error) {
	v.find(0, FlawHead, "%s: %v", where, err)
}

func (v *AuditVerifier) find(seq int64, kind AuditFlaw, format string, args ...any) {
	if len(v.report.Findings) >= maxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, AuditFinding{
		Seq: seq, Kind: kind, Text: fmt.Sprintf(format, args...), Warning: kind == FlawClock || kind == FlawUnsigned,
	})
}

// Add takes the next entry.
func (v *AuditVerifier) Add(r *AuditRecord) {
	v.report.Entries++
	if v.report.First == 0 {
		v.report.First = r.Seq
	}
	v.report.Last = max(v.report.Last, r.Seq)
	if r.Seq <= v.cut.Seq && r.Seq > 0 {
		return // its time was over: a cut that was signed and not done yet
	}
	changed := r.Sum() != r.Hash
	if changed {
		v.find(r.Seq, FlawChanged, "entry %d was changed: what it says does not give its hash", r.Seq)
	}
	switch {
	case r.Seq < v.next:
		v.behind(r)
		return
	case r.Seq > v.next:
		v.missing = append(v.missing, [2]int64{v.next, r.Seq - 1})
	case r.Prev != v.hash && !v.broken && r.Seq == 1:
		v.find(1, FlawChanged, "entry 1 goes on from another entry, and there is none before it")
	case r.Prev != v.hash && !v.broken && !changed:
		v.find(r.Seq-1, FlawChanged, "entry %d was chained to another entry %d than the one that is there", r.Seq, r.Seq-1)
	}
	v.next, v.hash, v.broken = r.Seq+1, r.Hash, changed
	v.remember(r)
	if back := v.at - r.At; back > auditBack.Milliseconds() {
		v.find(r.Seq, FlawClock, "entry %d is %v older than the one before it: a clock ran backwards", r.Seq, time.Duration(back)*time.Millisecond)
	}
	v.at = r.At
	v.compare(r)
}

// AddUnreadable takes what stands in the place of the next entry and is none.
func (v *AuditVerifier) AddUnreadable(where string, err error) {
	v.report.Entries++
	v.find(v.next, FlawChanged, "%s, in the place of entry %d: %v", where, v.next, err)
	v.next, v.broken = v.next+1, true
}

// behind judges an entry whose number was expected earlier.
func (v *AuditVerifier) behind(r *AuditRecord) {
	for i, m := range v.missing {
		if r.Seq < m[0] || r.Seq > m[1] {
			continue
		}
		v.find(r.Seq, FlawReordered, "entry %d lies behind entry %d", r.Seq, v.next-1)
		rest := slices.DeleteFunc([][2]int64{{m[0], r.Seq - 1}, {r.Seq + 1, m[1]}}, func(s [2]int64) bool { return s[0] > s[1] })
		v.missing = slices.Replace(v.missing, i, i+1, rest...)
		v.remember(r)
		v.compare(r)
		return
	}
	if v.recent[r.Seq] == r.Hash {
		v.find(r.Seq, FlawDuplicated, "entry %d is there twice", r.Seq)
		return
	}
	v.find(r.Seq, FlawInserted, "entry %d is there twice, with different content: one of the two was put in", r.Seq)
}

func (v *AuditVerifier) remember(r *AuditRecord) {
	v.recent[r.Seq] = r.Hash
	delete(v.recent, r.Seq-auditRecent)
}

// compare holds an entry against the heads signed for it.
func (v *AuditVerifier) compare(r *AuditRecord) {
	for _, h := range v.heads[r.Seq] {
		if h.Hash == r.Hash {
			v.report.Signed = max(v.report.Signed, r.Seq)
			continue
		}
		if v.anew {
			return
		}
		v.anew = true
		v.find(v.report.Signed+1, FlawRewritten, "the chain was written anew from an entry between %d and %d: at %s gateway %q signed another entry %d",
			v.report.Signed+1, r.Seq, time.UnixMilli(h.At).UTC().Format(auditTime), h.Gateway, r.Seq)
		return
	}
}

// Report ends the verification.
func (v *AuditVerifier) Report() AuditReport {
	for _, m := range v.missing {
		where := "missing"
		if m[0] == v.cut.Seq+1 {
			where = "missing from the beginning, and no signed head says that they were cut off"
		}
		v.find(m[0], FlawRemoved, "entries %d to %d are %s", m[0], m[1], where)
	}
	if v.newest.Seq >= v.next {
		v.find(v.next, FlawRemoved, "the end is missing from entry %d on: at %s gateway %q signed entry %d",
			v.next, time.UnixMilli(v.newest.At).UTC().Format(auditTime), v.newest.Gateway, v.newest.Seq)
	}
	if v.newest.Seq == 0 {
		v.find(0, FlawUnsigned, "there is no signed head to compare with: nobody can tell whether the end is missing, or all was written anew")
	}
	sort.SliceStable(v.report.Findings, func(i, j int) bool { return v.report.Findings[i].Seq < v.report.Findings[j].Seq })
	return v.report
}
