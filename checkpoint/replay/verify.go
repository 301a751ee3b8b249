package replay

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"passgate/checkpoint"
)

// Verify compares the indexes of a store with its record and writes nothing. It
// may run beside gateways: events that were recorded within Options.Settle are
// left out on both sides. Errors: checkpoint.ErrUnavailable, those of the archive
// and of the disk; that something differs is none, see [Report.Differs].
func Verify(ctx context.Context, store *checkpoint.Store, opt Options) (*Report, error) {
	report := newReport(&opt)
	report.Verify = true
	src := newSource(store, &opt, report)
	e := newEngine(store, src, report, &opt)
	now, settle := opt.Now, opt.Settle
	if now == nil {
		now = time.Now
	}
	if settle == 0 {
		settle = 10 * time.Second
	}
	e.until = now().Add(-settle).UnixMilli()
	e.sink = &comparer{e: e, store: store, report: report, since: store.RetainedFrom()}
	return report, e.run(ctx)
}

// comparer is the sink that looks for differences.
type comparer struct {
	e      *engine
	store  *checkpoint.Store
	report *Report
	since  int64 // what is older is not compared, UTC ms

	mu sync.Mutex // one partition reads the rest of its log at a time
}

func (c *comparer) sets(ctx context.Context, sets []checkpoint.Set, d *setDigests) error {
	var stored []checkpoint.StoredSet
	err := retry(ctx, func() (err error) {
		stored, err = c.store.ReadSets(ctx, sets)
		return err
	})
	if err != nil {
		return err
	}
	for i := range sets {
		want := within(sets[i].Entries, c.since)
		have, kept := c.settled(&stored[i], want)
		d.buffer = digestSet(d.record, sets[i].Name(), want, d.buffer)
		d.buffer = digestSet(d.redis, sets[i].Name(), have, d.buffer)
		c.compare(sets[i].SetID, want, have, within(stored[i].Astray, c.since))
		sets[i].Entries = slices.Concat(sets[i].Entries, kept)
	}
	return nil
}

// within drops what lies before a time, UTC ms: before retention.
func within(entries []checkpoint.SetEntry, since int64) []checkpoint.SetEntry {
	out := make([]checkpoint.SetEntry, 0, len(entries))
	for _, e := range entries {
		if e.At >= since {
			out = append(out, e)
		}
	}
	return out
}

// settled drops what cannot be compared of a set in Redis: what lies before
// retention, what was recorded too lately, and what is of a day of which the
// record is not whole and has nothing, which it gives as kept.
func (c *comparer) settled(stored *checkpoint.StoredSet, want []checkpoint.SetEntry) (out, kept []checkpoint.SetEntry) {
	kept = keptOf(stored, want, func(at int64) bool { return at >= c.since && c.e.keep(at) })
	c.report.count(stored.Family, func(f *FamilyReport) { f.Kept += int64(len(kept)) })
	for _, e := range within(stored.Entries, c.since) {
		event, err := checkpoint.MemberEvent(stored.SetID, e.At, string(e.Member))
		if err == nil && (event.RecordedAt > c.e.until || find(kept, stored.Family, e) != nil) {
			continue
		}
		out = append(out, e)
	}
	return out, kept
}

// compare puts the differences of one set on record.
func (c *comparer) compare(id checkpoint.SetID, want, have, astray []checkpoint.SetEntry) {
	var missing, extra []checkpoint.SetEntry
	for i, k := 0, 0; i < len(want) || k < len(have); {
		order := 1
		switch {
		case k == len(have):
			order = -1
		case i < len(want):
			order = checkpoint.CompareEntries(want[i], have[k])
		}
		switch {
		case order < 0:
			missing = append(missing, want[i])
			i++
		case order > 0:
			extra = append(extra, have[k])
			k++
		default:
			i++
			k++
		}
	}
	var found []Difference
	differing := 0
	for _, e := range missing {
		kind := "missing"
		if other := find(extra, id.Family, e); other != nil {
			kind = "differing"
			differing++
			extra = slices.DeleteFunc(extra, func(x checkpoint.SetEntry) bool { return checkpoint.CompareEntries(x, *other) == 0 })
		}
		found = append(found, c.name(id, kind, e))
	}
	for _, e := range extra {
		found = append(found, c.name(id, "extra", e))
	}
	for _, e := range astray {
		found = append(found, c.name(id, "astray", e))
	}
	c.report.differ(func() {
		f := &c.report.Families[id.Family]
		if len(want) > 0 {
			f.Sets++
			f.Events += int64(len(want))
		}
		f.Missing += int64(len(missing) - differing)
		f.Extra += int64(len(extra))
		f.Differing += int64(differing)
		f.Astray += int64(len(astray))
	}, found...)
}

