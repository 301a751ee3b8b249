package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// KindObservation is the kind of observations ("four ones": one leader, one cadre and
// one medic for each person, and one report a day). Whoever has an open one also has
// an open record of checkpoint.KindObserved that names it, so nobody has two.
//
// The observation is what ends the status that it gives: it is written first, then
// the status, and both again until both are there (Settle). A later decision about
// the status by somebody else is followed: another end is the observation's end, and
// a status that no longer keeps anybody at home closes it. When its time is over it
// releases the person, or holds them over for a decision; the status does not lapse
// meanwhile (checkpoint/statuslapse.go), but for who waits longer than
// checkpoint.HoldOver.
const KindObservation checkpoint.MatterKind = "observation"

// The states of an observation.
const (
	ObservationStarting = "starting" // the status is still to be written
	ObservationRunning  = "running"
	ObservationHeld     = "held"   // its time is over and the rule does not release: somebody has to decide
	ObservationEnding   = "ending" // the decision is taken, the status still to be written
	ObservationEnded    = "ended"
)

// How an observation ended.
const (
	EndedByRule    = "rule"       // its time was over, and there was no fever
	EndedByOrder   = "order"      // somebody released the person
	EndedOtherwise = "superseded" // another decision about the status
	EndedByLapse   = "lapsed"     // nobody decided in time
)

// Where somebody stays.
const (
	AtHome  = "home"
	Central = "central" // an isolation bed, see the register of beds
)

// Bounds of observations.
const (
	DefaultObservationDays = 14
	MaxObservationDays     = 60
	maxDailyText           = 150 // characters of one day
	maxReason              = 200 // characters
	maxBreaches            = 40  // the last ones
	observationBack        = 30 * 24 * time.Hour
	dayMillis              = int64(24 * time.Hour / time.Millisecond)
)

// observationGrounds are those that begin one.
var observationGrounds = []checkpoint.Ground{"returned_from_risk_area", "close_contact", "fever", "authority", "observation_started"}

// releaseGrounds are those that end one by order.
var releaseGrounds = []checkpoint.Ground{groundEnded, "recovered", "authority", checkpoint.GroundCorrection}

const groundEnded checkpoint.Ground = "observation_ended"

// Three are the people who look after somebody, by login.
type Three struct {
	Leader string `json:"l"`
	Cadre  string `json:"c"`
	Medic  string `json:"m"`
}

// NewObservation is what it takes to begin one.
type NewObservation struct {
	ID       string // the client's, see checkpoint.ValidClientID
	Person   uint64
	Three    Three
	From     int64 // UTC ms, not ahead; 0: now
	Until    int64 // UTC ms; 0: DefaultObservationDays after From
	Ground   checkpoint.Ground
	Evidence string
	Place    string            // "": AtHome
	Status   checkpoint.Status // observation or quarantine; 0: observation at home, quarantine elsewhere
	Case     string            // code of a tracing case, ""
	By       uint32            // number of the member of staff, 0: the program
	Office   string            // node of the grid that they speak for
}

// Observation is what is kept of one.
type Observation struct {
	Three
	From     int64             `json:"f"` // UTC ms
	Until    int64             `json:"u"` // UTC ms
	Ground   checkpoint.Ground `json:"g"`
	Evidence string            `json:"e,omitempty"`
	Place    string            `json:"p"`
	Status   checkpoint.Status `json:"s"`
	Case     string            `json:"k,omitempty"`
	By       uint32            `json:"b,omitempty"` // whose decision it is
	Office   string            `json:"o,omitempty"`
	// Since is when the decision about the status was taken that it goes by, UTC ms;
	// 0: it is still to be written.
	Since    int64         `json:"t,omitempty"`
	Reports  []DailyReport `json:"r,omitempty"` // one a day, oldest first
	Breaches []Breach      `json:"x,omitempty"` // oldest first
	End      *End          `json:"z,omitempty"`
	Mark     string        `json:"d"` // digest of what was sent
}

// DailyReport says how somebody was on a day.
type DailyReport struct {
	Day     checkpoint.Day `json:"d"`
	AllWell bool           `json:"w,omitempty"`
	Text    string         `json:"x,omitempty"`
	At      int64          `json:"t"`           // UTC ms, of the last word
	By      uint32         `json:"b,omitempty"` // number of the member of staff, 0: the household
}

// Breach is a scan at which somebody was who had to be at home.
type Breach struct {
	Event string `json:"e"` // hash of the scan, hex
	At    int64  `json:"t"` // UTC ms
	Gate  uint32 `json:"g"`
}

// End is why one ended.
type End struct {
	How    string            `json:"h"`
	Ground checkpoint.Ground `json:"g,omitempty"`
	Reason string            `json:"r,omitempty"`
	By     uint32            `json:"b,omitempty"` // number of the member of staff, 0: the program
	Office string            `json:"o,omitempty"`
}

// observed names somebody's observation.
type observed struct {
	Observation checkpoint.MatterID `json:"o"`
}

func observedRef(person uint64) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: checkpoint.KindObserved, ID: checkpoint.ObservedID(person)}
}

