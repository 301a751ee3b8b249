package office

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"passgate/checkpoint"
)

// Contacts of a case become work: each person is one task of the case, whoever of the
// case they met. A caller gets the best-ranked one that is free and keeps it for
// CallLease; without a word in that time it is free again. Nobody has two, and no task
// has two callers: task and caller are written together (callnext.go). The number of a
// person is shown to the caller who has the task, and each time is counted on it.

// KindCall is somebody to be called because of a case.
const KindCall checkpoint.MatterKind = "call"

// kindCallCase lists the tasks of a case, kindCaller what a caller has.
const (
	kindCallCase checkpoint.MatterKind = "call_case"
	kindCaller   checkpoint.MatterKind = "caller"
)

// States of calls. One whose lease or pause is over is CallOpen, see Call.StateAt.
const (
	CallOpen        = "open"
	CallCalling     = "calling"     // somebody has it
	CallAgain       = "again"       // did not answer: comes back at AgainAt
	CallVisit       = "visit"       // never answered: a grid member goes there
	CallRefused     = "refused"     // a leader sees to it
	CallElsewhere   = "elsewhere"   // lives where those who added it do not answer for
	CallCalled      = "called"      // closed, as are the following
	CallOrdered     = "ordered"     // told to stay at home
	CallTransferred = "transferred" // given to another subdistrict
	CallOver        = "over"        // the case was closed before
)

// CallStates lists them in the order in which work flows.
func CallStates() []string {
	return []string{
		CallOpen, CallCalling, CallAgain, CallVisit, CallRefused, CallElsewhere, CallCalled, CallOrdered, CallTransferred, CallOver,
	}
}

// Bounds of calls.
const (
	MaxCallsOnce = 1000             // contacts of one request
	MaxCalls     = 3000             // of a case: their list fits into one record
	CallLease    = 30 * time.Minute // how long somebody keeps one without a word
	CallPause    = 2 * time.Hour    // until who did not answer is called again
	callTries    = 3                // unanswered calls before a grid member goes there
	// callUntouched is how long a task may lie until there is an alarm, callVisitWithin
	// how long one that takes a visit.
	callUntouched   = 2 * time.Hour
	callVisitWithin = 24 * time.Hour
	maxCallAgain    = 7 * 24 * time.Hour
	maxIndexes      = 20  // of the case whom one person met, that are kept
	maxCallPlace    = 100 // characters
	maxCallNote     = 300 // characters
	maxExposure     = 1_000_000
	maxCallMarks    = 30 // outcomes
)

// Call is what is kept of one.
type Call struct {
	Case     string   `json:"c"`
	Indexes  []uint64 `json:"i"`           // whom of the case they met, the first one first
	Hop      int      `json:"h"`           // 1: met the case itself
	Exposure int64    `json:"e"`           // see checkpoint.ContactWeights
	Kinds    []string `json:"k,omitempty"` // of the meetings: names of checkpoint.ContactKind
	LastMet  int64    `json:"m,omitempty"` // UTC ms, 0: not known
	Place    string   `json:"p,omitempty"` // where
	Tries    int      `json:"t,omitempty"` // unanswered calls
	Shown    int      `json:"s,omitempty"` // how often the number was shown
	LeaseEnd int64    `json:"l,omitempty"` // UTC ms, while somebody has it
	AgainAt  int64    `json:"a,omitempty"` // UTC ms, of CallAgain
	To       string   `json:"o,omitempty"` // subdistrict that it was given to

	Answers *Answers            `json:"w,omitempty"`
	Results []CallResult        `json:"r,omitempty"` // oldest first
	Propose checkpoint.MatterID `json:"x,omitempty"` // proposal of a status, 0: none
	Observe checkpoint.MatterID `json:"b,omitempty"` // observation, 0: none
}

// CallResult is what became of one call.
type CallResult struct {
	ID      string `json:"i"` // the client's
	Outcome string `json:"o"`
	Note    string `json:"n,omitempty"`
	At      int64  `json:"a"` // UTC ms
	By      uint32 `json:"b"`
	Mark    string `json:"m"` // digest of what was sent
}

// Answers are what somebody said of themselves.
type Answers struct {
	Symptoms  []string `json:"s,omitempty"` // of CallSymptoms
	Onset     string   `json:"o,omitempty"` // day of the first symptoms
	PlaceNow  string   `json:"p,omitempty"`
	TravelsOn string   `json:"t,omitempty"` // where to, when and how
}

// CallSymptoms are those that are asked for.
func CallSymptoms() []string {
	return []string{"fever", "cough", "fatigue", "sore_throat", "breathless", "diarrhoea", "other"}
}

// Task is a call with its record.
type Task struct {
	checkpoint.Matter `json:"-"`
	Call              `json:"-"`
}

// StateAt is the state at a time (UTC ms): what was let go of by its time being over
// is open.
func (t *Task) StateAt(now int64) string {
	if t.State == CallCalling && now >= t.LeaseEnd || t.State == CallAgain && now >= t.AgainAt {
		return CallOpen
	}
	return t.State
}

// OwnerAt is who has it, or whom it was given to; 0: nobody.
func (t *Task) OwnerAt(now int64) uint32 {
	if t.State == CallCalling && now >= t.LeaseEnd {
		return 0
	}
	return t.Owner
}

