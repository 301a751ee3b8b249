package checkpoint

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
)

// AlertKind says why somebody should look at an event now.
type AlertKind string

// The kinds of alerts that are events.
const (
	AlertFever      AlertKind = "fever_case"     // a fever case was opened
	AlertFeverOut   AlertKind = "fever_case_out" // somebody with an open case is out
	AlertBreach     AlertKind = "breach"         // who has to stay at home is not there
	AlertOverride   AlertKind = "override"       // let pass as an emergency
	AlertDeniedExit AlertKind = "denied_exit"    // asked to leave and was refused
	AlertOverstayed AlertKind = "overstayed"     // a visitor left after the permit had ended
	AlertConflict   AlertKind = "conflict"       // let pass offline, and the rules say otherwise
)

// AlertText is one row of the table of alerts.
type AlertText struct {
	Kind AlertKind
	ZH   string // what the duty desk reads, with what to do
	EN   string
	is   func(e *ScanEvent) bool
}

// alerts is the table, the gravest first. An alert is a view of an event: each
// row looks at nothing but the event, which never changes, so it does not
// matter when or how often it is asked.
var alerts = [...]AlertText{
	{
		AlertFever, "两次体温偏高，已立发热病例：留在原地，按程序上报", "Two high readings, a fever case is open: keep the person there and report",
		func(e *ScanEvent) bool { return e.Fever != 0 },
	},
	{
		AlertFeverOut, "发热病例未结案，本人在卡口出现：护送回家或送医", "Somebody with an open fever case is out: see them home or to the hospital",
		func(e *ScanEvent) bool { return e.Flags&FlagFeverCase != 0 && !e.letIn() },
	},
	{
		AlertBreach, "应居家人员不在家中", "Somebody who has to stay at home is not there",
		func(e *ScanEvent) bool { return e.Flags&FlagBreach != 0 },
	},
	{
		AlertOverride, "紧急放行，请核实", "Let pass as an emergency: look into it",
		func(e *ScanEvent) bool { return e.Override != 0 },
	},
	{
		AlertDeniedExit, "不应外出，卡口已劝返：请核实去向", "Leaving was refused: see whether the person stayed",
		func(e *ScanEvent) bool {
			return e.Person != 0 && e.Direction == Out && e.Decision == Deny && e.Action != Register
		},
	},
	{
		AlertOverstayed, "访客超过许可时限才离开", "A visitor left after the permit had ended",
		func(e *ScanEvent) bool { return e.Flags&FlagOverstayed != 0 },
	},
	{
		AlertConflict, "设备离线时放行，与规则判定不一致", "A device that was offline let pass, and the rules say otherwise",
		func(e *ScanEvent) bool { return e.Flags&FlagConflict != 0 && e.Decision == Pass },
	},
}

// letIn tells that somebody was let in by the rules. With an open fever case
// that is so at their home only.
func (e *ScanEvent) letIn() bool {
	return e.Direction == In && e.Decision == Pass && e.Override == 0
}

// AlertTexts lists the table, the gravest first.
func AlertTexts() []AlertText { return slices.Clone(alerts[:]) }

// Text gives the row of the table.
func (k AlertKind) Text() AlertText {
	for _, a := range alerts {
		if a.Kind == k {
			return a
		}
	}
	return AlertText{Kind: k}
}

// ParseAlertKind reads a wire name.
func ParseAlertKind(s string) (AlertKind, error) {
	k := AlertKind(s)
	if k.Text().is == nil {
		return "", fmt.Errorf("alert kind %q is not in the table of alerts", s)
	}
	return k, nil
}

// alertKinds are the alerts that an event deserves, the gravest first.
func (e *ScanEvent) alertKinds() (kinds []AlertKind) {
	for i := range alerts {
		if alerts[i].is(e) {
			kinds = append(kinds, alerts[i].Kind)
		}
	}
	return kinds
}

// alerts tells whether an event belongs into the set of its day's alerts. What
// takes a scan back lies beside it there, too, whatever the scan was.
func (e *ScanEvent) alerts() bool { return e.IsAnnulment() || len(e.alertKinds()) > 0 }

// alertMember is the form of an event in a day's alerts: person 8 and the
// member of a trail.
func (e *ScanEvent) alertMember() []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 64), e.Person), e.trailMember()...)
}

// parseAlert is the inverse of alertMember.
func parseAlert(occurredAt int64, member string) (ScanEvent, error) {
	if len(member) < 8 {
		return ScanEvent{}, errEvent
	}
	return parseTrail(fromRaw(member), occurredAt, member[8:])
}

// Alert is an event that somebody should look at.
type Alert struct {
	Kinds []AlertKind // the gravest first
	Event ScanEvent
}

// Alerts streams the alerts with from <= occurred_at < to (UTC ms) of all gates
// in order of time and in constant memory; it stops at fn's first error and
// returns it. A scan that was taken back stays an alert, marked in its event.
// Alerts follow the record within the projector's lag, emergencies in which
// nobody was asked for a name without. Errors: *FieldError, ErrUnavailable.
func (s *Store) Alerts(ctx context.Context, from, to int64, fn func(*Alert) error) error {
	if from < 0 || to < from || to-from > maxWindow {
		return &FieldError{"to", "the window must run forward and span at most 61 days"}
	}
	seen, err := s.horizonOf(ctx, from)
	if err != nil {
		return err
	}
	from = min(to, seen.clip(from))
	for day := dayOf(from); day <= dayOf(to-1) && to > from; day++ {
		base := s.keys.alerts(day)
		table, err := s.rdb.Get(ctx, base).Result()
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		err = s.readEvents(ctx, base, table, from, to, parseAlert, func(e *ScanEvent) error {
			if e.IsAnnulment() || !seen.shows(e) {
				return nil
			}
			return fn(&Alert{Kinds: e.alertKinds(), Event: *e})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// raiseAlert puts an event that is in no log into its day's alerts, at once. told: it
// was told before, so that it may be there in other words; see additionArgs.
func (s *Store) raiseAlert(ctx context.Context, e *ScanEvent, told bool) error {
	if !e.alerts() {
		return nil
	}
	_, err := s.runScan(ctx, plateScript, []string{s.keys.alerts(dayOf(e.OccurredAt))}, additionArgs(told, timed{e.OccurredAt, e.alertMember()})...)
	return err
}
