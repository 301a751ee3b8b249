package gateway

import "passgate/checkpoint"

// rulesInForce are the rules of a site at a moment as the API shows them: its
// own with those of the policies in force laid over them.
type rulesInForce struct {
	rulesView
	Policies []policyName `json:"policies"` // in order of creation, a later one wins
}

// policyName tells people under which policy they are.
type policyName struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// rulesView are a site's rules as the API shows them.
type rulesView struct {
	Closed           bool                     `json:"closed"`
	OpensAt          string                   `json:"opens_at"`
	ClosesAt         string                   `json:"closes_at"`
	TemperatureOn    checkpoint.TemperatureOn `json:"temperature_on"`
	FeverLine        checkpoint.Celsius       `json:"fever_line"`
	LowLine          checkpoint.Celsius       `json:"low_line"`
	RemeasureMinutes int                      `json:"remeasure_minutes"`
	AntiPassback     checkpoint.Strictness    `json:"anti_passback"`
	ReplayedPass     checkpoint.Strictness    `json:"replayed_pass"`
	ResidentsOnly    bool                     `json:"residents_only"`
	Capacity         int                      `json:"capacity"`
	Outings          int                      `json:"outings"`
	OutingDays       int                      `json:"outing_days"`
	Disinfection     bool                     `json:"disinfection"`
	LowAgain         checkpoint.Strictness    `json:"low_again"`
	MaxStayHours     int                      `json:"max_stay_hours"`
	ReturneeDays     int                      `json:"returnee_days"`
}

func viewOfRules(r *checkpoint.SiteRules) rulesView {
	return rulesView{
		r.Closed, r.OpensAt, r.ClosesAt, r.TemperatureOn, r.FeverLine, r.LowLine, r.RemeasureMin, r.AntiPassback,
		r.ReplayedPass, r.ResidentsOnly, r.Capacity, r.Outings, r.OutingDays, r.Disinfection, r.LowAgain,
		r.MaxStayHours, r.ReturneeDays,
	}
}

// rulesAt are the rules of a site in force at a time (UTC ms).
func rulesAt(reg *checkpoint.Registry, site *checkpoint.Site, at int64) rulesInForce {
	out := rulesInForce{viewOfRules(reg.RulesAt(site, at)), []policyName{}}
	for _, p := range reg.PoliciesAt(site, at) {
		out.Policies = append(out.Policies, policyName{p.Code, p.Name})
	}
	return out
}