// rank orders tasks: who met the case itself first, then by exposure.
func (t *Task) rank(u *Task) int {
	return cmp.Or(
		cmp.Compare(t.Hop, u.Hop), cmp.Compare(u.Exposure, t.Exposure), cmp.Compare(u.LastMet, t.LastMet), cmp.Compare(t.ID, u.ID),
	)
}

// touch sets until when it may lie.
func (t *Task) touch(from int64, within time.Duration) { t.DueAt = from + within.Milliseconds() }

// free makes it one that anybody can take.
func (t *Task) free(now int64) {
	t.State, t.Owner, t.LeaseEnd, t.AgainAt, t.ClosedAt = CallOpen, 0, 0, 0, 0
	t.touch(now, callUntouched)
}

// end closes it.
func (t *Task) end(now int64, state string) {
	t.State, t.Owner, t.LeaseEnd, t.AgainAt, t.DueAt, t.ClosedAt = state, 0, 0, 0, 0, now
}

// callCase is what is kept of the tasks of a case.
type callCase struct {
	Case  string     `json:"c"`
	Tasks peopleList `json:"t"` // numbers of matters, the best-ranked first
	// Nodes are those of the grid, beside the case's own, that tasks were given to.
	Nodes []string `json:"n,omitempty"`
}

// CaseCalls tells of the tasks of a case.
type CaseCalls struct {
	Case  string
	Nodes []string // that tasks were given to
	Tasks []checkpoint.MatterRef
}

func callCaseRef(code string) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: kindCallCase, ID: checkpoint.NewMatterID(kindCallCase, code)}
}

func callRef(code string, person uint64) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: KindCall, ID: checkpoint.NewMatterID(KindCall, code+"\x00"+checkpoint.FormatPersonID(person))}
}

func readCallCase(m *checkpoint.Matter) (k CaseCalls, err error) {
	var kept callCase
	if err := m.Get(&kept); err != nil {
		return k, err
	}
	k.Case, k.Nodes = kept.Case, kept.Nodes
	for _, id := range kept.Tasks {
		k.Tasks = append(k.Tasks, checkpoint.MatterRef{Kind: KindCall, ID: checkpoint.MatterID(id)})
	}
	return k, nil
}

// CallsOf tells which tasks a case has; none of one that never had any. Errors:
// ErrUnavailable.
func (o *Office) CallsOf(ctx context.Context, code string) (CaseCalls, error) {
	ref := callCaseRef(code)
	m, err := o.store.Matter(ctx, ref.Kind, ref.ID)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return CaseCalls{Case: code}, nil
	}
	if err != nil {
		return CaseCalls{}, err
	}
	return readCallCase(&m)
}

// CallCases lists the cases that have tasks and are not closed. Errors:
// ErrUnavailable.
func (o *Office) CallCases(ctx context.Context) (all []CaseCalls, err error) {
	err = o.store.EachMatter(ctx, checkpoint.MatterQuery{Kind: kindCallCase, By: checkpoint.OpenOnly, Newest: true}, func(m *checkpoint.Matter) error {
		k, err := readCallCase(m)
		all = append(all, k)
		return err
	})
	return all, err
}

// Tasks reads the tasks of a case, the best-ranked first; those about people who were
// erased are left out. Errors: ErrUnavailable.
func (o *Office) Tasks(ctx context.Context, of *CaseCalls) ([]Task, error) {
	matters, err := o.store.ReadMatters(ctx, of.Tasks)
	if err != nil {
		return nil, err
	}
	tasks := make([]Task, 0, len(matters))
	for i := range matters {
		if m := &matters[i]; m.There() && m.Person != 0 {
			t, err := taskOf(m)
			if err != nil {
				return nil, err
			}
			tasks = append(tasks, t)
		}
	}
	slices.SortFunc(tasks, func(a, b Task) int { return a.rank(&b) })
	return tasks, nil
}

// CallVisits are the tasks at a node of the grid and below it that take a visit, the
// oldest first. Errors: ErrUnavailable.
func (o *Office) CallVisits(ctx context.Context, node string) (visits []Task, err error) {
	err = o.store.EachMatter(ctx, checkpoint.MatterQuery{Kind: KindCall, Node: node, By: checkpoint.OpenOnly}, func(m *checkpoint.Matter) error {
		if m.State != CallVisit || m.Person == 0 {
			return nil
		}
		t, err := taskOf(m)
		visits = append(visits, t)
		return err
	})
	return visits, err
}

// TaskByID reads one. Errors: ErrNotFound (it is not there, or about somebody who was
// erased), ErrUnavailable.
func (o *Office) TaskByID(ctx context.Context, id checkpoint.MatterID) (Task, error) {
	m, err := o.store.Matter(ctx, KindCall, id)
	if err == nil && m.Person == 0 {
		err = checkpoint.ErrNotFound
	}
	if err != nil {
		return Task{}, err
	}
	return taskOf(&m)
}

func taskOf(m *checkpoint.Matter) (t Task, err error) {
	t.Matter = *m
	return t, m.Get(&t.Call)
}

// turnTask changes a matter that is a task.
func turnTask(m *checkpoint.Matter, fn func(*Task) error) error {
	t, err := taskOf(m)
	if err != nil {
		return err
	}
	if err := fn(&t); err != nil {
		return err
	}
	*m = t.Matter
	return m.Put(t.Call)
}
