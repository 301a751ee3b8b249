package checkpoint

import (
	"encoding/json"
	"sync"
)

// journalEntry is a scan with its answer, as the journal holds it.
type journalEntry struct {
	Request ScanRequest `json:"r"` // with Told, Journaled and Degraded set
	Refused Reason      `json:"x,omitempty"`
	Owner   uint64      `json:"o,omitempty"` // whose record it was judged by, 0 for a refusal without a person
}

// tell makes the answer part of the request: it is never decided anew.
func (e *journalEntry) tell(res *ScanResult) {
	e.Request.Told = &Told{Decision: res.Decision, Reason: res.Reason, Action: res.Action}
	e.Request.Journaled = res.RecordedAt
	e.Request.Degraded = res.Flags&FlagDegraded != 0
}

func (e *journalEntry) encode() []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic("checkpoint: a scan cannot fail to encode: " + err.Error())
	}
	return text
}

// debts are the people of whom something is answered and not recorded, with
// their records as they are by that. Until it is recorded, such a person is
// judged here, so that the answers follow each other.
type debts struct {
	mu     sync.Mutex
	people map[uint64]*debt
}

type debt struct {
	scans int
	state judged
}

func newDebts() debts { return debts{people: map[uint64]*debt{}} }

// state is a person's record by what was decided here; the caller may change it.
func (d *debts) state(person uint64) *judged {
	d.mu.Lock()
	defer d.mu.Unlock()
	if had, ok := d.people[person]; ok {
		return had.state.clone()
	}
	return &judged{}
}

func (d *debts) put(person uint64, state *judged) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if had, ok := d.people[person]; ok {
		had.state = *state
	}
}

// add counts a scan of a person. Refusals without a person are counted, too,
// under 0.
func (d *debts) add(person uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.people[person] == nil {
		d.people[person] = &debt{}
	}
	d.people[person].scans++
}

// remove takes a scan of a person out: it is recorded or was never answered.
func (d *debts) remove(person uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	had, ok := d.people[person]
	if !ok {
		return
	}
	if had.scans--; had.scans <= 0 {
		delete(d.people, person)
	}
}

func (d *debts) has(person uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.people[person] != nil
}

func (d *debts) none() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.people) == 0
}

// owes tells whether the answer to a scan depends on, or is, one that is not
// recorded yet.
func (b *Standby) owes(req *ScanRequest) bool {
	if b.owing.none() {
		return false
	}
	person := req.Person
	switch {
	case req.Pass != nil:
		person = req.Pass.Person
	case req.WalkIn != nil:
		id, err := b.s.WalkInID(*req.WalkIn)
		if err != nil {
			return false
		}
		person = id
		if resident, ok := b.copy.person(id).field(factPlace["r"]); ok && len(resident) == 8 {
			person = fromRaw(resident)
		}
	}
	if person != 0 && b.owing.has(person) {
		return true
	}
	first, told := b.told.find(scanHash(req.Device, req.ID), req.OccurredAt)
	return told && first.Flags&FlagDegraded != 0 && first.Person == nil && b.owing.has(0)
}

// toldScans remembers the last answers of this process, so that a scan repeated
// while Redis is away gets the answer that it got before.
type toldScans struct {
	mu   sync.Mutex
	seen map[scanKey]ScanResult
	ring []scanKey
	next int
}

// toldSize bounds the memory to about 5 MB.
const toldSize = 16384

func newToldScans() *toldScans {
	return &toldScans{seen: make(map[scanKey]ScanResult, toldSize), ring: make([]scanKey, toldSize)}
}

func (t *toldScans) put(hash [8]byte, at int64, res *ScanResult) {
	k := scanKey{hash, at}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, had := t.seen[k]; !had {
		delete(t.seen, t.ring[t.next])
		t.ring[t.next] = k
		t.next = (t.next + 1) % toldSize
	}
	t.seen[k] = *res
}

func (t *toldScans) find(hash [8]byte, at int64) (ScanResult, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	res, ok := t.seen[scanKey{hash, at}]
	return res, ok
}
