package alarm

import (
	"context"

	"passgate/checkpoint"
)

// Since reads the alarms that were opened from a time (UTC ms) on and are still open,
// the newest first, at most limit. Errors: ErrUnavailable.
func (b *Book) Since(ctx context.Context, from int64, limit int) ([]Entry, error) {
	matters, _, err := b.store.Matters(ctx, checkpoint.MatterQuery{
		Kind: matterAlarm, By: checkpoint.OpenOnly, From: max(from, 0), Newest: true, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(matters))
	for i := range matters {
		if entries[i], err = entryOf(&matters[i]); err != nil {
			return nil, err
		}
	}
	return entries, nil
}
