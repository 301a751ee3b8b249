package bulletin

import (
	"context"
	"slices"

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

// SourceNames are the names of all sources that lines count.
func SourceNames() []string {
	names := make([]string, 0, len(bySource))
	for name := range bySource {
		names = append(names, name)
	}
	return names
}

// Lines lists the table in the order in which it is read.
func Lines() []Line { return slices.Clone(lines) }
