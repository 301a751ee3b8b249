package demo

import "cmp"

// visit applies a person's permits. They let a stranger into the one site that
// they are for; the newest that is good counts, and if none is, the newest says
// why. Who stays longer than any of them allows is noted on the way out.
func (p *person) visit(v verdict, s *scan, site *place) (verdict, *permit) {
	if !site.residential || p.home == s.site {
		return v, nil
	}
	if !s.in {
		if p.overstayed(s) {
			v.flags |= overstayed
		}
		return v, nil
	}
	if v.reason != "outsider" {
		return v, nil
	}
	why := ""
	for i := len(p.permits) - 1; i >= 0; i-- {
		t := p.permits[i]
		switch {
		case t.site != s.site:
		case s.at < t.from:
			why = cmp.Or(why, "not_yet_valid")
		case s.at >= t.until:
			why = cmp.Or(why, "permit_expired")
		case t.entries > 0 && t.used >= t.entries:
			why = cmp.Or(why, "permit_used")
		default:
			if t.plate != "" && s.plate != "" && s.plate != t.plate {
				v.flags |= otherVehicle
			}
			return verdict{pass, "ok", admit, v.flags}, t
		}
	}
	v.reason = cmp.Or(why, v.reason)
	return v, nil
}

func (p *person) overstayed(s *scan) bool {
	ended := false
	for _, t := range p.permits {
		if t.site != s.site || !p.last.in || p.last.site != s.site {
			continue
		}
		if s.at >= t.from && s.at < t.until {
			return false
		}
		ended = ended || s.at >= t.until && p.last.at < t.until
	}
	return ended
}

// goOut counts the outings of a household on the day, in Shanghai, if its site
// has a limit. Who goes to the doctor or to work takes none; who leaves in an
// emergency has been out.
func (p *person) goOut(v verdict, s *scan, site *place) (out verdict, counts bool) {
	if site.outings == 0 || v.decision != pass || s.in || p.home != s.site || s.purpose == "medical" || s.purpose == "work" {
		return v, false
	}
	const aDay, shanghai = 24 * 60 * minute, 8 * 60 * minute
	midnight, n := (s.at+shanghai)/aDay*aDay-shanghai, 0
	for _, o := range p.household.outings {
		if o.at >= midnight && o.at <= s.at {
			n++
		}
	}
	if n >= site.outings {
		v = verdict{deny, "quota", sendBack, v.flags}
	}
	return v, true
}