// name tells of one member in words.
func (c *comparer) name(id checkpoint.SetID, kind string, e checkpoint.SetEntry) Difference {
	d := Difference{What: id.Family.String(), Kind: kind, At: timeText(e.At)}
	event, err := checkpoint.MemberEvent(id, e.At, string(e.Member))
	if err != nil {
		d.Note = "the member cannot be read"
		event = checkpoint.ScanEvent{}
		switch id.Family {
		case checkpoint.TrailSets:
			event.Person = id.ID
		case checkpoint.GateSets:
			event.Gate = uint32(id.ID) //nolint:gosec // the number of a gate
		case checkpoint.PlateSets, checkpoint.AlertSets, checkpoint.RefusalSets:
		}
	}
	if event.Person != 0 {
		d.Person = checkpoint.FormatPersonID(event.Person)
	}
	if event.Gate != 0 {
		d.Gate = gateName(c.store, event.Gate)
	}
	return d
}

func gateName(store *checkpoint.Store, number uint32) string {
	if gate, ok := store.Registry().GateByNum(number); ok {
		return gate.Code
	}
	return strconv.FormatUint(uint64(number), 10)
}

func timeText(ms int64) string {
	if ms < 0 {
		return "never"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

// insideTries is how often a partition is looked at in which somebody passes.
const insideTries = 5

// states compares where people are. While somebody passes it looks again: those
// who passed since the record was read are taken as they are.
func (c *comparer) states(ctx context.Context, part int, states []checkpoint.PersonState) error {
	if len(c.store.Registry().Sites()) == 0 {
		c.report.skip(noSites)
		return nil
	}
	for try := 1; ; try++ {
		if err := c.readNews(ctx, part); err != nil {
			return err
		}
		found, err := c.store.CheckStates(ctx, part, states, c.isUnsettled, c.e.keep)
		if err != nil {
			return err
		}
		if found.Right() || try == insideTries {
			c.tell(part, len(states), found)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// readNews notes who has passed since a partition's log was read.
func (c *comparer) readNews(ctx context.Context, part int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.e.src.readLog(ctx, part, func(e *checkpoint.ScanEvent) error {
		c.e.unsettled[e.Person] = true
		return nil
	})
}

func (c *comparer) isUnsettled(person uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.e.unsettled[person]
}

func (c *comparer) tell(part, people int, r *checkpoint.InsideReport) {
	var found []Difference
	for _, w := range r.Wrong {
		found = append(found, Difference{
			What: "inside", Kind: "differing", Person: checkpoint.FormatPersonID(w.Person),
			Note: fmt.Sprintf("last passage %s, by the record %s", timeText(w.At), timeText(w.Want)),
		})
	}
	sites := map[uint32]bool{}
	for _, counts := range []map[uint32]int{r.Want, r.Have} {
		for site := range counts {
			sites[site] = true
		}
	}
	for _, site := range slices.Sorted(maps.Keys(sites)) {
		if r.Want[site] == r.Have[site] {
			continue
		}
		name := strconv.FormatUint(uint64(site), 10)
		if known, ok := c.store.Registry().SiteByNum(site); ok {
			name = known.Code
		}
		found = append(found, Difference{
			What: "inside", Kind: "differing", Site: name,
			Note: fmt.Sprintf("partition %d counts %d people, by the record %d", part, r.Have[site], r.Want[site]),
		})
	}
	c.report.differ(func() {
		c.report.Inside.Checked += int64(people)
		c.report.Inside.Wrong += int64(len(found))
	}, found...)
}

// readings compares the counts of a gate and day. Beside gateways there are more
// than the record had when it was read.
func (c *comparer) readings(ctx context.Context, gate uint32, day checkpoint.Day, want checkpoint.ReadingCounts) error {
	have, err := c.store.StoredReadings(ctx, gate, day)
	if err != nil {
		return err
	}
	c.mu.Lock()
	news := len(c.e.unsettled) > 0
	c.mu.Unlock()
	wrong := 0
	for field, n := range want {
		if have[field] < n || have[field] > n && !news {
			wrong++
		}
	}
	for field := range have {
		if _, ok := want[field]; !ok && !news {
			wrong++
		}
	}
	var found []Difference
	if wrong > 0 {
		found = []Difference{{
			What: "readings", Kind: "differing", Gate: gateName(c.store, gate), At: day.String(),
			Note: fmt.Sprintf("%d counts of a temperature are wrong", wrong),
		}}
	}
	c.report.differ(func() {
		c.report.Readings.Checked++
		c.report.Readings.Wrong += int64(len(found))
	}, found...)
	return nil
}

// end has nothing to do.
func (*comparer) end(context.Context) error { return nil }
