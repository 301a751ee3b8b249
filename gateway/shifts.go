package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// shiftView is a shift as the API shows it. ClosedAt is null and EndedBy empty
// while it runs.
type shiftView struct {
	ID       string              `json:"id"`
	Gate     string              `json:"gate"`
	Device   string              `json:"device"`
	Lane     string              `json:"lane"`
	Person   personOnShift       `json:"person"`
	OpenedAt utcTime             `json:"opened_at"`
	ClosedAt *utcTime            `json:"closed_at"`
	EndedBy  checkpoint.ShiftEnd `json:"ended_by"`
	Note     string              `json:"note"`
}

type personOnShift struct {
	Login string `json:"login"`
	Name  string `json:"name"`
}

func viewOfShift(reg *checkpoint.Registry, shift *checkpoint.Shift, now int64) *shiftView {
	view := &shiftView{ID: shift.ID, OpenedAt: utcTime(shift.OpenedAt), Note: shift.Note}
	if d, ok := reg.DeviceByNum(shift.Device); ok {
		view.Gate, view.Device, view.Lane = d.Gate, d.Code, d.Lane
	}
	if st, ok := reg.StaffByNum(shift.Staff); ok {
		view.Person = personOnShift{st.Login, st.Name}
	}
	if shift.EndsAt <= now {
		end := utcTime(shift.EndsAt)
		view.ClosedAt, view.EndedBy = &end, shift.EndedBy
	}
	return view
}

// shiftOnNow is the shift that runs on a device as far as this gateway knows,
// nil if none does.
func (s *Server) shiftOnNow(d *checkpoint.Device) *shiftView {
	shift, ok := s.store.ShiftAt(d.Num, s.now())
	if !ok {
		return nil
	}
	return viewOfShift(s.store.Registry(), &shift, s.now())
}

// shiftAnswer is what a device hears of shifts: one, and the one before it with
// its hand-over note. Either may be null.
type shiftAnswer struct {
	Shift    *shiftView `json:"shift"`
	Previous *shiftView `json:"previous"`
}

func (s *Server) answerOfShift(res *checkpoint.ShiftResult) (a shiftAnswer) {
	reg, now := s.store.Registry(), s.now()
	if res.Shift.ID != "" {
		a.Shift = viewOfShift(reg, &res.Shift, now)
	}
	if res.Previous != nil {
		a.Previous = viewOfShift(reg, res.Previous, now)
	}
	return a
}

// changedShift is the answer to a change.
type changedShift struct {
	shiftAnswer
	Duplicate bool `json:"duplicate"`
}

// handleOpenShift puts the owner of a badge on shift at the device.
func (s *Server) handleOpenShift(c *fiber.Ctx) error {
	var in struct {
		ID       string `json:"id"`
		Badge    string `json:"badge"`
		OpenedAt string `json:"opened_at"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	device := principalOf(c).Device
	req := checkpoint.ShiftRequest{ID: in.ID, Device: device.Num}
	var err error
	if req.BadgeHash, err = readBadge(in.Badge); err != nil {
		return err
	}
	if req.OpenedAt, err = parseTime("opened_at", in.OpenedAt); err != nil {
		return err
	}
	res, err := s.openWithBadge(s.context(c), device, req)
	if err != nil {
		return err
	}
	return c.JSON(changedShift{s.answerOfShift(&res), res.Duplicate})
}

// handleCloseShift hands a shift of the device over.
func (s *Server) handleCloseShift(c *fiber.Ctx) error {
	var in struct {
		ID       string `json:"id"`
		Note     string `json:"note"`
		ClosedAt string `json:"closed_at"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	closedAt, err := parseTime("closed_at", in.ClosedAt)
	if err != nil {
		return err
	}
	res, err := s.store.CloseShift(s.context(c), checkpoint.CloseRequest{
		ID: in.ID, Device: principalOf(c).Device.Num, ClosedAt: closedAt, Note: in.Note,
	})
	if err != nil {
		return err
	}
	return c.JSON(changedShift{s.answerOfShift(&res), res.Duplicate})
}

// handleCurrentShift tells who is on shift at the device, and what the one
// before left to say.
func (s *Server) handleCurrentShift(c *fiber.Ctx) error {
	res, err := s.store.CurrentShift(s.context(c), principalOf(c).Device.Num)
	if err != nil {
		return err
	}
	return c.JSON(s.answerOfShift(&res))
}

// countedShift is a shift with what was scanned in it.
type countedShift struct {
	*shiftView
	Counts countsView `json:"counts"`
}

type countsView struct {
	In        map[string]int `json:"in"` // by decision
	Out       map[string]int `json:"out"`
	Fevers    int            `json:"fevers"`
	Overrides int            `json:"overrides"`
	Annulled  int            `json:"annulled"`
}

func viewOfCounts(c *checkpoint.ShiftCounts) countsView {
	view := countsView{map[string]int{}, map[string]int{}, c.Fevers, c.Overrides, c.Annulled}
	for d := range c.In {
		name := checkpoint.Decision(d).String() //nolint:gosec // four of them
		view.In[name], view.Out[name] = c.In[d], c.Out[d]
	}
	return view
}

// handleShifts lists the shifts at a gate in a window. A device sees those of
// its own gate, as far back as its events.
func (s *Server) handleShifts(c *fiber.Ctx) error {
	w, err := s.gateWindow(c)
	if err != nil {
		return err
	}
	reports, err := s.store.Shifts(s.context(c), w.Gate, w.From, w.To)
	if err != nil {
		return err
	}
	reg, now, shifts := s.store.Registry(), s.now(), make([]countedShift, len(reports))
	for i := range reports {
		r := &reports[i]
		shifts[i] = countedShift{viewOfShift(reg, &r.Shift, now), viewOfCounts(&r.Counts)}
	}
	return c.JSON(struct {
		Gate   string         `json:"gate"`
		From   utcTime        `json:"from"`
		To     utcTime        `json:"to"`
		Shifts []countedShift `json:"shifts"`
	}{w.Gate, utcTime(w.From), utcTime(w.To), shifts})
}
