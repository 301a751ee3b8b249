package gateway

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// crowdWindowBody is one place and time; exactly one of gate and site.
type crowdWindowBody struct {
	Gate string `json:"gate"`
	Site string `json:"site"`
	From string `json:"from"`
	To   string `json:"to"`
}

type crowdWindowView struct {
	Gate string  `json:"gate"`
	Site string  `json:"site"`
	From utcTime `json:"from"`
	To   utcTime `json:"to"`
}

// crowdMemberView is somebody who was there. Windows are places in the question,
// from 0.
type crowdMemberView struct {
	Person  tracedPerson `json:"person"`
	Windows []int        `json:"windows"`
	Minutes int64        `json:"minutes"`
}

// handleCrowd answers who was at several places and times: what the people of a
// cluster have in common.
func (s *Server) handleCrowd(c *fiber.Ctx) error {
	var in struct {
		Windows []crowdWindowBody `json:"windows"`
		AtLeast int               `json:"at_least"`
		Limit   *int              `json:"limit"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	windows, err := s.crowdWindows(c, in.Windows)
	if err != nil {
		return err
	}
	limit := checkpoint.DefaultContacts
	if in.Limit != nil {
		limit = *in.Limit
	}
	res, err := s.store.Crowd(s.context(c), windows, in.AtLeast, limit)
	if err != nil {
		return err
	}
	ids := make([]uint64, len(res.Members))
	for i, m := range res.Members {
		ids[i] = m.Person
	}
	people, err := s.traced(c, ids)
	if err != nil {
		return err
	}
	s.rows(c, len(ids))
	members := make([]crowdMemberView, len(ids))
	for i, m := range res.Members {
		members[i] = crowdMemberView{people[m.Person], m.Windows, m.Minutes}
	}
	if wantsCSV(c) {
		return sendCSV(c, crowdColumns, crowdRows(members))
	}
	views := make([]crowdWindowView, len(windows))
	for i, w := range windows {
		views[i] = crowdWindowView{w.Gate, w.Site, utcTime(w.From), utcTime(w.To)}
	}
	return c.JSON(struct {
		Windows []crowdWindowView `json:"windows"`
		AtLeast int               `json:"at_least"`
		People  []crowdMemberView `json:"people"`
		Total   int               `json:"total"`
		Outside int               `json:"outside"`
	}{views, in.AtLeast, members, res.Total, outsiders(people)})
}

// crowdWindows reads the places, each of which the caller must be able to ask
// about, and for no longer than the case allows.
func (s *Server) crowdWindows(c *fiber.Ctx, in []crowdWindowBody) ([]checkpoint.CrowdWindow, error) {
	if len(in) < 2 || len(in) > checkpoint.MaxCrowdWindows {
		return nil, invalid("windows", "must be 2 to "+strconv.Itoa(checkpoint.MaxCrowdWindows))
	}
	windows := make([]checkpoint.CrowdWindow, len(in))
	var places []string
	for i, w := range in {
		node, err := s.siteNodeOrGate(w.Site, w.Gate)
		if err != nil {
			return nil, s.hidden(principalOf(c), err)
		}
		if !s.reachesAsked(c, node) {
			return nil, outOfScope()
		}
		if w.From == "" || w.To == "" {
			return nil, invalid("windows", "each needs from and to")
		}
		from, to, err := s.windowOf(w.From, w.To)
		if err != nil {
			return nil, err
		}
		windows[i] = checkpoint.CrowdWindow{Gate: w.Gate, Site: w.Site, From: from, To: to}
		if err := s.ask(c, question{from: from, to: to}); err != nil {
			return nil, err
		}
		places = append(places, w.Site+w.Gate)
	}
	s.subject(c, strings.Join(places, " "))
	return windows, nil
}

func (s *Server) siteNodeOrGate(site, gate string) (string, error) {
	switch {
	case (site == "") == (gate == ""):
		return "", invalid("windows", "each names a gate or a site, not both")
	case gate != "":
		return s.gateNode(gate)
	}
	return s.siteNode(site)
}

const crowdColumns = "rank,person,outside,area,name_masked,kind,home,windows,minutes,at"

// crowdRows is the list as a table: how many windows, and which.
func crowdRows(members []crowdMemberView) [][]string {
	rows := make([][]string, len(members))
	for i := range members {
		m := &members[i]
		at := make([]string, len(m.Windows))
		for k, w := range m.Windows {
			at[k] = strconv.Itoa(w)
		}
		row := append([]string{strconv.Itoa(i + 1)}, m.Person.fields()...)
		rows[i] = append(row, strconv.Itoa(len(at)), strconv.FormatInt(m.Minutes, 10), strings.Join(at, " "))
	}
	return rows
}

// occupantView is somebody who was inside.
type occupantView struct {
	Person tracedPerson `json:"person"`
	Since  utcTime      `json:"since"`
	Gate   string       `json:"gate"`
}

// handleInsidePeople answers who was inside a site at a moment, now if none is
// given.
func (s *Server) handleInsidePeople(c *fiber.Ctx) (err error) {
	at, site := s.now(), strings.Clone(c.Params("site"))
	if text := c.Query("at"); text != "" {
		if at, err = s.momentOf("at", text); err != nil {
			return err
		}
	}
	if err := s.ask(c, question{from: at, to: at}); err != nil {
		return err
	}
	occupants, err := s.store.InsideAt(s.context(c), site, at)
	if err != nil {
		return err
	}
	ids := make([]uint64, len(occupants))
	for i, o := range occupants {
		ids[i] = o.Person
	}
	people, err := s.traced(c, ids)
	if err != nil {
		return err
	}
	s.rows(c, len(ids))
	reg, views := s.store.Registry(), make([]occupantView, len(ids))
	for i, o := range occupants {
		views[i] = occupantView{people[o.Person], utcTime(o.Since), gateCode(reg, o.Gate)}
	}
	if wantsCSV(c) {
		return sendCSV(c, insideColumns, insideRows(views))
	}
	return c.JSON(struct {
		Site    string         `json:"site"`
		At      utcTime        `json:"at"`
		People  []occupantView `json:"people"`
		Total   int            `json:"total"`
		Outside int            `json:"outside"`
	}{site, utcTime(at), views, len(views), outsiders(people)})
}

const insideColumns = "person,outside,area,name_masked,kind,home,since,gate"

func insideRows(views []occupantView) [][]string {
	rows := make([][]string, len(views))
	for i := range views {
		rows[i] = append(views[i].Person.fields(), views[i].Since.String(), views[i].Gate)
	}
	return rows
}
