package checkpoint

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// trouble is something that speaks against a scan, and what the step that looks
// at it answers. Flags are another matter.
type trouble struct {
	step   string
	facts  facts
	answer Outcome
}

// troubles has at least one for every reason of every step.
var troubles = []trouble{
	{"repeat", facts{"sent": "before"}, Outcome{}}, // its first answer, whatever that was
	{"device", facts{"device": "revoked"}, Outcome{Decision: Deny, Reason: ReasonDeviceRevoked, Action: SendBack}},
	{"code", facts{"person": "unread", "shows": "code", "code": "damaged"}, Outcome{Decision: Deny, Reason: ReasonMalformed, Action: Register}},
	{"code", facts{"person": "unread", "shows": "code", "code": "foreign"}, Outcome{Decision: Deny, Reason: ReasonNotOurPass, Action: Register}},
	{"code", facts{"person": "unread", "shows": "code", "code": "unknown key"}, Outcome{Decision: Deny, Reason: ReasonUnknownKey, Action: SendBack}},
	{"code", facts{"person": "unread", "shows": "code", "code": "forged"}, Outcome{Decision: Deny, Reason: ReasonBadSignature, Action: SendBack}},
	{"person", facts{"person": "unknown"}, Outcome{Decision: Deny, Reason: ReasonUnknownPerson, Action: Register}},
	{"confined", facts{"person": "known", "status": "red"}, Outcome{}}, // of the table itself: the cell says it
	{"confined", facts{"person": "known", "status": "observation"}, Outcome{}},
	{"confined", facts{"person": "known", "status": "quarantine"}, Outcome{}},
	{"pass", facts{"shows": "app", "valid": "over"}, Outcome{Decision: Deny, Reason: ReasonExpired, Action: Register}},
	{"pass", facts{"shows": "app", "valid": "early"}, Outcome{Decision: Deny, Reason: ReasonNotYetValid, Action: Register}},
	{"pass", facts{"person": "known", "shows": "app", "generation": "old"}, Outcome{Decision: Deny, Reason: ReasonRevoked, Action: Register}},
	{"table", facts{"person": "known", "status": "outsider"}, Outcome{}},
	{"table", facts{"person": "known", "status": "gone"}, Outcome{}},
	{"permit", facts{"person": "known", "permit": "good"}, Outcome{Decision: Pass, Reason: ReasonOK, Action: Admit}},
	{"permit", facts{"person": "known", "permit": "coming"}, Outcome{Decision: Deny, Reason: ReasonNotYetValid, Action: Register}},
	{"permit", facts{"person": "known", "permit": "over"}, Outcome{Decision: Deny, Reason: ReasonPermitExpired, Action: Register}},
	{"permit", facts{"person": "known", "permit": "used"}, Outcome{Decision: Deny, Reason: ReasonPermitUsed, Action: Register}},
	{"fever_case", facts{"person": "known", "case": "open"}, Outcome{Decision: Deny, Reason: ReasonFever, Action: HoldHere}},
	{"fever_home", facts{"person": "known", "case": "open"}, Outcome{Decision: Deny, Reason: ReasonFever, Action: HoldHere}},
	{"cut_off", facts{"gateway": "cut off"}, Outcome{Decision: Deny, Reason: ReasonCutOff, Action: SendBack}},
	{"closed", facts{"site": "closed"}, Outcome{Decision: Deny, Reason: ReasonSiteClosed, Action: SendBack}},
	{"hours", facts{"time": "night"}, Outcome{Decision: Deny, Reason: ReasonOutsideHours, Action: SendBack}},
	{"full", facts{"room": "full", "inside": "no"}, Outcome{Decision: Deny, Reason: ReasonSiteFull, Action: SendBack}},
	{"outings", facts{"person": "known", "household": "used up"}, Outcome{Decision: Deny, Reason: ReasonQuota, Action: SendBack}},
	{"disinfection", facts{"car": "dirty"}, Outcome{Decision: Incomplete, Reason: ReasonDisinfection, Action: Disinfect}},
	{"temperature", facts{"reading": "missing"}, Outcome{Decision: Incomplete, Reason: ReasonTemperatureRequired, Action: MeasureAgain}},
	{"temperature", facts{"reading": "high"}, Outcome{Decision: Remeasure, Reason: ReasonRemeasure, Action: MeasureAgain}},
	{"temperature", facts{"person": "known", "reading": "high again"}, Outcome{Decision: Deny, Reason: ReasonFever, Action: HoldHere}},
	{"temperature", facts{"reading": "low"}, Outcome{Decision: Remeasure, Reason: ReasonTemperatureLow, Action: MeasureAgain}},
	{"temperature", facts{"person": "known", "reading": "low again"}, Outcome{Decision: Deny, Reason: ReasonTemperatureLow, Action: Register}},
	{"already_inside", facts{"person": "known", "passback": "deny", "inside": "yes", "last": "in"}, Outcome{Decision: Deny, Reason: ReasonAlreadyInside, Action: SendBack}},
	{"already_inside", facts{"person": "known", "passback": "deny", "inside": "yes", "last": "in, other gate"}, Outcome{Decision: Deny, Reason: ReasonAlreadyInside, Action: SendBack}},
	{"not_inside", facts{"person": "known", "passback": "deny", "inside": "no", "last": "out"}, Outcome{Decision: Deny, Reason: ReasonNotInside, Action: Register}},
	{"replayed_pass", facts{"person": "known", "shows": "app", "replay": "deny", "inside": "no", "last": "in, other site"}, Outcome{Decision: Deny, Reason: ReasonReplayedPass, Action: Register}},
	{"replayed_pass", facts{"person": "known", "shows": "app", "replay": "deny", "inside": "yes", "last": "in, other gate"}, Outcome{Decision: Deny, Reason: ReasonReplayedPass, Action: Register}},
	{"override", facts{"emergency": "yes"}, Outcome{Decision: Pass, Action: Admit}}, // the reason stays
	{"told", facts{"told": "otherwise"}, Outcome{Decision: told.Decision, Reason: told.Reason, Action: told.Action}},
}

