package gateway

import (
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// contactBudget is how long contacts of contacts are looked for; what a hop
// under way then takes on top of it fits into the request's time.
const contactBudget = 4 * time.Second

// tracedContact is one contact. FirstAt and LastAt are about the meetings with the
// one before in the chain, as are kinds, minutes, exposure and evidence.
type tracedContact struct {
	Hop          int           `json:"hop"`
	Person       tracedPerson  `json:"person"`
	Kinds        []string      `json:"kinds"`
	Exposure     int64         `json:"exposure"`
	Minutes      int64         `json:"minutes"`
	Meetings     int           `json:"meetings"`
	FirstAt      utcTime       `json:"first_at"`
	LastAt       utcTime       `json:"last_at"`
	InfectedFrom utcTime       `json:"infected_from"`
	Chain        []linkView    `json:"chain"`
	Evidence     []meetingView `json:"evidence"`
}

// linkView is one step of a chain: who, from when on, and by which meeting.
type linkView struct {
	Person       tracedPerson `json:"person"`
	InfectedFrom utcTime      `json:"infected_from"`
	Kind         string       `json:"kind"`
	Site         string       `json:"site"`
}

// meetingView is one occasion. Mine and Theirs are the passages of the one
// before in the chain and of the contact, at a gate or in a vehicle; MyStay and
// TheirStay their stays at a venue, as far as they lie in the period.
type meetingView struct {
	Kind         string      `json:"kind"`
	Site         string      `json:"site"`
	SiteName     string      `json:"site_name"`
	From         utcTime     `json:"from"`
	To           utcTime     `json:"to"`
	Minutes      int64       `json:"minutes"`
	Open         bool        `json:"open"`
	Inferred     bool        `json:"inferred"`
	UnknownStart bool        `json:"unknown_start"`
	Mine         *atGateView `json:"mine,omitempty"`
	Theirs       *atGateView `json:"theirs,omitempty"`
	MyStay       *stayAtView `json:"my_stay,omitempty"`
	TheirStay    *stayAtView `json:"their_stay,omitempty"`
}

type stayAtView struct {
	From         utcTime `json:"from"`
	To           utcTime `json:"to"`
	Open         bool    `json:"open"`
	Inferred     bool    `json:"inferred"`
	UnknownStart bool    `json:"unknown_start"`
}

type atGateView struct {
	At        utcTime `json:"at"`
	Gate      string  `json:"gate"`
	Direction string  `json:"direction"`
	Decision  string  `json:"decision"`
}

// staffContactView is somebody on shift who scanned the person.
type staffContactView struct {
	Login   string   `json:"login"`
	FirstAt utcTime  `json:"first_at"`
	LastAt  utcTime  `json:"last_at"`
	Scans   int      `json:"scans"`
	Gates   []string `json:"gates"`
}

// cutView says what the answer leaves out.
type cutView struct {
	Kind string `json:"kind"`
	Hop  int    `json:"hop"`
	At   int    `json:"at"`
	Of   int    `json:"of"`
	Site string `json:"site"`
}

// weightView is one row of the table by which contacts are ranked.
type weightView struct {
	Kind   string `json:"kind"`
	Weight int64  `json:"weight"`
	Per    string `json:"per"`
}

type contactsView struct {
	Resident   tracedPerson       `json:"resident"`
	From       utcTime            `json:"from"`
	To         utcTime            `json:"to"`
	AsOf       utcTime            `json:"as_of"`
	Period     string             `json:"period"` // given, or from the case
	Hops       int                `json:"hops"`
	GateMargin int                `json:"gate_margin"` // s
	MinOverlap int                `json:"min_overlap"` // min
	Contacts   []tracedContact    `json:"contacts"`
	Total      int                `json:"total"`
	Outside    int                `json:"outside"`
	Staff      []staffContactView `json:"staff"`
	Cuts       []cutView          `json:"cuts"`
	Weights    []weightView       `json:"weights"`
}

// handleContacts answers whom a person met, directly and by chains of meetings.
func (s *Server) handleContacts(c *fiber.Ctx) error {
	q, view, err := s.contactQuery(c)
	if err != nil {
		return err
	}
	if err := s.ask(c, question{people: []uint64{q.Person}, from: q.From, to: q.To, hops: q.Hops}); err != nil {
		return err
	}
	res, err := s.store.Contacts(s.context(c), q)
	if err != nil {
		return err
	}
	people, err := s.traced(c, peopleOf(&res))
	if err != nil {
		return err
	}
	if in := inquiryOf(c); in != nil {
		if err := s.store.NoteMet(s.context(c), in.kase.Code, peopleOf(&res)[1:]); err != nil {
			return err
		}
	}
	s.rows(c, len(res.Contacts))
	s.fillContacts(&view, &res, people)
	if wantsCSV(c) {
		return sendCSV(c, contactColumns, contactRows(&view))
	}
	return c.JSON(view)
}

// contactQuery reads the question, and begins the answer with what it was.
func (s *Server) contactQuery(c *fiber.Ctx) (q checkpoint.ContactQuery, view contactsView, err error) {
	q.Person, q.Budget = residentOf(c).ID, contactBudget
	if err := s.contactPeriod(c, &q, &view); err != nil {
		return q, view, err
	}
	for _, n := range []struct {
		name        string
		to          *int
		def, lo, hi int
	}{
		{"hops", &view.Hops, 1, 1, checkpoint.MaxHops},
		{"gate_margin", &view.GateMargin, int(checkpoint.DefaultGateMargin.Seconds()), 0, int(checkpoint.MaxGateMargin.Seconds())},
		{"min_overlap", &view.MinOverlap, int(checkpoint.DefaultMinOverlap.Minutes()), 0, int(checkpoint.MaxMinOverlap.Minutes())},
		{"expand", &q.Expand, checkpoint.DefaultExpand, 1, checkpoint.MaxExpand},
		{"limit", &q.Limit, checkpoint.DefaultContacts, 1, checkpoint.MaxContacts},
	} {
		if *n.to, err = queryNumber(c, n.name, n.def, n.lo, n.hi); err != nil {
			return q, view, err
		}
	}
	q.Hops = view.Hops
	q.GateMargin, q.MinOverlap = time.Duration(view.GateMargin)*time.Second, time.Duration(view.MinOverlap)*time.Minute
	return q, view, nil
}

// contactPeriod is the one that is given, or that of the case: cut, if need be,
// to the latest days that one question under the case may be about.
func (s *Server) contactPeriod(c *fiber.Ctx, q *checkpoint.ContactQuery, view *contactsView) (err error) {
	in := inquiryOf(c)
	if c.Query("from") != "" || c.Query("to") != "" || in == nil {
		view.Period = "given"
		q.From, q.To, err = s.window(c)
		return err
	}
	view.Period = "case"
	q.From, q.To = in.kase.Period(s.now())
	days := in.kase.CapsAt(s.now()).Days
	if asked := wholeDays(q.From, q.To); asked > days {
		view.Cuts = append(view.Cuts, cutView{Kind: "days", At: days, Of: asked})
		q.From = q.To - int64(days)*dayMillis
	}
	return nil
}

// peopleOf lists everybody whom an answer names.
func peopleOf(res *checkpoint.ContactResult) []uint64 {
	ids, seen := []uint64{res.Person}, map[uint64]bool{res.Person: true}
	for i := range res.Contacts {
		for _, l := range res.Contacts[i].Chain { // the contact is the last of it
			if !seen[l.Person] {
				seen[l.Person] = true
				ids = append(ids, l.Person)
			}
		}
	}
	return ids
}

// fillContacts renders the answer.
func (s *Server) fillContacts(view *contactsView, res *checkpoint.ContactResult, people map[uint64]tracedPerson) {
	reg := s.store.Registry()
	view.Resident, view.From, view.To, view.AsOf = people[res.Person], utcTime(res.From), utcTime(res.To), utcTime(res.AsOf)
	view.Contacts, view.Total, view.Staff = make([]tracedContact, len(res.Contacts)), res.Total, make([]staffContactView, len(res.Staff))
	for i := range res.Contacts {
		view.Contacts[i] = viewOfContact(reg, &res.Contacts[i], people)
		if view.Contacts[i].Person.Outside {
			view.Outside++
		}
	}
	for i, st := range res.Staff {
		view.Staff[i] = staffContactView{st.Login, utcTime(st.First), utcTime(st.Last), st.Scans, make([]string, len(st.Gates))}
		for k, gate := range st.Gates {
			view.Staff[i].Gates[k] = gateCode(reg, gate)
		}
	}
	view.Cuts = append([]cutView{}, view.Cuts...)
	for _, cut := range res.Cuts {
		view.Cuts = append(view.Cuts, cutView{string(cut.Kind), cut.Hop, cut.At, cut.Of, siteCode(reg, cut.Site)})
	}
	for _, w := range checkpoint.ContactWeights() {
		view.Weights = append(view.Weights, weightView{w.Kind.String(), w.Weight, w.Per})
	}
}

func viewOfContact(reg *checkpoint.Registry, c *checkpoint.Contact, people map[uint64]tracedPerson) tracedContact {
	v := tracedContact{
		Hop: c.Hop, Person: people[c.Person], Kinds: kindNames(c.Kinds), Exposure: c.Exposure, Minutes: c.Minutes, Meetings: c.Meetings,
		FirstAt: utcTime(c.First), LastAt: utcTime(c.Last), InfectedFrom: utcTime(c.Infected),
		Chain: make([]linkView, len(c.Chain)), Evidence: make([]meetingView, len(c.Evidence)),
	}
	for i := range c.Chain {
		l := &c.Chain[i]
		v.Chain[i] = linkView{people[l.Person], utcTime(l.Infected), l.Meeting.Kind.String(), siteCode(reg, l.Meeting.Site)}
	}
	for i := range c.Evidence {
		v.Evidence[i] = viewOfMeeting(reg, &c.Evidence[i])
	}
	return v
}

func viewOfMeeting(reg *checkpoint.Registry, m *checkpoint.Meeting) meetingView {
	v := meetingView{
		Kind: m.Kind.String(), From: utcTime(m.From), To: utcTime(m.To), Open: m.Open, Inferred: m.Inferred, UnknownStart: m.UnknownStart,
	}
	if site, ok := reg.SiteByNum(m.Site); ok {
		v.Site, v.SiteName = site.Code, site.Name
	}
	if m.Kind == checkpoint.ContactVenue {
		v.Minutes = (m.To - m.From) / time.Minute.Milliseconds()
		v.MyStay, v.TheirStay = viewOfPresence(m.MyStay), viewOfPresence(m.TheirStay)
	}
	if m.Kind == checkpoint.ContactGate || m.Kind == checkpoint.ContactVehicle {
		v.Mine, v.Theirs = viewAtGate(reg, m.Mine), viewAtGate(reg, m.Theirs)
	}
	return v
}

func viewOfPresence(p checkpoint.Presence) *stayAtView {
	return &stayAtView{utcTime(p.From), utcTime(p.To), p.Open, p.Inferred, p.UnknownStart}
}

func viewAtGate(reg *checkpoint.Registry, p checkpoint.Passage) *atGateView {
	return &atGateView{utcTime(p.At), gateCode(reg, p.Gate), p.Direction.String(), p.Decision.String()}
}

func kindNames(kinds []checkpoint.ContactKind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.String()
	}
	return names
}

