package checkpoint

import "slices"

// RulesSpan is a time in which the rules of a site do not change.
type RulesSpan struct {
	From, Until int64 // UTC ms; From 0: since before the question, Until 0: no change is known within it
	Rules       *SiteRules
}

// RulesBetween are the rules of a site from one time to another (UTC ms), in
// order of time, as far as policies that begin and end are known now. Whoever is
// told can judge as the gateways will, without asking again, until something else
// is ordered.
func (r *Registry) RulesBetween(site *Site, from, to int64) []RulesSpan {
	var turns []int64
	for _, p := range r.policiesOf(site) {
		for _, at := range [...]int64{p.from, p.end} {
			if from < at && at < to {
				turns = append(turns, at)
			}
		}
	}
	slices.Sort(turns)
	spans := []RulesSpan{{Rules: r.RulesAt(site, from)}}
	for _, at := range slices.Compact(turns) {
		last, rules := &spans[len(spans)-1], r.RulesAt(site, at)
		if *rules != *last.Rules {
			last.Until = at
			spans = append(spans, RulesSpan{From: at, Rules: rules})
		}
	}
	return spans
}
