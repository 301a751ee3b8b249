package bulletin

import (
	"context"

	"passgate/checkpoint"
)

// CountWhole counts a day for the root and every node below it.
func (b *Book) CountWhole(ctx context.Context, day checkpoint.Day) error {
	_, err := b.countNow(ctx, b.root(), day)
	return err
}
