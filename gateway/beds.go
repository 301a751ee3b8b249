package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// bedView is an isolation bed.
type bedView struct {
	ID       string       `json:"id"`
	Node     string       `json:"node"`
	Room     string       `json:"room"`
	Bed      string       `json:"bed"`
	State    string       `json:"state"` // free, occupied, to_clean, out_of_use
	Since    utcTime      `json:"since"` // in this state
	Note     string       `json:"note"`  // of whoever brought it into this state
	Stay     *string      `json:"stay"`
	Occupant *bedStayView `json:"occupant"` // null if nobody is in it, or somebody who was erased
}

// bedStayView is somebody who waits for a bed or is in one. Name in full and ID are for
// medics.
type bedStayView struct {
	ID       string   `json:"id"`
	Node     string   `json:"node"`
	State    string   `json:"state"` // waiting, in_bed, left, cancelled
	Resident *string  `json:"resident"`
	Name     string   `json:"name"`
	Since    *utcTime `json:"since"` // waiting, or in the bed
	Until    *utcTime `json:"until"`
	Overdue  bool     `json:"overdue"`
	Ref      string   `json:"ref"`
	Note     string   `json:"note"`
	To       string   `json:"to"` // where they went
}

func viewOfBed(m *checkpoint.Matter) (bedView, error) {
	var b office.Bed
	err := m.Get(&b)
	view := bedView{ID: m.ID.String(), Node: m.Node, Room: b.Room, Bed: b.Bed, State: m.State, Note: b.Note, Stay: idOrNil(b.Stay)}
	if n := len(m.Steps); n > 0 {
		last := m.Steps[n-1]
		if view.Since = utcTime(last.At); last.Note != "" {
			view.Note = last.Note
		}
	}
	return view, err
}

// seesPatients tells whether somebody sees who is in a bed.
func seesPatients(who principal) bool {
	return who.Staff != nil && (who.Staff.Role == checkpoint.RoleMedic || who.Staff.Role == checkpoint.RoleAdmin)
}

func (s *Server) viewOfStay(c *fiber.Ctx, v *office.StayView, p *checkpoint.Resident) *bedStayView {
	view := &bedStayView{
		ID: v.Matter.ID.String(), Node: v.Matter.Node, State: v.Matter.State, Since: timeOrNil(cmp.Or(v.Stay.Since, v.Matter.OpenedAt)),
		Until: timeOrNil(v.Stay.Until), Overdue: v.Matter.Late(s.now()), Ref: v.Stay.Ref, Note: v.Stay.Note, To: v.Stay.To,
	}
	if p == nil {
		return view
	}
	if view.Name = p.NameMasked; seesPatients(principalOf(c)) {
		id := checkpoint.FormatPersonID(p.ID)
		view.Resident, view.Name = &id, p.Name
		s.about(c, p.ID)
	}
	return view
}

// handleBeds gives the register of beds at a node and below it.
func (s *Server) handleBeds(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	of, err := s.office.Beds(s.context(c), node)
	if err != nil {
		return err
	}
	people, err := s.peopleInBeds(s.context(c), &of)
	if err != nil {
		return err
	}
	beds, waiting := make([]bedView, len(of.Beds)), make([]*bedStayView, len(of.Waiting))
	for i := range of.Beds {
		if beds[i], err = viewOfBed(&of.Beds[i].Matter); err != nil {
			return err
		}
		if who := of.Beds[i].Occupant; who != nil {
			beds[i].Occupant = s.viewOfStay(c, who, people[who.Matter.Person])
		}
	}
	slices.SortFunc(beds, func(a, b bedView) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Room, b.Room), cmp.Compare(a.Bed, b.Bed))
	})
	for i := range of.Waiting {
		waiting[i] = s.viewOfStay(c, &of.Waiting[i], people[of.Waiting[i].Matter.Person])
	}
	s.rows(c, len(beds)+len(waiting))
	return c.JSON(fiber.Map{"counts": of.Counts(), "beds": beds, "waiting": waiting})
}

func (s *Server) peopleInBeds(ctx context.Context, of *office.BedsOf) (map[uint64]*checkpoint.Resident, error) {
	var ids []uint64
	for i := range of.Beds {
		if who := of.Beds[i].Occupant; who != nil {
			ids = append(ids, who.Matter.Person)
		}
	}
	for i := range of.Waiting {
		ids = append(ids, of.Waiting[i].Matter.Person)
	}
	people, err := s.store.Residents(ctx, ids)
	byID := make(map[uint64]*checkpoint.Resident, len(people))
	for i := range people {
		byID[people[i].ID] = &people[i]
	}
	return byID, err
}

