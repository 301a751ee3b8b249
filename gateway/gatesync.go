package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// syncAhead is how far ahead a device is told of rules that are known to change:
// longer than any phone is allowed to decide by itself.
const syncAhead = 7 * 24 * time.Hour

// gateSync is all that a device needs to decide by itself, but for the list of
// revoked passes. It names nobody but the person on shift.
type gateSync struct {
	Now    *utcTime     `json:"now,omitempty"` // nil: not part of what the ETag is made of
	Device syncDevice   `json:"device"`
	Gate   syncGate     `json:"gate"`
	Site   syncSite     `json:"site"`
	Rules  []rulesAhead `json:"rules"`
	// RulesVersion is the registry's: it rises with every change anywhere.
	RulesVersion int64               `json:"rules_version"`
	Table        map[string]syncWays `json:"table"` // own, other: people of whom nothing speaks against them
	syncWords
	StaleAfter int64           `json:"stale_after"` // seconds
	PastLimit  string          `json:"past_limit"`  // refuse, enter
	JWKS       json.RawMessage `json:"jwks"`
	Call       string          `json:"call"`
	Shift      *shiftView      `json:"shift"`
	Counts     *syncCounts     `json:"shifts_counts"`
}

type syncDevice struct {
	Code string `json:"code"`
	Lane string `json:"lane"`
}

type syncGate struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Open bool   `json:"open"`
}

type syncSite struct {
	Code        string `json:"code"`
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	Residential bool   `json:"residential"`
	Zone        string `json:"zone"`
	Key         string `json:"key"` // base64url: with it the device knows its own residents' passes
}

// rulesAhead are the rules of a span of time, as far as a device can judge by them.
type rulesAhead struct {
	From             *utcTime                 `json:"from"`
	Until            *utcTime                 `json:"until"`
	Closed           bool                     `json:"closed"`
	ResidentsOnly    bool                     `json:"residents_only"`
	OpensAt          string                   `json:"opens_at"`
	ClosesAt         string                   `json:"closes_at"`
	TemperatureOn    checkpoint.TemperatureOn `json:"temperature_on"`
	FeverLine        checkpoint.Celsius       `json:"fever_line"`
	LowLine          checkpoint.Celsius       `json:"low_line"`
	RemeasureMinutes int                      `json:"remeasure_minutes"`
	LowAgain         checkpoint.Strictness    `json:"low_again"`
	AntiPassback     checkpoint.Strictness    `json:"anti_passback"`
	ReplayedPass     checkpoint.Strictness    `json:"replayed_pass"`
	Disinfection     bool                     `json:"disinfection"`
}

// syncWays are cells of the published table by direction.
type syncWays struct {
	In  syncCell `json:"in"`
	Out syncCell `json:"out"`
}

type syncCell struct {
	Decision string   `json:"decision"`
	Reason   string   `json:"reason"`
	Action   string   `json:"action"`
	Flags    []string `json:"flags"`
}

type syncCounts struct {
	In     int `json:"in"`  // let in
	Out    int `json:"out"` // let out
	Denied int `json:"denied"`
}

// handleTime is the clock that devices and residents' phones measure theirs by.
func (s *Server) handleTime(c *fiber.Ctx) error {
	return c.JSON(struct {
		Now utcTime `json:"now"`
	}{utcTime(s.now())})
}

// handleGateSync gives a device what it needs to decide by itself. Devices poll
// it: the ETag stays the same as long as nothing but the time has changed.
func (s *Server) handleGateSync(c *fiber.Ctx) error {
	sync, err := s.gateSync(s.context(c), principalOf(c).Device)
	if err != nil {
		return err
	}
	text, err := json.Marshal(sync)
	if err != nil {
		return fmt.Errorf("gateway: write what a device needs: %w", err)
	}
	sum := sha256.Sum256(text)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	c.Set(fiber.HeaderETag, tag)
	if c.Get(fiber.HeaderIfNoneMatch) == tag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	now := utcTime(s.now())
	sync.Now = &now
	return c.JSON(sync)
}