func gateCode(reg *checkpoint.Registry, num uint32) string {
	if gate, ok := reg.GateByNum(num); ok {
		return gate.Code
	}
	return ""
}

func siteCode(reg *checkpoint.Registry, num uint32) string {
	if site, ok := reg.SiteByNum(num); ok {
		return site.Code
	}
	return ""
}

const contactColumns = "rank,hop,person,outside,area,name_masked,kind,home,met,exposure,minutes,meetings,first_at,last_at,infected_from,through,site"

// contactRows is the list as a table: one row a contact, without the evidence.
func contactRows(view *contactsView) [][]string {
	rows := make([][]string, len(view.Contacts))
	for i := range view.Contacts {
		v := &view.Contacts[i]
		through := view.Resident.ID
		if n := len(v.Chain); n > 1 {
			through = v.Chain[n-2].Person.ID
		}
		row := append([]string{strconv.Itoa(i + 1), strconv.Itoa(v.Hop)}, v.Person.fields()...)
		rows[i] = append(row, strings.Join(v.Kinds, " "), strconv.FormatInt(v.Exposure, 10), strconv.FormatInt(v.Minutes, 10),
			strconv.Itoa(v.Meetings), v.FirstAt.String(), v.LastAt.String(), v.InfectedFrom.String(), through, v.Chain[len(v.Chain)-1].Site)
	}
	return rows
}
