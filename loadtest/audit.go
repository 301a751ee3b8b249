package loadtest

// Audit is what holding the ledger against the server's records came to, in
// scans.
type Audit struct {
	Acknowledged int64    `json:"acknowledged"` // looked up
	Lost         int64    `json:"lost"`         // acknowledged, but not in the trail or not in the window
	Doubled      int64    `json:"doubled"`      // on record more than once
	Changed      int64    `json:"changed"`      // on record with another answer than the one given
	Half         int64    `json:"half"`         // in one of trail and window only, without an acknowledgement
	Unanswered   int64    `json:"unanswered"`   // not acknowledged
	Kept         int64    `json:"kept"`         // of those, on record all the same
	Strange      int64    `json:"strange"`      // on record, never sent
	Seconds      float64  `json:"seconds"`
	Examples     []string `json:"examples,omitempty"`
}

// Clean tells that nothing is wrong.
func (a *Audit) Clean() bool { return a.Lost+a.Doubled+a.Changed+a.Half+a.Strange == 0 }
