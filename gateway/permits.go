package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// permitInput asks for a permit. Exactly one of Person and Visitor says who
// comes; a device may leave the site out, as it can only be its own.
type permitInput struct {
	ID        string        `json:"id"`
	Person    string        `json:"person"`
	Visitor   *visitorInput `json:"visitor"`
	Site      string        `json:"site"`
	Host      string        `json:"host"`
	Ground    string        `json:"ground"`
	From      string        `json:"from"`
	Until     string        `json:"until"`
	Entries   *int          `json:"entries"` // 1 if it is left out
	Plate     string        `json:"plate"`
	Unchecked bool          `json:"plate_unchecked"`
	Purpose   string        `json:"purpose"`
}

type visitorInput struct {
	Name     string `json:"name"`
	IDNumber string `json:"id_number"`
	Phone    string `json:"phone"`
}

// permit checks the form of the input.
func (in *permitInput) permit() (p checkpoint.NewPermit, err error) {
	p = checkpoint.NewPermit{
		ID: in.ID, Site: in.Site, Ground: checkpoint.PermitGround(in.Ground), Entries: 1, Purpose: in.Purpose,
	}
	if v := in.Visitor; v != nil {
		p.Visitor = &checkpoint.Visitor{Name: v.Name, IDNumber: v.IDNumber, Phone: v.Phone}
	}
	if p.Person, err = personOr0("person", in.Person); err != nil {
		return p, err
	}
	if p.Host, err = personOr0("host", in.Host); err != nil {
		return p, err
	}
	if in.From != "" {
		if p.From, err = parseTime("from", in.From); err != nil {
			return p, err
		}
	}
	if p.Until, err = parseTime("until", in.Until); err != nil {
		return p, err
	}
	if in.Entries != nil {
		p.Entries = *in.Entries
	}
	if in.Plate != "" {
		p.Plate, err = plateOf(in.Plate, in.Unchecked)
	}
	return p, err
}

// personOr0 reads a person's ID, 0 if none is given.
func personOr0(field, text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	id, err := checkpoint.ParsePersonID(text)
	if err != nil {
		return 0, invalid(field, "must be a person's ID: 16 digits and letters a to f")
	}
	return id, nil
}

// permitTries is how many permits one device may ask for in a minute.
const permitTries = 20

// handleIssuePermit lets an outsider in for a time, and gives a pass for it.
func (s *Server) handleIssuePermit(c *fiber.Ctx) error {
	var in permitInput
	if err := decode(c, &in); err != nil {
		return err
	}
	ask, err := in.permit()
	if err != nil {
		return err
	}
	who := principalOf(c)
	if d := who.Device; d != nil {
		if err := s.asks.admit(d.Num, s.now(), permitTries, "ask for permits"); err != nil {
			return err
		}
		guard, err := s.guardOn(d)
		if err != nil {
			return err
		}
		s.inquireAtGate(c, d, guard)
		ask.Device = d.Code
		if ask.Site == "" {
			ask.Site = s.siteOfDevice(d)
		}
	}
	ask.By = s.personBehind(who)
	if err := s.mayPermit(who, ask.Site); err != nil {
		return err
	}
	permit, again, err := s.store.IssuePermit(s.context(c), ask)
	if err != nil {
		return err
	}
	if !again {
		s.log(c).Info("permit issued", "permit", permit.Number, "by", ask.By, "device", ask.Device, "site", permit.Site)
		c.Status(fiber.StatusCreated)
	}
	s.about(c, permit.Person)
	shown, err := s.permitWithPass(c, &permit)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		permitWithPass
		Duplicate bool `json:"duplicate"`
	}{shown, again})
}

// personBehind is the login of who asks, of a device that of the person on
// shift, "" if nobody is.
func (s *Server) personBehind(who principal) string {
	if who.Staff != nil {
		return who.Staff.Login
	}
	shift, ok := s.store.ShiftAt(who.Device.Num, s.now())
	if !ok {
		return ""
	}
	if staff, ok := s.store.Registry().StaffByNum(shift.Staff); ok {
		return staff.Login
	}
	return ""
}