// answer is what Precedence says of a scene, and which step has the last word.
func (sc *scene) answer() (got Outcome, by string) {
	for _, step := range Precedence() {
		if step.Name == "fever_case" && sc.facts["case"] == "open" && sc.own == (sc.way == In) && got.Decision == Pass && sc.asksForState() {
			got.Action = Escort // and says no more
		}
		if !slices.Contains(step.Ways, sc.way) || !step.Where.Covers(sc.kind, sc.own) {
			continue
		}
		for _, said := range sc.answersOf(step) {
			high := step.Name == "temperature" && strings.HasPrefix(sc.facts["reading"], "high")
			switch {
			case by == "", step.Replaces == ReplacesAny,
				step.Replaces == ReplacesPass && got.Decision == Pass,
				step.Replaces == ReplacesOutsider && got.Reason == ReasonOutsider:
				got, by = said, step.Name
			case step.Replaces == ReplacesRefusal && got.Decision != Pass && got.Reason != ReasonDeviceRevoked:
				got.Decision, got.Action, by = said.Decision, said.Action, step.Name
			case high && sc.asksForState(): // counts for people refused, too
				got.Action = said.Action
			}
		}
	}
	return got, by
}

// answersOf lists what a step has to say, in its order. The table always has.
func (sc *scene) answersOf(step Step) (out []Outcome) {
	if step.Name == "table" && sc.asksForState() {
		status, _ := ParseStatus(sc.facts["status"]) // none: green
		return []Outcome{tableCell(status, sc.kind, sc.way, sc.own)}
	}
	if step.Name == "confined" && sc.asksForState() {
		status, _ := ParseStatus(sc.facts["status"])
		cell := tableCell(status, sc.kind, sc.way, sc.own)
		if cell.Decision == Deny && slices.Contains(step.Reasons, cell.Reason) {
			return []Outcome{cell}
		}
		return nil
	}
	for _, tr := range sc.troubles {
		if sc.own && tr.answer.Decision == Deny && tr.answer.Reason == ReasonTemperatureLow {
			continue // not at home
		}
		if tr.facts["case"] == "open" && strings.HasPrefix(step.Name, "fever") { // one trouble, two steps
			return []Outcome{tr.answer}
		}
		if tr.step == step.Name && tr.step != "table" {
			out = append(out, tr.answer)
		}
	}
	slices.SortStableFunc(out, func(a, b Outcome) int {
		return slices.Index(step.Reasons, a.Reason) - slices.Index(step.Reasons, b.Reason)
	})
	return out
}

// asksForState tells whether a person's record is looked at.
func (sc *scene) asksForState() bool {
	return sc.facts["person"] != "unknown" && sc.facts["person"] != "unread" && sc.facts["device"] == ""
}

// scenesOf builds every trouble alone, on every way and at every sort of site,
// and every two that one scan can have where both steps have a say.
func scenesOf() (scenes []*scene) {
	add := func(name string, way Direction, kind SiteKind, own bool, some ...trouble) {
		f := facts{}
		for _, tr := range some {
			joined, ok := f.with(tr.facts)
			if !ok {
				return
			}
			f = joined
		}
		n := len(scenes)
		sc := &scene{troubles: some, facts: f, way: way, kind: kind, own: own, code: fmt.Sprintf("p%d", n)}
		copy(sc.pass[:], fmt.Sprintf("%08d", n))
		sc.name = fmt.Sprintf("%s, %v at a %v, own home %v: %v", name, way, kind, own, f)
		scenes = append(scenes, sc)
	}
	steps := map[string]Step{}
	for _, step := range Precedence() {
		steps[step.Name] = step
	}
	for _, way := range []Direction{In, Out} {
		for _, at := range []struct {
			kind SiteKind
			own  bool
		}{{Village, true}, {Village, false}, {Mall, false}} {
			says := func(tr trouble) bool {
				step := steps[tr.step]
				return slices.Contains(step.Ways, way) && step.Where.Covers(at.kind, at.own)
			}
			for i, tr := range troubles {
				add(tr.step, way, at.kind, at.own, tr)
				for _, second := range troubles[i+1:] {
					if says(tr) && says(second) {
						add(tr.step+" and "+second.step, way, at.kind, at.own, tr, second)
					}
				}
			}
		}
	}
	return scenes
}

