//go:build linux

package faults

import (
	"fmt"
	"slices"
	"time"
)

// account is what holding a ledger against the records comes to, in scans. One
// that is lost in all five records is lost once.
type account struct {
	sent, acknowledged  int
	lost, twice, wrong  int
	details             []string // the first few of each
	trailed, indexed    int      // records in trails and in gate indexes
	unanswered          int      // scans that were never acknowledged
	unansweredOnRecord  int      // of them recorded all the same
	lostFrom, lostUntil int64    // occurred_at of the first and the last that is lost
}

func (a *account) clean() bool { return a.lost+a.twice+a.wrong == 0 }

func (a *account) String() string {
	return fmt.Sprintf("%d sent, %d acknowledged: %d lost, %d twice, %d wrong %q", a.sent, a.acknowledged, a.lost, a.twice, a.wrong, a.details)
}

func (a *account) detail(format string, args ...any) {
	if len(a.details) < 8 {
		a.details = append(a.details, fmt.Sprintf(format, args...))
	}
}

// audit holds a ledger against the records.
func audit(l *ledger, all []held) account {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := account{sent: len(l.scans)}
	known := make(map[key]*sent, len(l.scans))
	for _, s := range l.scans {
		known[s.key] = s
		if len(s.acks) > 0 {
			a.acknowledged++
		}
	}
	lost, twice, wrong := map[key]bool{}, map[key]bool{}, map[key]bool{}
	recorded := map[key]bool{}
	for _, h := range all {
		found := map[key]int{}
		for _, r := range h.all {
			found[r.key]++
			recorded[r.key] = true
			if why := misfit(known[r.key], &r); why != "" {
				wrong[r.key] = true
				a.detail("%s has %s of %s: %s", h.where, r.person, wireTime(r.at), why)
			}
		}
		for _, s := range l.scans {
			switch n := found[s.key]; {
			case n == 0 && len(s.acks) > 0:
				lost[s.key] = true
				a.detail("%s has not %s of %s, acknowledged %s", h.where, s.person, wireTime(s.at), s.acks[0].when.UTC().Format(time.StampMilli))
			case n > 1:
				twice[s.key] = true
				a.detail("%s has %s of %s %d times", h.where, s.person, wireTime(s.at), n)
			}
		}
		switch h.where {
		case "trail":
			a.trailed = len(h.all)
		case "gate index":
			a.indexed = len(h.all)
		}
	}
	for k := range lost {
		if a.lostFrom == 0 || k.at < a.lostFrom {
			a.lostFrom = k.at
		}
		a.lostUntil = max(a.lostUntil, k.at)
	}
	for _, s := range l.scans {
		if len(s.acks) == 0 {
			a.unanswered++
			if recorded[s.key] {
				a.unansweredOnRecord++
			}
		}
	}
	a.lost, a.twice, a.wrong = len(lost), len(twice), len(wrong)
	return a
}

// misfit tells why a record cannot come from what was sent and answered.
func misfit(s *sent, r *record) string {
	if s == nil {
		return "it was never sent"
	}
	if r.hash != [8]byte{} && !slices.Contains(s.hashes, r.hash) {
		return "it was sent under another identity"
	}
	for _, a := range s.acks {
		if r.decision != a.Decision || r.reason != "" && r.reason != a.Reason {
			return fmt.Sprintf("it says %s %s, the answer was %s %s", r.decision, r.reason, a.Decision, a.Reason)
		}
	}
	return ""
}
