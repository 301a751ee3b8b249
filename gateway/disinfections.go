package gateway

import (
	"cmp"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint/office"
)

// planView says how often a day what is disinfected.
type planView struct {
	Site     string         `json:"site"`
	SiteKind string         `json:"site_kind"`
	Rounds   map[string]int `json:"rounds"`
	At       utcTime        `json:"at"`
	By       string         `json:"by"`
}

func (s *Server) viewOfPlan(p *office.Plan) planView {
	view := planView{p.Site, p.SiteKind, map[string]int{}, utcTime(p.At), s.loginOf(p.By)}
	for place, n := range p.Rounds {
		view.Rounds[string(place)] = n
	}
	return view
}

// handlePlans lists the plans of site kinds, and those of sites in the caller's part
// of the grid.
func (s *Server) handlePlans(c *fiber.Ctx) error {
	plans, err := s.office.Plans(s.context(c))
	if err != nil {
		return err
	}
	views := []planView{}
	for i := range plans {
		if p := &plans[i]; p.Site == "" || s.mayAtSite(c, p.Site) == nil {
			views = append(views, s.viewOfPlan(p))
		}
	}
	places := []wordView{}
	for _, w := range office.Places() {
		places = append(places, wordView{w.Name, textView{w.ZH, w.EN}})
	}
	return c.JSON(fiber.Map{"plans": views, "kinds": places})
}

// wordView is a word of a closed list with what people read.
type wordView struct {
	Name string   `json:"name"`
	Text textView `json:"text"`
}

// handlePutPlan makes the plan of a site, or of all sites of a kind.
func (s *Server) handlePutPlan(c *fiber.Ctx) error {
	var in struct {
		Site     string         `json:"site"`
		SiteKind string         `json:"site_kind"`
		Rounds   map[string]int `json:"rounds"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	plan := office.Plan{Site: in.Site, SiteKind: in.SiteKind, Rounds: map[office.Place]int{}, By: principalOf(c).Staff.Num}
	for place, n := range in.Rounds {
		plan.Rounds[office.Place(place)] = n
	}
	switch {
	case in.Site != "":
		if err := s.mayAtSite(c, in.Site); err != nil {
			return err
		}
	case !s.reaches(principalOf(c), ""):
		return failure(codeOutOfScope, "a plan for all sites of a kind is for whoever answers for the whole town: name a site")
	}
	plan, err := s.office.PutPlan(s.context(c), plan)
	if err != nil {
		return err
	}
	return c.JSON(s.viewOfPlan(&plan))
}

// handleDisinfect writes down that something was disinfected.
func (s *Server) handleDisinfect(c *fiber.Ctx) error {
	var in struct {
		ID    string `json:"id"`
		Site  string `json:"site"`
		Kind  string `json:"kind"`
		At    string `json:"at"`
		By    string `json:"by"`
		Agent string `json:"agent"`
		Note  string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayAtSite(c, in.Site); err != nil {
		return err
	}
	at, err := parseTime("at", in.At)
	if err != nil {
		return err
	}
	who := principalOf(c).Staff
	d, m, err := s.office.Disinfect(s.context(c), office.Disinfection{
		ID: in.ID, Site: in.Site, Place: office.Place(in.Kind), At: at, By: who.Num, Hand: in.By, Agent: in.Agent, Note: in.Note,
	})
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{
		"id": in.ID, "site": d.Site, "kind": string(d.Place), "at": utcTime(d.At), "by": d.Hand, "written_by": s.loginOf(d.By),
		"agent": d.Agent, "note": d.Note, "round": idOrNil(d.Round), "extra": d.Round == 0, "recorded_at": utcTime(m.ClosedAt),
	})
}

// siteRoundsView are the rounds of a site on a day.
type siteRoundsView struct {
	Site     string           `json:"site"`
	SiteName string           `json:"site_name"`
	Node     string           `json:"node"`
	Kinds    []placeRoundView `json:"kinds"`
	roundCounts
}

// placeRoundView are those of one kind.
type placeRoundView struct {
	Kind string `json:"kind"`
	roundCounts
	NextDueAt *utcTime `json:"next_due_at"`
}

type roundCounts struct {
	Due     int `json:"due"`
	Done    int `json:"done"`
	Overdue int `json:"overdue"`
	Missed  int `json:"missed"`
	Extra   int `json:"extra"`
}

func (r *roundCounts) add(p *office.PlaceRounds) roundCounts {
	r.Due, r.Done, r.Overdue, r.Missed, r.Extra = r.Due+p.Due, r.Done+p.Done, r.Overdue+p.Overdue, r.Missed+p.Missed, r.Extra+p.Extra
	return roundCounts{p.Due, p.Done, p.Overdue, p.Missed, p.Extra}
}

// handleDisinfections gives what was due and done on a day, site by site.
func (s *Server) handleDisinfections(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	day, err := s.dayAsked(c)
	if err != nil {
		return err
	}
	sites, err := s.office.RoundsOfDay(s.context(c), node, day)
	if err != nil {
		return err
	}
	total, views := roundCounts{}, make([]siteRoundsView, len(sites))
	for i, site := range sites {
		v := siteRoundsView{Site: site.Site, SiteName: s.siteNameOf(site.Site), Node: site.Node}
		for j := range site.Places {
			p := &site.Places[j]
			total.add(p)
			v.Kinds = append(v.Kinds, placeRoundView{string(p.Place), v.add(p), timeOrNil(p.NextAt)})
		}
		views[i] = v
	}
	return c.JSON(fiber.Map{"day": day.String(), "node": node, "total": total, "sites": views})
}

// siteNameOf is what people call a site.
func (s *Server) siteNameOf(code string) string {
	if site, ok := s.store.Registry().Site(code); ok {
		return cmp.Or(site.Name, code)
	}
	return code
}
