package bulletin

import (
	"context"

	"passgate/checkpoint"
)

// CountWhole counts a day for the root and every node below it. It gives the numbers
// by node and key.
func (b *Book) CountWhole(ctx context.Context, day checkpoint.Day) (func(node, key string) int64, error) {
	t, err := b.countNow(ctx, b.root(), day)
	if err != nil {
		return nil, err
	}
	return func(node, key string) int64 { return t.whole[t.place[node]][places[key]] }, nil
}
