package checkpoint

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// decide answers a scan without Redis: from what was told before, or by the
// script on the copy. It returns only when the journal has the answer on disk.
func (b *Standby) decide(ctx context.Context, part int, req ScanRequest, refused Reason) (ScanResult, error) {
	asked := req
	req.Degraded, req.cutOff = true, b.cutOff(part)
	c, err := b.s.prepareScan(&req)
	if err != nil {
		return ScanResult{}, err
	}
	if refused != ReasonOK {
		defer b.turn(binary.BigEndian.Uint64(c.event.Hash[:]))()
		return b.refuseHere(ctx, c, &asked, refused)
	}
	c, owner, err := b.resolve(c, req)
	if err != nil {
		return ScanResult{}, err
	}
	defer b.turn(owner)()
	return b.judgeHere(ctx, c, &asked)
}

// cutOff tells whether the copy of a part, or the rules, are too old to let
// people enter by.
func (b *Standby) cutOff(part int) bool {
	return !b.cfg.EnterPastLimit && max(time.Since(b.copy.complete(part)), b.s.RulesAge()) > b.cfg.Limit
}

// turn makes the scans of one person wait for each other: the second one has to
// find what the first one left.
func (b *Standby) turn(person uint64) (done func()) {
	turn := &b.turns[person%uint64(len(b.turns))]
	turn.Lock()
	return turn.Unlock
}

// resolve finds whose record a scan goes to: a walk-in who is known as a resident
// is judged as that one.
func (b *Standby) resolve(c *scanCall, req ScanRequest) (*scanCall, uint64, error) {
	c.apart = true // whom a walk-in was known as before is not asked
	if req.WalkIn == nil {
		return c, c.event.Person, nil
	}
	resident := b.knownAs(c.event.Person)
	if resident == 0 {
		return c, c.event.Person, nil
	}
	req.WalkIn, req.Person = nil, resident
	c, err := b.s.prepareScan(&req)
	return c, req.Person, err
}

// judgeHere runs the script on the copy and journals the answer.
func (b *Standby) judgeHere(ctx context.Context, c *scanCall, asked *ScanRequest) (ScanResult, error) {
	if first, ok := b.told.again(c.event.Hash, c.req.OccurredAt); ok { // at the latest while it waited for its turn
		return first, nil
	}
	person := c.event.Person
	state := b.owing.state(person)
	state.base = b.copy.person(person)
	revoked := c.revoked()
	inTime := c.inTime
	if revoked {
		c.inTime = ErrRevoked // only what it recorded before is still answered
	}
	reply, err := b.judge.run(c.keys(b.s.keys), c.args(), state)
	if err != nil {
		return ScanResult{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	verdict, rest, err := scanReply(reply)
	if err != nil {
		return ScanResult{}, err
	}
	switch {
	case verdict == "again":
		return c.result(b.s.Registry(), rest, true)
	case revoked && (verdict == "time" || verdict == "unknown"):
		c.inTime = inTime
		return b.refuseHere(ctx, c, asked, ReasonDeviceRevoked)
	case verdict == "unknown":
		return b.refuseHere(ctx, c, asked, ReasonUnknownPerson)
	case verdict != "new":
		return ScanResult{}, c.refusedBy(verdict)
	}
	res, err := c.result(b.s.Registry(), rest, false)
	if err != nil {
		return res, err
	}
	if err := b.owe(ctx, person, asked, ReasonOK, &res); err != nil {
		return ScanResult{}, err
	}
	b.owing.put(person, state)
	return res, nil
}

// refuseHere answers a scan that names nobody on record. Past as many as Redis
// would keep in a minute they are answered and not kept here either, so that no
// device fills the journal.
func (b *Standby) refuseHere(ctx context.Context, c *scanCall, asked *ScanRequest, reason Reason) (ScanResult, error) {
	if c.revoked() {
		reason = ReasonDeviceRevoked
	}
	if first, ok := b.told.again(c.event.Hash, c.req.OccurredAt); ok { // as above
		return first, nil
	}
	if c.inTime != nil {
		return ScanResult{}, c.inTime
	}
	res := ScanResult{Outcome: c.refusal(reason), OccurredAt: c.event.OccurredAt, RecordedAt: c.event.RecordedAt}
	if !b.capped.allow(c.device.Num, c.event.RecordedAt, c.mostRefusals()) {
		return res, nil
	}
	return res, b.owe(ctx, 0, asked, reason, &res)
}

// owe puts an answer into the journal, on the disk, and remembers it.
func (b *Standby) owe(ctx context.Context, person uint64, asked *ScanRequest, refused Reason, res *ScanResult) error {
	entry := journalEntry{Request: *asked, Refused: refused, Owner: person}
	entry.tell(res)
	b.owing.add(person)
	if _, err := b.journal.Owe(ctx, queueOf(res), entry.encode()); err != nil {
		b.owing.remove(person)
		return fmt.Errorf("%w: Redis does not answer, and the journal cannot be written: %w", ErrUnavailable, err)
	}
	b.told.put(scanHash(asked.Device, asked.ID), asked.OccurredAt, res)
	b.degraded.Add(1)
	return nil
}