func (s *Server) gateSync(ctx context.Context, device *checkpoint.Device) (*gateSync, error) {
	reg, now := s.store.Registry(), s.now()
	gate, ok := reg.Gate(device.Gate)
	if !ok {
		return nil, failure(codeNotFound, "the gate of this device is gone")
	}
	site, ok := reg.Site(gate.Site)
	if !ok {
		return nil, failure(codeNotFound, "the site of this device is gone")
	}
	jwks, err := s.ring.JWKS(s.clock())
	if err != nil {
		return nil, fmt.Errorf("gateway: write the JWKS: %w", err)
	}
	sync := &gateSync{
		Device: syncDevice{device.Code, device.Lane}, Gate: syncGate{gate.Code, gate.Name, gate.Open},
		Site: syncSite{
			site.Code, site.Name, site.Kind.String(), site.Kind.Residential(), s.store.Zone().String(),
			base64.RawURLEncoding.EncodeToString(s.ring.SiteKey(site.Code)),
		},
		RulesVersion: reg.Version, Table: syncTable(site.Kind), syncWords: allWords(), JWKS: jwks,
		Call: reg.DutyPhone(site.Grid), Shift: s.shiftOnNow(device),
	}
	for _, span := range reg.RulesBetween(site, now, now+syncAhead.Milliseconds()) {
		sync.Rules = append(sync.Rules, viewAhead(span))
	}
	limit, enter := checkpoint.DefaultStandbyLimit, false
	if s.standby != nil {
		limit, enter = s.standby.Limit()
	}
	sync.StaleAfter, sync.PastLimit = int64(limit.Seconds()), "refuse"
	if enter {
		sync.PastLimit = "enter"
	}
	sync.Counts, err = s.countsOnShift(ctx, device)
	return sync, err
}

func viewAhead(span checkpoint.RulesSpan) rulesAhead {
	r := span.Rules
	view := rulesAhead{
		Closed: r.Closed, ResidentsOnly: r.ResidentsOnly, OpensAt: r.OpensAt, ClosesAt: r.ClosesAt,
		TemperatureOn: r.TemperatureOn, FeverLine: r.FeverLine, LowLine: r.LowLine, RemeasureMinutes: r.RemeasureMin,
		LowAgain: r.LowAgain, AntiPassback: r.AntiPassback, ReplayedPass: r.ReplayedPass, Disinfection: r.Disinfection,
	}
	if from := utcTime(span.From); from != 0 {
		view.From = &from
	}
	if until := utcTime(span.Until); until != 0 {
		view.Until = &until
	}
	return view
}

// syncTable is what the published table says of people with a green status: a
// phone knows no other.
func syncTable(kind checkpoint.SiteKind) map[string]syncWays {
	table := map[string]syncWays{}
	for _, r := range checkpoint.Table() {
		if r.Kind != kind || r.Status != checkpoint.StatusGreen {
			continue
		}
		whose := "other"
		if r.OwnHome {
			whose = "own"
		}
		ways, o := table[whose], r.Outcome
		cell := syncCell{o.Decision.String(), o.Reason.String(), o.Action.String(), o.Flags.Names()}
		if r.Direction == checkpoint.In {
			ways.In = cell
		} else {
			ways.Out = cell
		}
		table[whose] = ways
	}
	return table
}

// countsOnShift counts what the device recorded in the shift that runs, within
// the projector's lag; nil without a shift.
func (s *Server) countsOnShift(ctx context.Context, device *checkpoint.Device) (*syncCounts, error) {
	shift, ok := s.store.ShiftAt(device.Num, s.now())
	if !ok {
		return nil, nil //nolint:nilnil // no shift, no counts
	}
	counts, err := s.store.CountShift(ctx, &shift)
	if err != nil {
		return nil, err
	}
	return &syncCounts{
		In: counts.In[checkpoint.Pass], Out: counts.Out[checkpoint.Pass],
		Denied: counts.In[checkpoint.Deny] + counts.Out[checkpoint.Deny],
	}, nil
}

// syncWords are the words for all that an answer can hold.
type syncWords struct {
	Reasons []checkpoint.ReasonText `json:"reasons"`
	Flags   []flagWord              `json:"flags"`
	Actions []actionWord            `json:"actions"`
}

type flagWord struct {
	Flag string `json:"flag"`
	textView
}

type actionWord struct {
	Action string `json:"action"`
	textView
}

func allWords() syncWords {
	words := syncWords{Reasons: checkpoint.Reasons()}
	for _, w := range checkpoint.FlagWords() {
		words.Flags = append(words.Flags, flagWord{w.Name, textView{w.ZH, w.EN}})
	}
	for _, w := range checkpoint.ActionWords() {
		words.Actions = append(words.Actions, actionWord{w.Name, textView{w.ZH, w.EN}})
	}
	return words
}
