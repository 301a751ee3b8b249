package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// gateSearchesAMinute is how many searches one device may make: a queue of people
// without their phones, not a walk through all who live here.
const gateSearchesAMinute = 30

// gateSearchesAtOnce is how many are answered side by side: each opens the
// identities of a whole site, and scans come first.
const gateSearchesAtOnce = 2

// neighbourView is what a guard sees of somebody who lives at the site: enough to
// ask them whether it is them.
type neighbourView struct {
	ID         string `json:"id"`
	NameMasked string `json:"name_masked"`
	Door       string `json:"door"`
	IDTail     string `json:"id_tail"`
	Kind       string `json:"kind"`
	Own        bool   `json:"own"`
}

// handleGateSearch finds people of the device's own site for the person on shift,
// under whose name it is in the audit.
func (s *Server) handleGateSearch(c *fiber.Ctx) error {
	var in struct {
		Query string `json:"query"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	device := principalOf(c).Device
	if err := s.gateSearches.admit(device.Num, s.now(), gateSearchesAMinute, "search for people"); err != nil {
		return err
	}
	guard, err := s.guardOn(device)
	if err != nil {
		return err
	}
	site := s.siteOfDevice(device)
	s.inquireAtGate(c, device, guard)
	people, more, err := s.searchHome(c, site, in.Query)
	if err != nil {
		return err
	}
	found := make([]neighbourView, len(people))
	for i := range people {
		p := &people[i]
		s.about(c, p.ID)
		found[i] = neighbourView{
			checkpoint.FormatPersonID(p.ID), p.NameMasked, p.Door, p.IDNumber[max(0, len(p.IDNumber)-4):], p.Kind.String(), true,
		}
	}
	s.rows(c, len(found))
	return c.JSON(struct {
		People []neighbourView `json:"people"`
		More   bool            `json:"more"`
	}{found, more})
}

// searchHome waits for one of the few places.
func (s *Server) searchHome(c *fiber.Ctx, site, query string) ([]checkpoint.Resident, bool, error) {
	select {
	case s.searching <- struct{}{}:
		defer func() { <-s.searching }()
	case <-s.context(c).Done():
		return nil, false, failure(codeTooMany, "many gates are searching: try again in a moment")
	}
	return s.store.SearchHome(s.context(c), site, query)
}

// inquireAtGate is beginInquiry for who is on shift at a device, about its site.
func (s *Server) inquireAtGate(c *fiber.Ctx, device *checkpoint.Device, guard *checkpoint.Staff) {
	s.inquire(c, route{method: c.Method(), path: c.Route().Path}, guard.Login, string(checkpoint.RoleGuard))
	entry := &inquiryOf(c).entry
	entry.Subject, entry.Detail = s.siteOfDevice(device), "device="+device.Code
}

// guardOn is who is on shift at a device.
func (s *Server) guardOn(device *checkpoint.Device) (*checkpoint.Staff, error) {
	if shift, ok := s.store.ShiftAt(device.Num, s.now()); ok {
		if guard, ok := s.store.Registry().StaffByNum(shift.Staff); ok {
			return guard, nil
		}
	}
	return nil, failure(codeNoShift, "open a shift with your badge first: this is on record under your name")
}
