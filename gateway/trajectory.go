package gateway

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/trajectory"
)

// lookBack is how far before the window the events are read that tell where
// the person was when it began.
const lookBack = 28 * 24 * time.Hour

type stayView struct {
	Site         string   `json:"site"`
	SiteName     string   `json:"site_name"`
	EntryGate    string   `json:"entry_gate"`
	ExitGate     string   `json:"exit_gate"`
	From         utcTime  `json:"from"`
	To           *utcTime `json:"to"`
	Open         bool     `json:"open"`
	Inferred     bool     `json:"inferred"`
	UnknownStart bool     `json:"unknown_start"`
	Reentry      bool     `json:"reentry"`
	Late         bool     `json:"late"`
	Conflict     bool     `json:"conflict"`
	Why          []string `json:"why"` // codes of the rules that set these marks
	Minutes      int64    `json:"minutes"`
}

// attemptView is an entry that was refused.
type attemptView struct {
	OccurredAt utcTime `json:"occurred_at"`
	Gate       string  `json:"gate"`
	Site       string  `json:"site"`
	SiteName   string  `json:"site_name"`
	Decision   string  `json:"decision"`
	Reason     string  `json:"reason"`
}

// trajectoryView is where a person was.
type trajectoryView struct {
	Resident  trailOwner               `json:"resident"`
	From      utcTime                  `json:"from"`
	To        utcTime                  `json:"to"`
	Stays     []stayView               `json:"stays"`
	Attempts  []attemptView            `json:"attempts"`
	Explained []trajectory.Explanation `json:"explained"` // the rules that any stay names in why
	Events    []eventView              `json:"events"`
}

// handleTrajectory answers where a person was: the stays that touch the window
// and the events in it; as JSON, as a table of the stays, or as a picture.
func (s *Server) handleTrajectory(c *fiber.Ctx) error {
	from, to, err := s.window(c)
	if err != nil {
		return err
	}
	person := residentOf(c)
	if err := s.ask(c, question{people: []uint64{person.ID}, from: from, to: to}); err != nil {
		return err
	}
	early := max(0, from-lookBack.Milliseconds(), to-maxSpan.Milliseconds())
	events, err := s.store.TrailEvents(s.context(c), person.ID, early, to)
	if err != nil {
		return err
	}
	reg := s.store.Registry()
	stays := staysFrom(reg, events, from, min(to, s.now()))
	views := eventsFrom(reg, events, from)
	events = events[len(events)-len(views):]
	s.rows(c, len(views))
	switch c.Accepts(fiber.MIMEApplicationJSON, mimeCSV, mimeSVG) {
	case mimeCSV:
		return sendCSV(c, stayColumns, stayRows(viewOfStays(reg, stays)))
	case mimeSVG:
		return s.sendTimeline(c, person, timelineOf(reg, stays, events, from, to))
	}
	who, err := s.nameTrail(s.context(c), person, events, views)
	if err != nil {
		return err
	}
	var why trajectory.Why
	for i := range stays {
		why |= stays[i].Why
	}
	return c.JSON(trajectoryView{
		who, utcTime(from), utcTime(to), viewOfStays(reg, stays), attemptsIn(reg, events), why.Explain(), views,
	})
}

// trailOwner is whose trajectory it is. KnownAs is whom a walk-in turned out to
// be: the whole trajectory is theirs.
type trailOwner struct {
	ID         string         `json:"id"`
	NameMasked string         `json:"name_masked"`
	Home       string         `json:"home"`
	KnownAs    *personInEvent `json:"known_as,omitempty"`
}

// nameTrail says whose trail it is and, in the views of its events, which were
// recorded under the ID of a walk-in whom the person turned out to be.
func (s *Server) nameTrail(ctx context.Context, person checkpoint.Resident, events []checkpoint.ScanEvent, views []eventView) (trailOwner, error) {
	ids := []uint64{person.ID}
	for i := range events {
		if id := events[i].Person; !slices.Contains(ids, id) { // at most 17
			ids = append(ids, id)
		}
	}
	people, err := s.store.Views(ctx, ids)
	if err != nil {
		return trailOwner{}, err
	}
	for i := range events {
		if id := events[i].Person; id != person.ID {
			views[i].Person = viewOfPerson(id, people[id])
		}
	}
	owner := viewOfPerson(person.ID, people[person.ID])
	return trailOwner{owner.ID, person.NameMasked, person.Site, owner.KnownAs}, nil
}

// staysFrom folds the events and gives the stays that end at or after from.
func staysFrom(reg *checkpoint.Registry, events []checkpoint.ScanEvent, from, asOf int64) []trajectory.Stay {
	stays := trajectory.Fold(reg.Facts(events), asOf, reg.StayRules())
	return slices.DeleteFunc(stays, func(stay trajectory.Stay) bool { return stay.To < from })
}

func viewOfStays(reg *checkpoint.Registry, stays []trajectory.Stay) []stayView {
	views := make([]stayView, 0, len(stays))
	for i := range stays {
		stay := &stays[i]
		view := stayView{
			From: utcTime(stay.From), Open: stay.Open, Inferred: stay.Inferred, UnknownStart: stay.UnknownStart,
			Reentry: stay.Reentry, Late: stay.Late, Conflict: stay.Conflict, Why: stay.Why.Codes(),
			Minutes: (stay.To - stay.From) / time.Minute.Milliseconds(),
		}
		if site, ok := reg.SiteByNum(stay.Site); ok {
			view.Site, view.SiteName = site.Code, site.Name
		}
		if gate, ok := reg.GateByNum(stay.EntryGate); ok {
			view.EntryGate = gate.Code
		}
		if gate, ok := reg.GateByNum(stay.ExitGate); ok {
			view.ExitGate = gate.Code
		}
		if end := utcTime(stay.To); !stay.Open {
			view.To = &end
		}
		views = append(views, view)
	}
	return views
}

// attemptsIn lists the refused entries, which are in no stay.
func attemptsIn(reg *checkpoint.Registry, events []checkpoint.ScanEvent) []attemptView {
	attempts := []attemptView{}
	for i := range events {
		e := &events[i]
		if !e.Counts() || e.Direction != checkpoint.In || e.Decision == checkpoint.Pass {
			continue
		}
		view := attemptView{OccurredAt: utcTime(e.OccurredAt), Decision: e.Decision.String(), Reason: e.Reason.String()}
		if gate, site := placeOf(reg, e.Gate); gate != nil && site != nil {
			view.Gate, view.Site, view.SiteName = gate.Code, site.Code, site.Name
		}
		attempts = append(attempts, view)
	}
	return attempts
}

// eventsFrom renders the events at or after from.
func eventsFrom(reg *checkpoint.Registry, events []checkpoint.ScanEvent, from int64) []eventView {
	out := []eventView{}
	for i := range events {
		e := &events[i]
		if e.OccurredAt < from {
			continue
		}
		view := viewOfEvent(reg, e)
		if gate, site := placeOf(reg, e.Gate); gate != nil && site != nil {
			view.Gate, view.Site = gate.Code, site.Code
		}
		out = append(out, view)
	}
	return out
}

// placeOf finds a gate by the number in events, and its site.
func placeOf(reg *checkpoint.Registry, num uint32) (*checkpoint.Gate, *checkpoint.Site) {
	gate, ok := reg.GateByNum(num)
	if !ok {
		return nil, nil
	}
	site, ok := reg.Site(gate.Site)
	if !ok {
		return gate, nil
	}
	return gate, site
}