// siteOfDevice is the code of the site at whose gate a device stands.
func (s *Server) siteOfDevice(d *checkpoint.Device) string {
	if gate, ok := s.store.Registry().Gate(d.Gate); ok {
		return gate.Site
	}
	return ""
}

// mayPermit tells why somebody has no say in the permits of a site. That there
// is such a site is for the store to check.
func (s *Server) mayPermit(who principal, code string) error {
	site, ok := s.store.Registry().Site(code)
	switch {
	case who.Device != nil && code != s.siteOfDevice(who.Device), // its own site only
		who.Device == nil && ok && !s.reaches(who, site.Grid):
		return outOfScope()
	}
	return nil
}

// permitInPath is the permit named in the path, if the caller has a say in it.
func (s *Server) permitInPath(c *fiber.Ctx) (checkpoint.Permit, error) {
	number, err := checkpoint.ParsePermit(c.Params("id"))
	if err != nil {
		return checkpoint.Permit{}, err
	}
	permit, err := s.store.Permit(s.context(c), number)
	if err != nil {
		return permit, s.hidden(principalOf(c), err)
	}
	return permit, s.mayPermit(principalOf(c), permit.Site)
}

// handlePermit gives one permit, with a pass while there is one for it.
func (s *Server) handlePermit(c *fiber.Ctx) error {
	permit, err := s.permitInPath(c)
	if err != nil {
		return err
	}
	shown, err := s.permitWithPass(c, &permit)
	if err != nil {
		return err
	}
	return c.JSON(shown)
}

// handleWithdrawPermit ends a permit now; one that is over stays as it is.
func (s *Server) handleWithdrawPermit(c *fiber.Ctx) error {
	permit, err := s.permitInPath(c)
	if err != nil {
		return err
	}
	who := principalOf(c)
	by := s.personBehind(who)
	if by == "" {
		by = who.Device.Code
	}
	s.about(c, permit.Person)
	if permit, err = s.store.WithdrawPermit(s.context(c), permit.Number, by); err != nil {
		return err
	}
	s.log(c).Info("permit withdrawn", "permit", permit.Number, "by", permit.WithdrawnBy)
	views, err := s.viewOfPermits(s.context(c), []checkpoint.Permit{permit})
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}

// handlePermits lists the permits that the query asks for, in the caller's
// scope; a device sees those of its own site.
func (s *Server) handlePermits(c *fiber.Ctx) error {
	return s.listPermits(c, checkpoint.PermitState(c.Query("state")))
}

// handleOverstayed lists the permits that ended while their visitor is still
// inside.
func (s *Server) handleOverstayed(c *fiber.Ctx) error {
	return s.listPermits(c, checkpoint.PermitOverstayed)
}

func (s *Server) listPermits(c *fiber.Ctx, state checkpoint.PermitState) (err error) {
	who := principalOf(c)
	f := checkpoint.PermitFilter{
		State: state, Site: c.Query("site"),
		Within: func(site *checkpoint.Site) bool { return s.mayPermit(who, site.Code) == nil },
	}
	if f.Site != "" {
		if err := s.mayPermit(who, f.Site); err != nil {
			return err
		}
	}
	if f.Person, err = personOr0("person", c.Query("person")); err != nil {
		return err
	}
	if f.Host, err = personOr0("host", c.Query("host")); err != nil {
		return err
	}
	permits, more, err := s.store.Permits(s.context(c), f)
	if err != nil {
		return err
	}
	s.rows(c, len(permits))
	views, err := s.viewOfPermits(s.context(c), permits)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Permits   []permitView `json:"permits"`
		Truncated bool         `json:"truncated"`
	}{views, more})
}
