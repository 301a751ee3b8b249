package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// liveLook is what all who watch are shown of one moment.
type liveLook struct {
	at       int64 // UTC ms
	version  int64 // of the registry
	gates    []liveGate
	changed  []int         // places in gates of what is not as it was at the look before
	recent   []boardDenial // of the last minutes, in order of time
	news     []boardDenial // that no look before had
	alarms   []alarm.Entry // opened since the look before
	contacts map[uint32]int64
}

// liveGate is a gate with its JSON, which is written once for all who watch.
type liveGate struct {
	view boardGate
	json json.RawMessage
}

func (l *liveLook) gate(code string) (*liveGate, bool) {
	i := slices.IndexFunc(l.gates, func(g liveGate) bool { return g.view.Gate == code })
	if i < 0 {
		return nil, false
	}
	return &l.gates[i], true
}

// surroundings are what is looked up less often than the counts.
type surroundings struct {
	inside   map[string]int   // by site
	contacts map[uint32]int64 // by device
}

func (s *Server) lookAround(ctx context.Context) (surroundings, error) {
	sites := s.store.Registry().Sites()
	counts, err := s.store.Inside(ctx, sites)
	if err != nil {
		return surroundings{}, err
	}
	a := surroundings{inside: make(map[string]int, len(sites))}
	for i, site := range sites {
		a.inside[site.Code] = counts[i]
	}
	a.contacts, err = s.store.DeviceContacts(ctx)
	return a, err
}

// lookOf puts a board's look into the words of the API. before is the look before it,
// nil for none.
func (s *Server) lookOf(look *checkpoint.BoardLook, a surroundings, before *liveLook) (*liveLook, error) {
	reg := s.store.Registry()
	phones := map[string][]*checkpoint.Device{}
	for _, d := range reg.Devices() {
		if calls(d) {
			phones[d.Gate] = append(phones[d.Gate], d)
		}
	}
	l := &liveLook{at: look.At, version: look.Version, contacts: a.contacts}
	was := map[string]json.RawMessage{}
	if before != nil {
		for i := range before.gates {
			was[before.gates[i].view.Gate] = before.gates[i].json
		}
	}
	nodes := map[string]string{}
	for i := range look.Gates {
		g := s.viewOfGateNow(reg, &look.Gates[i], a, phones[look.Gates[i].Gate.Code], look.At)
		text, err := json.Marshal(g)
		if err != nil {
			return nil, fmt.Errorf("gateway: a gate of the board: %w", err)
		}
		nodes[g.Gate] = g.node
		if !bytes.Equal(was[g.Gate], text) {
			l.changed = append(l.changed, len(l.gates))
		}
		l.gates = append(l.gates, liveGate{g, text})
	}
	l.recent, l.news = viewOfDenials(look.Recent, nodes), viewOfDenials(look.News, nodes)
	return l, nil
}

func viewOfDenials(all []checkpoint.Denial, nodes map[string]string) []boardDenial {
	views := make([]boardDenial, len(all))
	for i := range all {
		views[i] = viewOfDenial(&all[i], nodes[all[i].Gate.Code])
	}
	return views
}

func (s *Server) viewOfGateNow(reg *checkpoint.Registry, g *checkpoint.GateNow, a surroundings, phones []*checkpoint.Device, now int64) boardGate {
	v := boardGate{
		Gate: g.Gate.Code, Name: g.Gate.Name, Site: g.Site.Code, SiteName: g.Site.Name, Area: g.Area, node: g.Site.Grid,
		State: g.State, Troubles: []trouble{}, Today: viewOfPassages(g.Today), Hour: viewOfPassages(g.Hour), Five: viewOfPassages(g.Five),
		Passed: g.Passed[:], Refused: g.Denied[:], LastAt: timeOrNil(g.LastAt),
		Inside: a.inside[g.Site.Code], Capacity: reg.RulesAt(g.Site, now).Capacity, Devices: len(phones),
	}
	if g.Usual >= 0 {
		usual := g.Usual
		v.Usual = &usual
	}
	contact, lost := int64(0), false
	for _, d := range phones {
		at := a.contacts[d.Num]
		contact = max(contact, at)
		if shift, ok := s.store.ShiftAt(d.Num, now); ok {
			v.OnShift++
			lost = lost || now-max(at, shift.OpenedAt) > contactLost
		}
	}
	v.ContactAt = timeOrNil(contact - contact%minuteOfTime)
	earlier := g.Hour.Denied - g.Five.Denied // in 55 minutes
	for _, t := range [...]struct {
		is   bool
		what trouble
	}{
		{g.Silent, troubleSilent},
		{lost, troubleUnreachable},
		{g.Five.Denied >= denialsLeast && 11*g.Five.Denied > denialsFactor*earlier, troubleDenials},
		{g.Hour.Fevers > 0, troubleFever},
		{v.Capacity > 0 && v.Inside >= v.Capacity, troubleFull},
		{g.DegradedAt > now-degradedFor, troubleDegraded},
		{g.State == checkpoint.GateClosed && g.Hour != (checkpoint.PassageCounts{}), troubleClosed},
	} {
		if t.is {
			v.Troubles = append(v.Troubles, t.what)
		}
	}
	return v
}
