package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// homeView is where somebody lives.
type homeView struct {
	Site string `json:"site"`
	Door string `json:"door"`
	Grid string `json:"grid"`
}

func viewOfHome(h checkpoint.NewHome) homeView { return homeView(h) }

// handleMove moves a resident into another home. Both ends lie in the caller's part
// of the grid: between two parts it takes whoever answers for both.
func (s *Server) handleMove(c *fiber.Ctx) error {
	var in struct {
		Site string `json:"site"`
		Door string `json:"door"`
		Grid string `json:"grid"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	who := principalOf(c)
	person, err := s.recordInScope(c)
	if err != nil {
		return err
	}
	if in.Site == "" {
		return invalid("site", "is missing: give the code of the home site")
	}
	if !s.reachesHome(who, checkpoint.NewResident{Site: in.Site, Grid: in.Grid}) {
		return outOfScope()
	}
	done, err := s.store.Move(s.context(c), person, checkpoint.NewHome{Site: in.Site, Door: in.Door, Grid: in.Grid}, who.Staff)
	if err != nil {
		return err
	}
	s.about(c, done.ID)
	if done.Changed {
		s.log(c).Info("resident moved", "by", who.Staff.Login, "successor", done.ID != done.Before)
	}
	return c.JSON(struct {
		ID         string   `json:"id"`
		Before     string   `json:"before"`
		Changed    bool     `json:"changed"`
		PassesVoid bool     `json:"passes_void"`
		Ended      int      `json:"permits_ended"`
		From       homeView `json:"from"`
		To         homeView `json:"to"`
	}{
		checkpoint.FormatPersonID(done.ID), checkpoint.FormatPersonID(done.Before), done.Changed, done.Void, done.Ended,
		viewOfHome(done.Was), viewOfHome(done.Home),
	})
}

// recordInScope is the person in the path, if they live in the caller's part of the
// grid. An ID of before that is known as somebody is in scope where they are.
func (s *Server) recordInScope(c *fiber.Ctx) (uint64, error) {
	id, err := checkpoint.ParsePersonID(c.Params("id"))
	if err != nil {
		return 0, err
	}
	return id, s.recordReached(c, id)
}

func (s *Server) recordReached(c *fiber.Ctx, id uint64) error {
	who := principalOf(c)
	person, err := s.store.Resident(s.context(c), id)
	if err == nil && person.Kind == checkpoint.KindErased && person.KnownAs != 0 {
		person, err = s.store.Resident(s.context(c), person.KnownAs)
	}
	if err != nil {
		return s.hidden(who, err)
	}
	if !s.reaches(who, person.Grid) {
		return outOfScope()
	}
	s.about(c, id)
	return nil
}

// handleCorrect puts name, document or phone number of a resident right.
func (s *Server) handleCorrect(c *fiber.Ctx) error {
	var in struct {
		Name     string `json:"name"`
		IDNumber string `json:"id_number"`
		Phone    string `json:"phone"`
		Reason   string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	person, err := s.recordInScope(c)
	if err != nil {
		return err
	}
	s.because(c, in.Reason)
	changed, err := s.store.Correct(s.context(c), person, checkpoint.Correction{
		Name: in.Name, IDNumber: in.IDNumber, Phone: in.Phone, Reason: in.Reason,
	}, principalOf(c).Staff)
	if err != nil {
		return err
	}
	if changed == nil {
		changed = []string{}
	}
	return c.JSON(struct {
		ID      string   `json:"id"`
		Changed []string `json:"changed"`
	}{checkpoint.FormatPersonID(person), changed})
}

// because puts the reason of a request into the audit.
func (s *Server) because(c *fiber.Ctx, reason string) {
	inquiryOf(c).entry.Reason = clip(reason, 200)
}

// handleMerge makes another record of the same person one with this one.
func (s *Server) handleMerge(c *fiber.Ctx) error {
	var in struct {
		Other  string `json:"other"`
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	other, err := checkpoint.ParsePersonID(in.Other)
	if err != nil {
		return invalid("other", "must be the ID of the other record: 16 digits and letters a to f")
	}
	person, err := s.recordInScope(c)
	if err != nil {
		return err
	}
	if err := s.recordReached(c, other); err != nil {
		return err
	}
	s.because(c, in.Reason)
	if err := s.store.Merge(s.context(c), person, other, in.Reason, principalOf(c).Staff); err != nil {
		return err
	}
	s.log(c).Info("records merged", "by", principalOf(c).Staff.Login)
	kept, err := s.store.Resident(s.context(c), person)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		ID     string `json:"id"`
		Merged string `json:"merged"`
		Status string `json:"status"`
	}{checkpoint.FormatPersonID(person), checkpoint.FormatPersonID(other), kept.Status.String()})
}

// handleGone puts on record that a resident has died or left the town.
func (s *Server) handleGone(c *fiber.Ctx) error {
	var in struct {
		Ground string `json:"ground"`
		Date   string `json:"date"`
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	person, err := s.recordInScope(c)
	if err != nil {
		return err
	}
	s.because(c, in.Reason)
	err = s.store.Leave(s.context(c), person, checkpoint.Leaving{
		Ground: checkpoint.Ground(in.Ground), Date: in.Date, Reason: in.Reason,
	}, principalOf(c).Staff)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}{checkpoint.FormatPersonID(person), checkpoint.StatusGone.String()})
}

// recordWorkView is what the registry once did to a record.
type recordWorkView struct {
	What   string    `json:"what"` // moved, corrected, merged, gone
	At     utcTime   `json:"at"`
	By     string    `json:"by"`
	Before string    `json:"before"` // ID of the record that went into it, "" if none
	From   *homeView `json:"from"`
	To     *homeView `json:"to"`
	Fields []string  `json:"fields"`
	Date   string    `json:"date"`
	Reason string    `json:"reason"`
}

// handleRecordWork lists what was done to a person's record, the last first.
func (s *Server) handleRecordWork(c *fiber.Ctx) error {
	page, _, err := s.store.Matters(s.context(c), checkpoint.MatterQuery{
		Kind: checkpoint.KindRecordWork, Person: residentOf(c).ID, By: checkpoint.OpenedAll, Newest: true,
	})
	if err != nil {
		return err
	}
	views := make([]recordWorkView, len(page))
	for i := range page {
		m := &page[i]
		var work checkpoint.RecordWork
		if err := m.Get(&work); err != nil {
			return err
		}
		views[i] = recordWorkView{
			What: m.State, At: utcTime(m.OpenedAt), By: s.loginOf(m.OpenedBy), Before: work.Other,
			Fields: append([]string{}, work.Fields...), Date: work.Date, Reason: work.Reason,
		}
		if work.From != nil && work.To != nil {
			from, to := viewOfHome(*work.From), viewOfHome(*work.To)
			views[i].From, views[i].To = &from, &to
		}
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"work": views})
}
