package checkpoint

import (
	"slices"
	"time"
)

// besides are the masters of a cluster that held gates and no partition when they were
// last seen, as one does in the middle of a resharding. They are known by themselves,
// not by a place that another one takes: one that is gone is told as a change, for which
// the refusals at gates are sent again and the indexes written again. See keep, too.
type besides []besideSeen

type besideSeen struct {
	Master
	At int64 `json:"at"` // when it was last seen, UTC ms

	rewound bool // as that of a sighting
}

// note takes in what was seen. One that has got a partition is watched by that from now
// on. True if there is a new one.
func (b *besides) note(masters *[Partitions]Master, beside []Master, now time.Time) (fresh bool) {
	for _, m := range beside {
		i := slices.IndexFunc(*b, func(s besideSeen) bool { return s.same(m) })
		if i < 0 {
			i, fresh = len(*b), true
			*b = append(*b, besideSeen{Master: m})
		}
		(*b)[i].At = now.UnixMilli()
	}
	*b = slices.DeleteFunc(*b, func(s besideSeen) bool { return slices.ContainsFunc(masters[:], s.same) })
	return fresh
}

// keep adds one whose partitions were seen to, and not what lies with gates: it is gone,
// and told when all masters answer.
func (b *besides) keep(m Master, at int64) {
	i := slices.IndexFunc(*b, func(s besideSeen) bool { return s.same(m) })
	if i < 0 {
		*b = append(*b, besideSeen{Master: m, At: at, rewound: true})
		return
	}
	(*b)[i].At = min((*b)[i].At, at)
}

// due lists those that are gone, and when the first of them was last seen. As long as not
// all masters answer, it may be one of those that is only silent.
func (b besides) due(all bool, now time.Time) (lost []Master, since time.Time) {
	for _, s := range b {
		if at := time.UnixMilli(s.At); all && now.Sub(at) >= watchSettle {
			lost = append(lost, s.Master)
			if since.IsZero() || at.Before(since) {
				since = at
			}
		}
	}
	return lost, since
}

// wereRewound is MasterWatch.wereRewound for those that are gone.
func (b besides) wereRewound(lost []Master) bool {
	was := true
	for i := range b {
		if slices.ContainsFunc(lost, b[i].same) {
			was = was && b[i].rewound
			b[i].rewound = true
		}
	}
	return was
}

// forget drops those that were told.
func (b *besides) forget(lost []Master) {
	*b = slices.DeleteFunc(*b, func(s besideSeen) bool { return slices.ContainsFunc(lost, s.same) })
}
