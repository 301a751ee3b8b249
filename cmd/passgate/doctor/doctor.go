// Package doctor says what to change of a deployment. Each theme has a file: its
// facts, a function that looks them up and changes nothing, and the rules, which
// judge facts and ask nobody. What `passgate serve` refuses or warns of itself is
// asked of the same functions.
//
// A finding has a code that stays the same over releases, so that scripts can wait
// for it or leave it out. No finding holds a secret or is about a person.
package doctor

import (
	"cmp"
	"slices"
	"strings"
)

// Severity says how bad it is.
type Severity string

// The severities, the worst first.
const (
	// Error: gates stop, refuse the wrong people or lose what they recorded, now or at
	// the next failure.
	Error Severity = "error"
	// Warning: it works and is not as it should be.
	Warning Severity = "warning"
	// Note: something could not be looked at, or is right in some places only.
	Note Severity = "note"
)

// Finding is one thing to change.
type Finding struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`
	Where    string   `json:"where"` // servers, files or settings, without secrets
	What     string   `json:"what"`
	Why      string   `json:"why"` // it matters for the people at the gates
	Do       string   `json:"do"`  // the command or setting that repairs it
}

// Sort puts the worst first and makes one of findings that differ only in where they
// were made, as on the masters of a cluster.
func Sort(all []Finding) []Finding {
	var merged []Finding
	for _, f := range all {
		same := slices.IndexFunc(merged, func(o Finding) bool { o.Where = f.Where; return o == f })
		if same < 0 {
			merged = append(merged, f)
		} else if !slices.Contains(strings.Split(merged[same].Where, ", "), f.Where) {
			merged[same].Where += ", " + f.Where
		}
	}
	rank := []Severity{Error, Warning, Note}
	slices.SortStableFunc(merged, func(a, b Finding) int {
		return cmp.Compare(slices.Index(rank, a.Severity), slices.Index(rank, b.Severity))
	})
	return merged
}

// findings collects those of one place.
type findings struct {
	where string
	all   []Finding
}

func (f *findings) add(severity Severity, code, what, why, do string) {
	f.all = append(f.all, Finding{severity, code, f.where, what, why, do})
}