// The published order is the script's: whatever speaks against a scan, alone or
// two at once, the running script answers as Precedence says, on the ways and
// at the sites that it says, and the answer is on record.
func TestScriptFollowsThePublishedPrecedence(t *testing.T) {
	t.Parallel()
	st := playScenes(t)
	given, pairs := map[string]bool{}, map[string]bool{}
	st.each(func(ctx context.Context, sc *scene) error {
		res, err := st.send(ctx, sc, sc.req)
		if err != nil {
			return err
		}
		want, _ := sc.answer()
		if sc.facts["sent"] == "before" {
			want = sc.first.Outcome
		}
		got := res.Outcome
		got.Flags, want.Flags = 0, 0
		if got != want || res.Duplicate != (sc.facts["sent"] == "before") {
			t.Errorf("%s:\n got %v %v %v, repeat %v\nwant %v %v %v", sc.name, got.Decision, got.Reason, got.Action, res.Duplicate,
				want.Decision, want.Reason, want.Action)
		}
		again, err := st.send(ctx, sc, sc.req)
		if err == nil && (!again.Duplicate || again.Outcome != res.Outcome) {
			t.Errorf("%s: it is not on record: %+v", sc.name, again)
		}
		return err
	})
	for _, sc := range st.scenes {
		answer, by := sc.answer()
		given[by+" "+answer.Reason.String()] = true
		if len(sc.troubles) == 2 {
			pairs[sc.troubles[0].step+" "+sc.troubles[1].step] = true
		}
	}
	for _, step := range Precedence() {
		for _, reason := range step.Reasons {
			if !given[step.Name+" "+reason.String()] {
				t.Errorf("no scene in which %s gives %v", step.Name, reason)
			}
		}
	}
	steps := Precedence()
	for i, a := range steps {
		for _, b := range steps[i+1:] {
			if !pairs[a.Name+" "+b.Name] && !excludeEachOther(a, b) {
				t.Errorf("no scene with both %s and %s", a.Name, b.Name)
			}
		}
	}
	t.Logf("%d scenes, %d pairs of steps", len(st.scenes), len(pairs))
}

// excludeEachOther tells why one scan never has to do with both steps: they are
// about different ways or places; no state is known of who is unknown; who is
// inside takes no further place; recording judges nothing.
func excludeEachOther(a, b Step) bool {
	if a.Name == "confined" && b.Name == "table" {
		return true // a person has one status
	}
	ways := slices.ContainsFunc(a.Ways, func(d Direction) bool { return slices.Contains(b.Ways, d) })
	places := slices.ContainsFunc([]bool{true, false}, func(own bool) bool {
		return a.Where.Covers(Village, own) && b.Where.Covers(Village, own)
	})
	stateful := []string{"confined", "table", "permit", "fever_case", "fever_home", "outings", "already_inside", "not_inside", "replayed_pass"}
	switch {
	case !ways, !places, b.Name == "record", a.Name == "full" && b.Name == "already_inside":
		return true
	case a.Name == "code":
		return b.Name == "person" || b.Name == "pass" || slices.Contains(stateful, b.Name)
	}
	return a.Name == "person" && slices.Contains(stateful, b.Name)
}

// playScenes makes the town of all scenes and plays up to their scan.
func playScenes(t *testing.T) *stage {
	t.Helper()
	s, clock := newStore(t)
	st := &stage{t, s, clock, scenesOf()}
	must(t, s.Change(t.Context(), func(d *Draft) error { return st.draft(d, (*scene).found) }))
	var rows []NewResident
	for n, sc := range st.scenes {
		rows = append(rows, sc.people(n)...)
	}
	ids := mustEnrol(t, s, rows...)
	for n, sc := range st.scenes {
		sc.person, sc.mate, sc.other = ids[3*n], ids[3*n+1], ids[3*n+2]
	}
	for _, past := range []func(context.Context, *scene) error{
		st.permitted, st.passed, st.feverish, st.measured, st.crowded, st.prepare,
	} {
		st.each(past)
	}
	st.each(func(ctx context.Context, sc *scene) (err error) {
		if sc.facts["sent"] == "before" {
			sc.first, err = st.send(ctx, sc, sc.req)
		}
		return err
	})
	must(t, s.Change(t.Context(), func(d *Draft) error { return st.draft(d, (*scene).strict) }))
	st.each(func(ctx context.Context, sc *scene) error {
		if sc.facts["generation"] == "old" {
			if _, err := s.Revoke(ctx, sc.person); err != nil {
				return err
			}
		}
		status, err := ParseStatus(sc.facts["status"])
		if err != nil {
			return nil // it stays green
		}
		return s.SetStatus(ctx, sc.person, status)
	})
	must(t, s.watchOccupancy(t.Context()))
	return st
}

func (st *stage) draft(d *Draft, put func(*scene, *Draft) error) error {
	for _, sc := range st.scenes {
		if err := put(sc, d); err != nil {
			return fmt.Errorf("%s: %w", sc.name, err)
		}
	}
	return nil
}
