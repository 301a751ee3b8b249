package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Changing the field key.
//
// A version follows another in steps, and each step is taken when every gateway
// is known to have taken the one before:
//
//	1      the old version. The new one is handed out to all gateways first; a
//	       gateway says every few seconds which ones it holds.
//	1,2    both: found by either, entered into both indexes, sealed with the new
//	       one. When no gateway can be at 1 any more, all records are sealed anew
//	       and entered into the new index.
//	2      the new version. When no gateway can be at 1,2 any more, the old index
//	       goes. The old key goes by DropFieldKey, when nothing is left that needs it.
//
// Whoever writes reads first which versions are in use, and believes it for
// fieldUseKnown. So a step is known to be taken by all after that time; a gateway
// that is cut off or stopped for longer writes nothing by what it knew.

// fieldBarrier is how long after a step the next one may be taken.
const fieldBarrier = fieldUseKnown + 5*time.Second

// ErrFieldKey says that the field keys do not allow a step; the text says why.
var ErrFieldKey = errors.New("checkpoint: field key")

// RotateProgress is what a rotation is at.
type RotateProgress struct {
	Step   string // in words
	Sealed int64  // records sealed anew so far
	People int64  // looked at so far, of a number that nobody counted
}

// RotateFieldKey has everything sealed with version from now on and seals again
// what is sealed with another, while gates and enrolment go on. It can be stopped
// at any time; calling it again goes on. Reasons in the audit stay as they are:
// the chain's hash covers them. Errors: ErrFieldKey, ErrUnavailable.
func (s *Store) RotateFieldKey(ctx context.Context, version int, report func(RotateProgress)) error {
	r := &rotation{s: s, to: byte(version), report: report}
	for {
		use, err := s.fieldsInUse(ctx)
		if err != nil {
			return err
		}
		done, err := r.step(ctx, use)
		if done || err != nil {
			return err
		}
	}
}

// rotation is one run of RotateFieldKey.
type rotation struct {
	s      *Store
	to     byte
	report func(RotateProgress)
	at     RotateProgress
}

func (r *rotation) say(step string) {
	r.at.Step = step
	if r.report != nil {
		r.report(r.at)
	}
}

// step takes the next one.
func (r *rotation) step(ctx context.Context, use fieldUse) (done bool, err error) {
	switch {
	case len(use.list) == 1 && use.newest() != r.to:
		if err := r.begin(ctx, use.newest()); err != nil {
			return false, err
		}
		return false, r.move(ctx, use, use.newest(), r.to)
	case len(use.list) == 2 && use.newest() == r.to:
		if err := r.wait(ctx, use); err != nil {
			return false, err
		}
		if err := r.sealAll(ctx, use.list[0]); err != nil {
			return false, err
		}
		return false, r.move(ctx, use, r.to)
	case len(use.list) == 1:
		if err := r.wait(ctx, use); err != nil {
			return false, err
		}
		return true, r.dropIndexes(ctx)
	}
	return false, fmt.Errorf("%w: the change to version %d is not complete: complete it first", ErrFieldKey, use.newest())
}

// begin makes sure that the new version is a good one and that every gateway
// holds it, and leaves proof of it.
func (r *rotation) begin(ctx context.Context, old byte) error {
	r.say("looking whether all gateways hold the new key")
	key := r.s.seal.ring.Load().keys[r.to]
	if key == nil || key.aead == nil || r.to < old {
		return fmt.Errorf("%w: version %d is not here, or is older than version %d, which is in use", ErrFieldKey, r.to, old)
	}
	gateways, err := r.s.FieldKeyHolders(ctx)
	if err != nil {
		return err
	}
	var without []string
	for _, g := range gateways {
		if !slices.Contains(g.Versions, int(r.to)) {
			without = append(without, g.Name)
		}
	}
	if len(without) > 0 {
		return fmt.Errorf("%w: gateways without version %d: %s; copy its files into their key folder, they take them up within %s",
			ErrFieldKey, r.to, strings.Join(without, ", "), fieldKeyPoll)
	}
	return r.s.proveKey(ctx, r.to)
}

// move says which versions are in use from now on.
func (r *rotation) move(ctx context.Context, from fieldUse, to ...byte) error {
	now, err := r.s.rdb.Time(ctx).Result()
	if err != nil {
		return unavailable(err)
	}
	next := fieldUse{list: to, since: now.UnixMilli()}
	reply, err := r.s.run(ctx, r.s.rdb, caseScript, []string{r.s.keys.registry("seal")}, "use", from.stored, next.String())
	if err == nil && reply != int64(1) {
		err = fmt.Errorf("%w: another rotation is under way", ErrFieldKey)
	}
	return err
}