// handleAddBed registers a bed.
func (s *Server) handleAddBed(c *fiber.Ctx) error {
	var in struct {
		Node string `json:"node"`
		Room string `json:"room"`
		Bed  string `json:"bed"`
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayAt(c, in.Node); err != nil {
		return err
	}
	m, err := s.office.AddBed(s.context(c), principalOf(c).Staff.Num, in.Node, in.Room, in.Bed, in.Note)
	return answerBed(c, &m, err)
}

func answerBed(c *fiber.Ctx, m *checkpoint.Matter, err error) error {
	if err != nil {
		return err
	}
	view, err := viewOfBed(m)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

// admissionBody is somebody who gets a bed, or waits for one.
type admissionBody struct {
	Node     string `json:"node"` // of the beds, for waiting only
	Resident string `json:"resident"`
	Stay     string `json:"stay"` // instead, of who waits for this bed's node: the entry of the list
	Until    string `json:"until"`
	Ref      string `json:"ref"`
	Note     string `json:"note"`
}

// admission reads it; waitingAt is the node at which the caller may admit whoever
// waits there, or is there already, wherever they live.
func (s *Server) admission(c *fiber.Ctx, in *admissionBody, waitingAt string) (a office.Admission, err error) {
	a = office.Admission{Ref: in.Ref, Note: in.Note, By: principalOf(c).Staff.Num}
	if in.Stay != "" {
		a.Person, err = s.whoWaits(c, in, waitingAt)
	} else {
		a.Person, err = checkpoint.ParsePersonID(in.Resident)
	}
	if err != nil {
		return a, err
	}
	if in.Until != "" {
		if a.Until, err = parseTime("until", in.Until); err != nil {
			return a, err
		}
	}
	s.about(c, a.Person)
	if err := s.mayWith(c, a.Person); err == nil || waitingAt == "" {
		return a, err
	} else if code := explain(err).code; code != codeOutOfScope {
		return a, err
	}
	stay, err := s.office.BedStay(s.context(c), office.StayID(a.Person))
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return a, outOfScope()
	case err == nil && (!stay.Matter.Open() || stay.Matter.Node != waitingAt):
		return a, outOfScope()
	}
	return a, err
}

// whoWaits is the person of an entry of the list of those who wait at a node: leaders,
// who see no more than the entry, assign beds, too. admission tells whether they may.
func (s *Server) whoWaits(c *fiber.Ctx, in *admissionBody, node string) (uint64, error) {
	id, err := checkpoint.ParseMatterID(in.Stay)
	if err != nil || in.Resident != "" || node == "" {
		return 0, invalid("stay", "must be the id of who waits for a bed, instead of resident")
	}
	stay, err := s.office.BedStay(s.context(c), id)
	return stay.Matter.Person, s.hidden(principalOf(c), err)
}

// handleWaitForBed says that somebody needs a bed at a node.
func (s *Server) handleWaitForBed(c *fiber.Ctx) error {
	var in admissionBody
	if err := decode(c, &in); err != nil {
		return err
	}
	if _, ok := s.store.Registry().Grid(in.Node); !ok {
		return invalid("node", "must be the node of the grid that has the beds")
	}
	a, err := s.admission(c, &in, "")
	if err != nil {
		return err
	}
	m, err := s.office.WaitForBed(s.context(c), in.Node, a)
	return s.answerStay(c, &m, err)
}

// answerStay shows a stay as whoever changed it may see it.
func (s *Server) answerStay(c *fiber.Ctx, m *checkpoint.Matter, err error) error {
	if err != nil {
		return err
	}
	v := office.StayView{Matter: *m}
	if err := m.Get(&v.Stay); err != nil {
		return err
	}
	people, err := s.store.Residents(s.context(c), []uint64{m.Person})
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return c.JSON(s.viewOfStay(c, &v, nil))
	}
	return c.JSON(s.viewOfStay(c, &v, &people[0]))
}

// handleCancelWait says that somebody needs no bed any more.
func (s *Server) handleCancelWait(c *fiber.Ctx) error {
	var in struct {
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := matterInPath(c)
	if err != nil {
		return err
	}
	stay, err := s.office.BedStay(s.context(c), id)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), stay.Matter.Node) {
		if err := s.mayWith(c, stay.Matter.Person); err != nil {
			return err
		}
	}
	s.about(c, stay.Matter.Person)
	m, err := s.office.CancelWait(s.context(c), principalOf(c).Staff.Num, id, in.Note)
	return s.answerStay(c, &m, err)
}
