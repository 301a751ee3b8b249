package checkpoint

import "context"

// How many refusals without a person one device may write a minute; more are
// answered but not kept. An emergency in which nobody was asked for a name is
// kept even if a flood of forged codes came before it.
const (
	maxRefusalsPerMinute  = 120
	maxOverridesPerMinute = 1200
)

// Refuse answers a scan for which no person is known (a forged or foreign
// code) and records it in the gate's own log. Repeats, other content and
// errors are as for Scan.
func (s *Store) Refuse(ctx context.Context, req ScanRequest, reason Reason) (ScanResult, error) {
	c, err := s.prepareScan(&req)
	if err != nil {
		return ScanResult{}, err
	}
	if c.revoked() {
		reason = ReasonDeviceRevoked
	}
	return s.refuse(ctx, c, reason)
}

// refuse records a refusal without a person in the gate's own log.
func (s *Store) refuse(ctx context.Context, c *scanCall, reason Reason) (ScanResult, error) {
	o := c.refusal(reason)
	e := &c.event
	e.Person = 0
	body := e.appendBody(o.pack(), true)
	keys := []string{
		s.keys.refusals(e.Gate, dayOf(e.OccurredAt)),
		s.keys.refusalCap(e.Gate, e.Device, e.RecordedAt/60_000),
	}
	most := c.mostRefusals()
	reply, err := s.runScan(ctx, refuseScript, keys, e.OccurredAt, c.identity(), body, most, bit(c.inTime == nil))
	if err != nil {
		return ScanResult{}, err
	}
	verdict, rest, err := scanReply(reply)
	if err != nil {
		return ScanResult{}, err
	}
	res := ScanResult{Outcome: o, OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt, Duplicate: verdict == "again"}
	switch verdict {
	case "new", "capped":
		s.recent.refuse(e.Hash, e.OccurredAt)
		if verdict == "new" {
			e.Outcome = o
			err = s.raiseAlert(ctx, e, c.req.Told != nil)
		}
		return res, err
	case "again":
		if len(rest) != 1 {
			return ScanResult{}, errEvent
		}
		first, err := parseTrail(0, e.OccurredAt, rest[0])
		if err != nil {
			return ScanResult{}, err
		}
		res.Outcome, res.RecordedAt = first.Outcome, first.RecordedAt
		return res, s.raiseAlert(ctx, &first, c.req.Told != nil) // the first time, it may have failed
	}
	return ScanResult{}, c.refusedBy(verdict)
}

// mostRefusals is how many like this one a device may write in a minute.
func (c *scanCall) mostRefusals() int {
	if c.event.Override != 0 {
		return maxOverridesPerMinute
	}
	return maxRefusalsPerMinute
}

// refusal is the answer to a scan that names nobody on record.
func (c *scanCall) refusal(reason Reason) Outcome {
	o := Outcome{Decision: Deny, Reason: reason, Action: refusalAction(reason), Flags: c.flags}
	if c.event.Override != 0 { // an emergency is let pass, and the reason says what it passed over
		o.Flags |= FlagOverride
		if reason != ReasonDeviceRevoked {
			o.Decision, o.Action = Pass, Admit
		}
	}
	if t := c.req.Told; t != nil { // what the device said stands here, too
		if t.Decision != o.Decision || t.Reason != o.Reason {
			o.Flags |= FlagConflict
		}
		o.Decision, o.Reason, o.Action = t.Decision, t.Reason, t.Action
	}
	return o
}

func refusalAction(r Reason) Action {
	switch r {
	case ReasonUnknownPerson, ReasonNotOurPass, ReasonMalformed:
		return Register
	default:
		return SendBack
	}
}
