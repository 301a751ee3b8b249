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

	// Annul is set instead where a scan was taken back, and At is when that was recorded,
	// UTC ms. Such an entry is kept, never owed.
	Annul *AnnulRequest `json:"a,omitempty"`
	At    int64         `json:"t,omitempty"`
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
	if b.Owes(req.Device, req.ID, req.OccurredAt) {
		return true
	}
	switch {
	case req.Pass != nil:
		return b.owing.has(req.Pass.Person)
	case req.WalkIn != nil:
		id, err := b.s.WalkInID(*req.WalkIn)
		return err == nil && (b.owing.has(id) || b.owing.has(b.knownAs(id)))
	}
	return req.Person != 0 && b.owing.has(req.Person)
}

// Owes tells whether a scan was answered here and is not recorded yet.
func (b *Standby) Owes(device uint32, id string, at int64) bool {
	told, ok := b.toldHere(device, id, at)
	if !ok {
		return false
	}
	person := uint64(0)
	if told.Person != nil {
		person = told.Person.ID
	}
	return b.owing.has(person)
}

// knownAs is the resident that a walk-in is known as by the copy, 0 if nobody.
func (b *Standby) knownAs(walkIn uint64) uint64 {
	resident, ok := b.copy.person(walkIn).field(factPlace["r"])
	if !ok || len(resident) != 8 {
		return 0
	}
	return fromRaw(resident)
}

// minuteCaps bounds what each device writes in a minute.
type minuteCaps struct {
	mu     sync.Mutex
	minute int64
	counts map[uint32]int
}

// allow counts one at a time (UTC ms); false past most.
func (m *minuteCaps) allow(device uint32, at int64, most int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if minute := at / 60_000; minute != m.minute || m.counts == nil {
		m.minute, m.counts = minute, map[uint32]int{}
	}
	m.counts[device]++
	return m.counts[device] <= most
}

// stuckEntries counts how often entries of the journal could not be recorded for
// a reason of their own.
type stuckEntries struct {
	mu    sync.Mutex
	tries map[uint64]int
}

// again counts a try and returns how many there were.
func (s *stuckEntries) again(seq uint64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tries == nil {
		s.tries = map[uint64]int{}
	}
	s.tries[seq]++
	return s.tries[seq]
}

func (s *stuckEntries) forget(seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tries, seq)
}