// StartObservation begins one and gives the person the status. The same again changes
// nothing, and completes what was cut off. Errors: *FieldError, *Refusal (they have
// one), ErrOtherRecord, ErrNotFound, ErrUnavailable.
func (o *Office) StartObservation(ctx context.Context, n NewObservation) (checkpoint.Matter, error) {
	mark := markOf(n)
	if err := checkpoint.ValidClientID(n.ID); err != nil {
		return checkpoint.Matter{}, err
	}
	id := checkpoint.NewMatterID(KindObservation, n.ID)
	who, err := o.store.Resident(ctx, n.Person)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	unchecked := o.checkObservation(&n, &who)
	var m *checkpoint.Matter
	refs := []checkpoint.MatterRef{{Kind: KindObservation, ID: id}, observedRef(n.Person)}
	err = o.store.TurnMatters(ctx, n.By, "", refs, func(some []*checkpoint.Matter) error {
		m = some[0]
		if m.There() {
			return sameObservation(m, mark)
		}
		if unchecked != nil {
			return unchecked
		}
		if some[1].Open() && some[1].There() {
			var has observed
			if err := some[1].Get(&has); err != nil {
				return err
			}
			return refuse(CodeWrongState, "this person has the observation %s already: extend it, or release them first", has.Observation)
		}
		return n.open(some, mark, &who, o)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return o.confirm(ctx, m)
}

func sameObservation(m *checkpoint.Matter, mark string) error {
	var body Observation
	if err := m.Get(&body); err != nil {
		return err
	}
	if body.Mark != mark {
		return checkpoint.ErrOtherRecord
	}
	return errDone
}

// open writes the two records of a new one.
func (n *NewObservation) open(some []*checkpoint.Matter, mark string, who *checkpoint.Resident, o *Office) error {
	m, is := some[0], some[1]
	cadre, _ := o.store.Registry().Staff(n.Three.Cadre)
	m.Node, m.Person, m.State, m.DueAt = who.Grid, who.ID, ObservationStarting, n.Until
	if cadre != nil {
		m.Owner = cadre.Num
	}
	is.Node, is.Person, is.State, is.OpenedAt, is.ClosedAt = who.Grid, who.ID, ObservationRunning, o.store.Now(), 0
	if err := is.Put(observed{m.ID}); err != nil {
		return err
	}
	return m.Put(Observation{
		Three: n.Three, From: n.From, Until: n.Until, Ground: n.Ground, Evidence: n.Evidence, Place: n.Place,
		Status: n.Status, Case: n.Case, By: n.By, Office: n.Office, Mark: mark,
	})
}

// checkObservation fills in what was left out and refuses what cannot be.
func (o *Office) checkObservation(n *NewObservation, who *checkpoint.Resident) (err error) {
	if who.Kind != checkpoint.KindResident || who.Status == checkpoint.StatusGone {
		return refuse(CodeWrongState, "only residents are under observation: enrol the person at the home where they stay")
	}
	if who.Status == checkpoint.StatusRed {
		return refuse(CodeWrongState, "this person is red: that status has to be changed first")
	}
	if err := o.checkThree(&n.Three, who.Grid); err != nil {
		return err
	}
	if n.Evidence, err = checkpoint.CleanText("evidence", n.Evidence, maxReason, false); err != nil {
		return err
	}
	if n.Case, err = checkpoint.CleanText("case", n.Case, 20, false); err != nil {
		return err
	}
	if !slices.Contains(observationGrounds, n.Ground) {
		return &checkpoint.FieldError{Field: "ground", Why: "must be one of " + joinGrounds(observationGrounds)}
	}
	if n.Place == "" {
		n.Place = AtHome
	}
	if n.Place != AtHome && n.Place != Central {
		return &checkpoint.FieldError{Field: "place", Why: "must be home or central"}
	}
	switch {
	case n.Status == 0 && n.Place == AtHome:
		n.Status = checkpoint.StatusObservation
	case n.Status == 0:
		n.Status = checkpoint.StatusQuarantine
	case !n.Status.Observed():
		return &checkpoint.FieldError{Field: "status", Why: "must be observation or quarantine"}
	}
	now := o.store.Now()
	if n.From == 0 {
		n.From = now
	}
	if n.From > now+futureSlack.Milliseconds() || n.From < now-observationBack.Milliseconds() {
		return &checkpoint.FieldError{Field: "from", Why: "must lie at most 30 days back and not ahead"}
	}
	if n.Until == 0 {
		n.Until = n.From + DefaultObservationDays*dayMillis
	}
	return o.checkUntil(n.From, n.Until)
}

// checkUntil bounds the end.
func (o *Office) checkUntil(from, until int64) error {
	switch now := o.store.Now(); {
	case until <= now:
		return &checkpoint.FieldError{Field: "until", Why: "must lie ahead"}
	case until-from < dayMillis || until-from > MaxObservationDays*dayMillis || until-now > MaxObservationDays*dayMillis:
		return &checkpoint.FieldError{Field: "until", Why: fmt.Sprintf("must lie 1 to %d days after from", MaxObservationDays)}
	}
	return nil
}

func joinGrounds(grounds []checkpoint.Ground) string {
	names := make([]string, len(grounds))
	for i, g := range grounds {
		names[i] = string(g)
	}
	return strings.Join(names, ", ")
}
