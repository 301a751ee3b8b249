package checkpoint

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// sweepPhones ends the phones of households that nobody has used for PhoneIdle.
func (r *sweepRun) sweepPhones(ctx context.Context, homes []string) error {
	calls := make([]call, len(homes))
	for i, key := range homes {
		calls[i] = call{householdScript, []string{key}, []any{"stale", dayBytes(r.s.idleSince())}}
	}
	if len(calls) == 0 {
		return nil
	}
	replies, err := r.s.runAll(ctx, calls)
	if err != nil {
		return err
	}
	for _, reply := range replies {
		n, _ := reply.(int64)
		r.removed("phones", n)
	}
	return nil
}

// sweepReaders takes out of lists of who has read somebody the entries that were
// cut off from the audit.
func (r *sweepRun) sweepReaders(ctx context.Context, lists []string) error {
	if len(lists) == 0 {
		return nil
	}
	cut, _, err := r.s.AuditCut(ctx)
	if err != nil || cut == nil {
		return err
	}
	cmds, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range lists {
			p.ZRemRangeByScore(ctx, key, "-inf", fmt.Sprint(cut.Seq))
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	for _, cmd := range cmds {
		r.removed("readers", cmd.(*redis.IntCmd).Val()) //nolint:forcetypeassert // as queued above
	}
	return nil
}
