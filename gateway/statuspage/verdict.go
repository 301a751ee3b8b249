package statuspage

import (
	"math"
	"strings"
	"time"
)

// problem is a condition that has held for long enough to be told.
type problem struct {
	Alert    string    `json:"alert"`
	Severity severity  `json:"severity"`
	Since    time.Time `json:"since"`
	Value    number    `json:"value"`
	Is       string    `json:"is"`
	Limit    float64   `json:"limit"`
	Unit     unit      `json:"unit"`
	ZH       string    `json:"zh"`
	EN       string    `json:"en"`
	Runbook  string    `json:"runbook"`
}

// state is how all is.
type state string

const (
	stateOK       state = "ok"
	stateTicket   state = "ticket"
	statePage     state = "page"
	stateStarting state = "starting" // nothing is known yet
)

// watch remembers since when conditions hold.
type watch map[string]time.Time // by alert

// look looks at all conditions after a sample and gives what is to be told.
func (w watch) look(h *history) []problem {
	last, ok := h.last()
	if !ok {
		return nil
	}
	problems := []problem{}
	for i := range conditions {
		c := &conditions[i]
		value, holds := c.holds(h, last)
		if !holds {
			delete(w, c.alert)
			continue
		}
		since, before := w[c.alert]
		if !before {
			since = last.at
			w[c.alert] = since
		}
		if last.at.Sub(since) >= c.lasts {
			problems = append(problems, problem{
				Alert: c.alert, Severity: c.severity, Since: since, Value: number(value), Is: c.is, Limit: c.limit, Unit: c.unit,
				ZH: c.words.zh, EN: c.words.en, Runbook: "RUNBOOK.md#" + strings.ToLower(c.alert),
			})
		}
	}
	return problems
}

// holds tells whether a condition holds now, with its figure if it is beyond its limit.
func (c *condition) holds(h *history, last sample) (value float64, holds bool) {
	from := h.before(c.over)
	asked := func(f figure) bool { return f(h)(from, last) == 1 }
	value = c.figure(h)(from, last)
	switch c.is {
	case ">", "":
		holds = value > c.limit
	case ">=":
		holds = value >= c.limit
	case "<":
		holds = value < c.limit
	case "==":
		holds = value == c.limit
	}
	if holds && (c.and == nil || asked(c.and)) {
		return value, true
	}
	return math.NaN(), c.or != nil && asked(c.or)
}

// stateOf is what problems come to.
func stateOf(problems []problem) state {
	all := stateOK
	for _, p := range problems {
		if p.Severity == page {
			return statePage
		}
		all = stateTicket
	}
	return all
}
