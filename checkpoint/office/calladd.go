package office

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"passgate/checkpoint"
)

// NewCall is a contact that becomes a task.
type NewCall struct {
	Person   uint64
	Hop      int // 1 to checkpoint.MaxHops
	Exposure int64
	Kinds    []string // names of checkpoint.ContactKind
	LastMet  int64    // UTC ms, 0: not known
	Place    string
}

// NewCalls are the contacts of one person of a case.
type NewCalls struct {
	Case  *checkpoint.Case
	Index uint64
	By    uint32
	// Within tells whether whoever adds them answers for a node of the grid.
	Within   func(node string) bool
	Contacts []NewCall
}

// AddCalls makes tasks of contacts, one of each person and case: who is one already
// keeps their state and gets the better rank of both. The same again changes nothing,
// and completes what was cut off. Errors: *FieldError, *Refusal (the case has too
// many), ErrUnavailable.
func (o *Office) AddCalls(ctx context.Context, in NewCalls) (added, already int, err error) {
	if err := o.checkCalls(&in); err != nil {
		return 0, 0, err
	}
	people, err := o.presentContacts(ctx, &in)
	if err != nil {
		return 0, 0, err
	}
	refs, err := o.callRefs(ctx, &in, people)
	if err != nil {
		return 0, 0, err
	}
	if err := o.listCalls(ctx, in.Case, in.By, refs); err != nil {
		return 0, 0, err
	}
	const once = 8 // matters that are written together
	for from := 0; from < len(refs); from += once {
		to, fresh := min(from+once, len(refs)), 0
		err := o.store.TurnMatters(ctx, in.By, "", refs[from:to], func(some []*checkpoint.Matter) error {
			fresh = 0
			for i, m := range some {
				if !m.There() {
					fresh++
				}
				if err := o.putCall(m, &in, &in.Contacts[from+i], &people[from+i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return added, already, err
		}
		added, already = added+fresh, already+to-from-fresh
	}
	return added, already, o.rankCalls(ctx, in.Case.Code, in.By)
}

// rankCalls puts the list of a case's tasks in their order, in which the next one is
// looked for.
func (o *Office) rankCalls(ctx context.Context, code string, by uint32) error {
	of, err := o.CallsOf(ctx, code)
	if err != nil {
		return err
	}
	tasks, err := o.Tasks(ctx, &of)
	if err != nil {
		return err
	}
	place := make(map[uint64]int, len(tasks))
	for i := range tasks {
		place[uint64(tasks[i].ID)] = i
	}
	return o.store.TurnMatters(ctx, by, "", []checkpoint.MatterRef{callCaseRef(code)}, func(some []*checkpoint.Matter) error {
		var kept callCase
		if err := some[0].Get(&kept); err != nil {
			return err
		}
		last := len(tasks) // what came meanwhile, by somebody who ranks it after this
		at := func(id uint64) int {
			if i, ok := place[id]; ok {
				return i
			}
			return last
		}
		slices.SortStableFunc(kept.Tasks, func(a, b uint64) int { return cmp.Compare(at(a), at(b)) })
		return some[0].Put(kept)
	})
}

func (o *Office) checkCalls(in *NewCalls) (err error) {
	if len(in.Contacts) == 0 || len(in.Contacts) > MaxCallsOnce {
		return &checkpoint.FieldError{Field: "contacts", Why: fmt.Sprintf("name 1 to %d", MaxCallsOnce)}
	}
	seen, now := map[uint64]bool{in.Index: true}, o.store.Now()
	bad := func(why string) error { return &checkpoint.FieldError{Field: "contacts", Why: why} }
	for i := range in.Contacts {
		c := &in.Contacts[i]
		switch {
		case seen[c.Person]:
			return bad("name somebody twice, or the person whose contacts they are")
		case c.Hop < 1 || c.Hop > checkpoint.MaxHops:
			return bad(fmt.Sprintf("have a hop that is not 1 to %d", checkpoint.MaxHops))
		case c.Exposure < 0 || c.Exposure > maxExposure:
			return bad(fmt.Sprintf("have an exposure that is not 0 to %d", maxExposure))
		case c.LastMet < 0 || c.LastMet > now:
			return bad("have a last_met that lies ahead")
		}
		seen[c.Person] = true
		if c.Place, err = checkpoint.CleanText("contacts", c.Place, maxCallPlace, false); err != nil {
			return err
		}
		for _, kind := range c.Kinds {
			if !slices.ContainsFunc(checkpoint.ContactWeights(), func(w checkpoint.ContactWeight) bool { return w.Kind.String() == kind }) {
				return bad("have a kind that there is not")
			}
		}
	}
	return nil
}

// presentContacts are the people of contacts as they are on record now.
func (o *Office) presentContacts(ctx context.Context, in *NewCalls) ([]checkpoint.Resident, error) {
	ids := make([]uint64, len(in.Contacts))
	for i := range in.Contacts {
		ids[i] = in.Contacts[i].Person
	}
	people, err := o.Present(ctx, ids)
	if err != nil {
		return nil, err
	}
	seen := map[uint64]bool{}
	for i := range people {
		switch id := people[i].ID; {
		case id == 0:
			return nil, &checkpoint.FieldError{Field: "contacts", Why: "name somebody who is not on record any more: ask for the list again"}
		case seen[id]:
			return nil, &checkpoint.FieldError{Field: "contacts", Why: "name two records of one person: ask for the list again"}
		default:
			seen[id] = true
		}
	}
	return people, nil
}

// callRefs name the tasks of people: those that they have, also from under an ID of
// before, or new ones. A new one is refused about a stranger to the case: a call shows
// name and number, which would be anybody's for whoever calls.
func (o *Office) callRefs(ctx context.Context, in *NewCalls, people []checkpoint.Resident) ([]checkpoint.MatterRef, error) {
	of, err := o.CallsOf(ctx, in.Case.Code)
	if err != nil {
		return nil, err
	}
	tasks, err := o.Tasks(ctx, &of)
	if err != nil {
		return nil, err
	}
	has := make(map[uint64]checkpoint.MatterRef, len(tasks))
	for i := range tasks {
		has[tasks[i].Person] = checkpoint.MatterRef{Kind: KindCall, ID: tasks[i].ID}
	}
	refs := make([]checkpoint.MatterRef, len(people))
	var fresh []uint64
	for i := range people {
		ref, ok := has[people[i].ID]
		if !ok {
			ref = callRef(in.Case.Code, people[i].ID)
			fresh = append(fresh, in.Contacts[i].Person) // under the ID that the answer gave
		}
		refs[i] = ref
	}
	strangers, err := o.store.Strangers(ctx, in.Case, fresh)
	if err == nil && len(strangers) > 0 {
		err = &checkpoint.FieldError{Field: "contacts", Why: fmt.Sprintf(
			"name %d people whom no answer under this case named as contacts (the first is %s): ask for the contacts under it first", len(strangers), checkpoint.FormatPersonID(strangers[0]))}
	}
	return refs, err
}

// listCalls writes down which tasks a case has.
func (o *Office) listCalls(ctx context.Context, kase *checkpoint.Case, by uint32, refs []checkpoint.MatterRef) error {
	return o.store.TurnMatters(ctx, by, "", []checkpoint.MatterRef{callCaseRef(kase.Code)}, func(some []*checkpoint.Matter) error {
		m, kept := some[0], callCase{Case: kase.Code}
		if err := m.Get(&kept); err != nil {
			return err
		}
		known := map[uint64]bool{}
		for _, id := range kept.Tasks {
			known[id] = true
		}
		for _, ref := range refs {
			if id := uint64(ref.ID); !known[id] {
				kept.Tasks = append(kept.Tasks, id)
			}
		}
		if len(kept.Tasks) > MaxCalls {
			return refuse(CodeTooMany, "a case has at most %d contacts to be called: open another one", MaxCalls)
		}
		m.State, m.Node = CallOpen, kase.Grid
		return m.Put(kept)
	})
}

// putCall makes a task, or improves one that is there.
func (o *Office) putCall(m *checkpoint.Matter, in *NewCalls, c *NewCall, who *checkpoint.Resident) error {
	fresh := !m.There()
	if !fresh && m.Person == 0 { // erased, and enrolled again under the same number
		return nil
	}
	return turnTask(m, func(t *Task) error {
		if fresh {
			t.Person, t.Node, t.Case = who.ID, who.Grid, in.Case.Code
			if t.free(o.store.Now()); !in.Within(who.Grid) {
				t.State = CallElsewhere
			}
		}
		if !slices.Contains(t.Indexes, in.Index) && len(t.Indexes) < maxIndexes {
			t.Indexes = append(t.Indexes, in.Index)
		}
		better := Task{Call: Call{Hop: c.Hop, Exposure: c.Exposure, LastMet: c.LastMet}}
		if better.ID = t.ID; fresh || better.rank(t) < 0 {
			t.Hop, t.Exposure, t.Kinds, t.Place = c.Hop, c.Exposure, c.Kinds, c.Place
		}
		t.LastMet = max(t.LastMet, c.LastMet)
		return nil
	})
}
