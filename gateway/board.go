package gateway

import (
	"encoding/json"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// trouble is a stable word for what is wrong at a gate.
type trouble string

// The troubles, the gravest first.
const (
	troubleSilent      trouble = "silent"      // nothing passes where people usually do
	troubleUnreachable trouble = "unreachable" // somebody is on shift, and their phone does not call
	troubleDenials     trouble = "denials"     // far more refusals than just before
	troubleFever       trouble = "fever"       // somebody was held with fever in the last hour
	troubleFull        trouble = "full"        // the site holds as many as it may
	troubleDegraded    trouble = "degraded"    // decided without Redis in the last five minutes
	troubleClosed      trouble = "closed"      // the gate or its site, and somebody came within the hour all the same
)

const (
	contactLost   = 3 * 60_000 // ms after which a phone on shift is out of reach: it calls every minute
	denialsLeast  = 5          // refusals in five minutes that can be a spike
	denialsFactor = 3          // how many times as many they are as in five minutes of the hour before
	degradedFor   = 5 * 60_000 // ms
	minuteOfTime  = 60_000
)

// boardCounts are those of a gate or an area.
type boardCounts struct {
	In     int `json:"in"`
	Out    int `json:"out"`
	Denied int `json:"denied"`
	Fevers int `json:"fevers"`
}

func viewOfPassages(c checkpoint.PassageCounts) boardCounts {
	return boardCounts{c.In, c.Out, c.Denied, c.Fevers}
}

func (c *boardCounts) add(o boardCounts) {
	c.In += o.In
	c.Out += o.Out
	c.Denied += o.Denied
	c.Fevers += o.Fevers
}

// boardGate is a gate on the board. Passed and Refused are by minute, the current one
// last.
type boardGate struct {
	Gate      string               `json:"gate"`
	Name      string               `json:"name"`
	Site      string               `json:"site"`
	SiteName  string               `json:"site_name"`
	Area      string               `json:"area"`
	State     checkpoint.GateState `json:"state"`
	Troubles  []trouble            `json:"troubles"`
	Today     boardCounts          `json:"today"`
	Hour      boardCounts          `json:"hour"`
	Five      boardCounts          `json:"five"`
	Passed    []int                `json:"passed"`
	Refused   []int                `json:"refused"`
	LastAt    *utcTime             `json:"last_at"`
	Usual     *int                 `json:"usual"`
	Inside    int                  `json:"inside"`
	Capacity  int                  `json:"capacity"`
	Devices   int                  `json:"devices"`
	OnShift   int                  `json:"on_shift"`
	ContactAt *utcTime             `json:"contact_at"` // of any of its devices, to the minute

	node string
}

// boardArea adds gates up.
type boardArea struct {
	Area     string      `json:"area"`
	Name     string      `json:"name"`
	Gates    int         `json:"gates"`
	Open     int         `json:"open"`
	Troubled int         `json:"troubled"`
	Inside   int         `json:"inside"`
	Today    boardCounts `json:"today"`
	Hour     boardCounts `json:"hour"`
	Five     boardCounts `json:"five"`
}

func (a *boardArea) add(g *boardGate, newSite bool) {
	a.Gates++
	if g.State == checkpoint.GateOpen {
		a.Open++
	}
	if len(g.Troubles) > 0 {
		a.Troubled++
	}
	if newSite {
		a.Inside += g.Inside
	}
	a.Today.add(g.Today)
	a.Hour.add(g.Hour)
	a.Five.add(g.Five)
}

// boardDenial is a refusal on the board: it names nobody.
type boardDenial struct {
	Gate      string  `json:"gate"`
	At        utcTime `json:"at"`
	Direction string  `json:"direction"`
	Reason    string  `json:"reason"`

	node string
}

func viewOfDenial(d *checkpoint.Denial, node string) boardDenial {
	return boardDenial{d.Gate.Code, utcTime(d.At), d.Direction.String(), d.Reason.String(), node}
}

// boardView is the whole board in somebody's scope.
type boardView struct {
	At      utcTime           `json:"at"` // of what it shows
	Total   boardArea         `json:"total"`
	Areas   []boardArea       `json:"areas"`
	Gates   []json.RawMessage `json:"gates"`
	Denials []boardDenial     `json:"denials"` // of the last 15 minutes, the newest first
}

// maxDenials is how many refusals are told at once.
const maxDenials = 50

// boardFor is what of a look lies in somebody's scope.
func (s *Server) boardFor(who principal, l *liveLook) boardView {
	view := boardView{At: utcTime(l.at), Areas: []boardArea{}, Gates: []json.RawMessage{}, Denials: []boardDenial{}}
	place, sites := map[string]int{}, map[string]bool{}
	for i := range l.gates {
		g := &l.gates[i].view
		if !s.reaches(who, g.node) {
			continue
		}
		n, known := place[g.Area]
		if !known {
			n, place[g.Area] = len(view.Areas), len(view.Areas)
			view.Areas = append(view.Areas, boardArea{Area: g.Area, Name: s.nodeName(g.Area)})
		}
		view.Areas[n].add(g, !sites[g.Site])
		view.Total.add(g, !sites[g.Site])
		sites[g.Site] = true
		view.Gates = append(view.Gates, l.gates[i].json)
	}
	view.Denials = append(view.Denials, s.denialsFor(who, l.recent)...)
	return view
}

// denialsFor are the newest of some refusals in somebody's scope, the newest first.
func (s *Server) denialsFor(who principal, all []boardDenial) (some []boardDenial) {
	for i := len(all) - 1; i >= 0 && len(some) < maxDenials; i-- {
		if s.reaches(who, all[i].node) {
			some = append(some, all[i])
		}
	}
	return some
}

// handleBoard answers with the board as it stands.
func (s *Server) handleBoard(c *fiber.Ctx) error {
	look, err := s.live.now(s.context(c))
	if err != nil {
		return err
	}
	return c.JSON(s.boardFor(principalOf(c), look))
}

// handleBoardGate answers with one gate: its phones, who is on shift, the rules in
// force, its last refusals.
func (s *Server) handleBoardGate(c *fiber.Ctx) error {
	look, err := s.live.now(s.context(c))
	if err != nil {
		return err
	}
	g, ok := look.gate(c.Params("gate"))
	if !ok {
		return failure(codeNotFound, "there is no such gate")
	}
	reg := s.store.Registry()
	site, ok := reg.Site(g.view.Site)
	if !ok {
		return fmt.Errorf("gateway: gate %s has no site", g.view.Gate)
	}
	denials := []boardDenial{}
	for i := len(look.recent) - 1; i >= 0 && len(denials) < maxDenials; i-- {
		if look.recent[i].Gate == g.view.Gate {
			denials = append(denials, look.recent[i])
		}
	}
	return c.JSON(struct {
		At      utcTime         `json:"at"`
		Gate    json.RawMessage `json:"gate"`
		Devices []boardDevice   `json:"devices"`
		Rules   rulesInForce    `json:"rules"`
		Denials []boardDenial   `json:"denials"`
	}{utcTime(look.at), g.json, s.boardDevices(reg, g.view.Gate, look.contacts), rulesAt(reg, site, s.now()), denials})
}

// boardDevice is a phone of a gate.
type boardDevice struct {
	Code      string     `json:"code"`
	Lane      string     `json:"lane"`
	ContactAt *utcTime   `json:"contact_at"`
	Shift     *shiftView `json:"shift"`
}

func (s *Server) boardDevices(reg *checkpoint.Registry, gate string, contacts map[uint32]int64) []boardDevice {
	devices := []boardDevice{}
	for _, d := range reg.Devices() {
		if d.Gate == gate && calls(d) {
			devices = append(devices, boardDevice{d.Code, d.Lane, timeOrNil(contacts[d.Num]), s.shiftOnNow(d)})
		}
	}
	return devices
}

// calls tells whether a device is a phone in use.
func calls(d *checkpoint.Device) bool { return !d.Paper && d.RevokedAt == 0 && d.EnrolledAt != 0 }