// wait returns when no gateway believes in what was before use.
func (r *rotation) wait(ctx context.Context, use fieldUse) error {
	r.say("waiting until every gateway has heard of it")
	for {
		now, err := r.s.rdb.Time(ctx).Result()
		if err != nil {
			return unavailable(err)
		}
		left := r.s.barrier - now.Sub(time.UnixMilli(use.since))
		if left <= 0 || use.since == 0 {
			return nil
		}
		if Sleep(ctx, min(left, time.Second)); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// sealAll seals all records anew.
func (r *rotation) sealAll(ctx context.Context, old byte) error {
	r.say("sealing records anew")
	err := r.s.eachSealed(ctx, func(values []sealedValue) error {
		for try := 0; len(values) > 0; try++ {
			if try == enrolTries {
				return fmt.Errorf("checkpoint: %d records change too fast: %w", len(values), ErrUnavailable)
			}
			lost, err := r.sealSome(ctx, old, values)
			if err != nil {
				return err
			}
			values = lost
		}
		r.say(r.at.Step)
		return nil
	})
	if err != nil {
		return err
	}
	sealed, err := r.s.resealCases(ctx, r.to)
	r.at.Sealed += sealed
	if err != nil {
		return err
	}
	return r.s.eachShiftBook(ctx, func(device uint32, _ string, _ []shiftRecord) error {
		sealed, err := r.s.resealShifts(ctx, device, r.to)
		r.at.Sealed += sealed
		return err
	})
}

// sealSome seals some records anew and gives those that somebody has written
// meanwhile, as they are now.
func (r *rotation) sealSome(ctx context.Context, old byte, values []sealedValue) ([]sealedValue, error) {
	if err := r.index(ctx, old, values); err != nil {
		return nil, err
	}
	var parts [officePart + 1][]sealedValue
	for _, v := range values {
		if v.kind == SealedIdentities {
			r.at.People++
		}
		if v.blob[0] != r.to {
			parts[v.part] = append(parts[v.part], v)
		}
	}
	var calls []call
	var members [][]sealedValue
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		c := call{script: resealScript}
		for _, v := range part {
			plain, err := r.s.seal.open(v.id, []byte(v.blob))
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", v.kind, FormatPersonID(v.id), err)
			}
			c.keys = append(c.keys, v.key)
			c.args = append(c.args, v.field, v.blob, r.s.seal.seal(v.id, plain))
		}
		calls, members = append(calls, c), append(members, part)
	}
	replies, err := r.s.runAll(ctx, calls)
	if err != nil {
		return nil, err
	}
	var lost []sealedValue
	for i, part := range members {
		reply, _ := replies[i].(string)
		if len(reply) != len(part) {
			return nil, errors.New("checkpoint: reseal.lua: a reply of an unknown form")
		}
		for n, v := range part {
			if reply[n] == '1' {
				r.at.Sealed++
			} else {
				lost = append(lost, v)
			}
		}
	}
	return r.s.readSealed(ctx, lost)
}

// dropIndexes takes away the blind indexes of all other versions.
func (r *rotation) dropIndexes(ctx context.Context) error {
	r.say("taking the old index away")
	for version := range r.s.seal.ring.Load().keys {
		if version == r.to {
			continue
		}
		for p := range Partitions {
			keys := make([]string, 0, 2*indexBuckets)
			for bucket := range indexBuckets {
				keys = append(keys, r.s.keys.indexBucket(version, "d", p, bucket), r.s.keys.indexBucket(version, "f", p, bucket))
			}
			if err := r.s.rdb.Unlink(ctx, keys...).Err(); err != nil {
				return unavailable(err)
			}
		}
	}
	return nil
}

// DropFieldKey lets a version go that is not in use and that nothing needs any
// more: a look at every record makes sure. With the reasons in the audit that are
// sealed with it, it is refused as well, unless they may become unreadable.
// From then on no process needs the version. Errors: ErrFieldKey, ErrUnavailable.
func (s *Store) DropFieldKey(ctx context.Context, version int, loseReasons bool) error {
	use, err := s.fieldsInUse(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(use.list, byte(version)) {
		return fmt.Errorf("%w: version %d is in use: change to another one first", ErrFieldKey, version)
	}
	if err := (&rotation{s: s}).wait(ctx, use); err != nil {
		return err
	}
	count, err := s.CountSealed(ctx)
	if err != nil {
		return err
	}
	for kind, n := range count[version] {
		switch {
		case kind != SealedReasons:
			return fmt.Errorf("%w: %d records (%s) are sealed with version %d: run the change to version %d again", ErrFieldKey, n, kind, version, use.newest())
		case !loseReasons:
			return fmt.Errorf("%w: %d reasons in the audit are sealed with version %d, and its chain does not let them be changed: keep the key until they are past their time, or say that they may become unreadable", ErrFieldKey, n, version)
		}
	}
	if err := (&rotation{s: s, to: use.newest()}).dropIndexes(ctx); err != nil {
		return err
	}
	field, index := proofs(byte(version))
	gone := []string{field}
	if version != firstVersion { // the index key of the first version stays
		gone = append(gone, index)
	}
	return unavailable(s.rdb.HDel(ctx, s.keys.registry("seal"), gone...).Err())
}
