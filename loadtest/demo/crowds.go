package demo

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
)

// window is a place and time that a crowd is asked for; gate is -1 for anywhere
// at the site.
type window struct {
	site, gate int
	from, to   int64 // UTC ms
}

// wireWindow is a window on the wire.
type wireWindow struct {
	Gate string `json:"gate,omitempty"`
	Site string `json:"site,omitempty"`
	From string `json:"from"`
	To   string `json:"to"`
}

// checkCrowds asks about every day who was at two of these: the three busiest
// public sites and a gate of the first; and who was inside them at noon and at
// six.
func (r *run) checkCrowds(ctx context.Context) error {
	busiest := r.busiest()
	return r.parallel(ctx, "crowds", r.cfg.Days, func(ctx context.Context, d int) error {
		from, to := r.span(d)
		var windows []window
		for i, site := range busiest {
			if i == 0 {
				windows = append(windows, window{site, r.gateAtSite(site), from + 1, to - 1})
			}
			windows = append(windows, window{site, -1, from + 1, to - int64(i)*60*minute - 1})
		}
		if err := r.checkCrowd(ctx, fmt.Sprintf("crowd of day %d", d+1), windows); err != nil {
			return err
		}
		for _, site := range busiest {
			for _, hour := range []int64{12, 18} {
				if err := r.checkInside(ctx, site, from+hour*60*minute+1); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// busiest are the three public sites with the most entries.
func (r *run) busiest() []int {
	entries := map[int]int{}
	for i := range r.oracle.people {
		for _, e := range r.oracle.people[i].history {
			if site := r.oracle.gates[r.oracle.gateOf(e)].site; e.in && e.decision == pass && !r.oracle.sites[site].residential {
				entries[site]++
			}
		}
	}
	var sites []int
	for site := range entries {
		sites = append(sites, site)
	}
	slices.SortFunc(sites, func(a, b int) int { return cmp.Or(entries[b]-entries[a], a-b) })
	return sites[:min(3, len(sites))]
}

// gateAtSite is the first gate of a site that is used.
func (r *run) gateAtSite(site int) int {
	return slices.IndexFunc(r.oracle.gates, func(e entrance) bool { return e.site == site && r.crowd.uses[r.gateAt[e.code]] })
}

func (r *run) checkCrowd(ctx context.Context, where string, windows []window) error {
	const atLeast = 2
	in := map[string]any{"at_least": atLeast, "limit": listedAtMost}
	var places []wireWindow
	for _, w := range windows {
		place := wireWindow{Site: r.oracle.sites[w.site].code, From: wireTime(w.from), To: wireTime(w.to)}
		if w.gate >= 0 {
			place.Gate, place.Site = r.oracle.gates[w.gate].code, ""
		}
		places = append(places, place)
	}
	in["windows"] = places
	var out struct {
		People []struct {
			Person  wireWho `json:"person"`
			Windows []int   `json:"windows"`
			Minutes int64   `json:"minutes"`
		} `json:"people"`
	}
	if err := r.ask(ctx, r.caseOf(0), "POST", "/v1/crowd", in, &out); err != nil {
		return err
	}
	r.inquiry.rows.Add(int64(len(out.People)))
	var want, got []string
	for i := range r.oracle.people {
		p := &r.oracle.people[i]
		var at []int
		total := int64(0)
		for k, w := range windows {
			there, ms := r.oracle.wasThere(p, w)
			if total += ms; there {
				at = append(at, k)
			}
		}
		if len(at) >= atLeast {
			want = append(want, fmt.Sprint(p.id, " at ", at, " for ", total/minute))
		}
	}
	for _, m := range out.People {
		got = append(got, fmt.Sprint(m.Person.ID, " at ", m.Windows, " for ", m.Minutes))
	}
	r.tell("crowds", where, want, got)
	return nil
}

// wasThere tells whether somebody was at a place in a window, and for how long
// (ms) at its site: a gate they passed in the window, at a site they stayed.
func (o *oracle) wasThere(p *person, w window) (there bool, ms int64) {
	for _, e := range p.counting() {
		if o.gateOf(e) == w.gate && e.at >= w.from && e.at < w.to && (!e.in || e.decision == pass) {
			there = true
		}
	}
	for _, s := range o.stays(p, w.to) {
		if s.site != w.site || s.to < w.from || s.to == w.from && s.from < w.from {
			continue
		}
		there = there || w.gate < 0
		ms += s.to - max(s.from, w.from)
	}
	return there, ms
}

func (r *run) checkInside(ctx context.Context, site int, at int64) error {
	var out struct {
		People []struct {
			Person wireWho `json:"person"`
			Since  string  `json:"since"`
			Gate   string  `json:"gate"`
		} `json:"people"`
	}
	code := r.oracle.sites[site].code
	path := "/v1/sites/" + code + "/inside/people?" + url.Values{"at": {wireTime(at)}}.Encode()
	if err := r.ask(ctx, r.caseOf(0), "GET", path, nil, &out); err != nil {
		return err
	}
	r.inquiry.rows.Add(int64(len(out.People)))
	var want, got []string
	for i := range r.oracle.people {
		p := &r.oracle.people[i]
		stays := r.oracle.stays(p, at)
		if n := len(stays); n > 0 && stays[n-1].open && stays[n-1].site == site {
			want = append(want, fmt.Sprint(p.id, " since ", wireTime(stays[n-1].from), " by ", r.oracle.gates[stays[n-1].entry].code))
		}
	}
	for _, p := range out.People {
		got = append(got, fmt.Sprint(p.Person.ID, " since ", p.Since, " by ", p.Gate))
	}
	r.tell("inside", code+" at "+wireTime(at), want, got)
	return nil
}
