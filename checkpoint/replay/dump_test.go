package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// events reads all logs, in the order of time.
func (w *town) events() (all []checkpoint.ScanEvent) {
	w.t.Helper()
	for part := range checkpoint.Partitions {
		batch, err := w.store.NextInLog(w.t.Context(), part, "", 0, 10_000)
		must(w.t, err)
		all = append(all, batch.Events...)
	}
	slices.SortStableFunc(all, func(a, b checkpoint.ScanEvent) int { return int(a.OccurredAt - b.OccurredAt) })
	return all
}

// keys lists every key of the town.
func (w *town) keys() (out []string) {
	w.t.Helper()
	scan := func(ctx context.Context, c redis.Cmdable) []string {
		var found []string
		it := c.Scan(ctx, 0, w.prefix+"*", 1000).Iterator()
		for it.Next(ctx) {
			found = append(found, it.Val())
		}
		must(w.t, it.Err())
		return found
	}
	cluster, ok := w.rdb.(*redis.ClusterClient)
	if !ok {
		return scan(w.t.Context(), w.rdb)
	}
	results := make(chan []string, 16)
	must(w.t, cluster.ForEachMaster(w.t.Context(), func(ctx context.Context, c *redis.Client) error {
		results <- scan(ctx, c)
		return nil
	}))
	close(results)
	for found := range results {
		out = append(out, found...)
	}
	return out
}

// drop deletes the keys for which which is true; it is given them without prefix
// and hash tag.
func (w *town) drop(which func(tag, rest string) bool) {
	w.t.Helper()
	for _, key := range w.keys() {
		if tag, rest := w.cut(key); which(tag, rest) {
			must(w.t, w.rdb.Del(w.t.Context(), key).Err())
		}
	}
}

func (w *town) cut(key string) (tag, rest string) {
	tag, rest, _ = strings.Cut(strings.TrimPrefix(key, w.prefix+"{"), "}:")
	return tag, rest
}

// isIndex tells whether a key is one that follows from the record.
func isIndex(_, rest string) bool {
	return rest == "n" || strings.HasPrefix(rest, "t:") || strings.HasPrefix(rest, "v:") ||
		strings.HasPrefix(rest, "e:") || strings.HasPrefix(rest, "T:")
}

// isPerson tells whether a key is a person.
func isPerson(rest string) bool { return strings.HasPrefix(rest, "p:") && len(rest) == 10 }

// loseIndexes takes away all that follows from the record and leaves the rest.
func (w *town) loseIndexes() {
	w.t.Helper()
	w.drop(isIndex)
	for _, key := range w.keys() {
		if _, rest := w.cut(key); isPerson(rest) {
			must(w.t, w.rdb.HDel(w.t.Context(), key, "c", "l", "m").Err())
		}
	}
}

// dump is all that follows from the record, as Redis has it: members of sets by
// base and score, however they are cut, and fields. The app pass of a passage is
// left out, and numbers of people that are 0.
func (w *town) dump() map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	ctx := w.t.Context()
	first, _ := w.store.ReadingDays()
	for _, key := range w.keys() {
		tag, rest := w.cut(key)
		switch {
		case isPerson(rest):
			f, err := w.rdb.HMGet(ctx, key, "l", "m").Result()
			must(w.t, err)
			last, _ := f[0].(string)
			waiting, _ := f[1].(string)
			if last != "" || waiting != "" {
				out[tag+rest] = []string{fmt.Sprintf("%x %x", last[:min(15, len(last))], waiting)}
			}
		case strings.HasPrefix(rest, "T:") && rest < fmt.Sprintf("T:%d", first): // it expires
		case rest == "n", strings.HasPrefix(rest, "T:"):
			fields, err := w.rdb.HGetAll(ctx, key).Result()
			must(w.t, err)
			for field, n := range fields {
				if n != "0" {
					out[tag+rest] = append(out[tag+rest], fmt.Sprintf("%x %s", field, n))
				}
			}
			slices.Sort(out[tag+rest])
		case isIndex(tag, rest):
			if kind := w.rdb.Type(ctx, key).Val(); kind != "zset" {
				continue
			}
			members, err := w.rdb.ZRangeWithScores(ctx, key, 0, -1).Result()
			must(w.t, err)
			base := tag + rest[:strings.LastIndex(rest, ":")]
			for _, z := range members {
				out[base] = append(out[base], fmt.Sprintf("%013.0f %x", z.Score, z.Member))
			}
			slices.Sort(out[base])
		}
	}
	return out
}
