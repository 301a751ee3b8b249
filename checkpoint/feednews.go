package checkpoint

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
)

// News is what is told of a person that is no scan.
type News struct {
	Person uint64
	At     int64 // UTC ms
	// Of a decision about the status:
	Decision      [8]byte // zero of other news
	Before, After Status
	// Of a fever case that was closed:
	Fever   FeverID // 0 of other news
	Outcome FeverOutcome
}

// parseNews reads an entry of tell.lua.
func parseNews(text string) (n News, ok bool) {
	const head = 8 + 1 + 8
	if len(text) < head {
		return n, false
	}
	n.Person = fromRaw(text)
	id, rest := text[9:head], text[head:]
	switch text[8] {
	case 'S':
		if len(rest) != 8 {
			return n, false
		}
		copy(n.Decision[:], id)
		n.At, n.Before, n.After = time6([]byte(rest)), Status(rest[6]), Status(rest[7])
		return n, int(n.Before) < len(statusNames) && int(n.After) < len(statusNames)
	case 'F':
		at, outcome, _ := strings.Cut(rest, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		n.Fever, n.At, n.Outcome = FeverID(fromRaw(id)), ms, FeverOutcome(outcome)
		return n, err == nil
	}
	return n, false
}

// DecisionsOf reads the records behind news of decisions, by the decision; those that
// are not kept any more are left out. Errors: ErrUnavailable.
func (s *Store) DecisionsOf(ctx context.Context, news []*News) (map[[8]byte]StatusRecord, error) {
	refs, found := make([]careRef, 0, len(news)), map[[8]byte]StatusRecord{}
	for _, n := range news {
		refs = append(refs, careRef{n.Person, careStatus, n.Decision})
	}
	err := s.readCare(ctx, refs, func(r *careRef, plain []byte) error {
		var record StatusRecord
		err := json.Unmarshal(plain, &record)
		found[r.id] = record
		return err
	})
	return found, err
}

// FeversByID reads fever cases; those that are not kept any more are left out.
// Errors: ErrUnavailable.
func (s *Store) FeversByID(ctx context.Context, ids []FeverID) (map[FeverID]FeverCase, error) {
	cases, err := s.readFevers(ctx, ids)
	found := make(map[FeverID]FeverCase, len(cases))
	for _, c := range cases {
		found[c.ID] = c
	}
	return found, err
}

// sweepNews takes news away that are past retention, and notes how far.
func (r *sweepRun) sweepNews(ctx context.Context) error {
	if !r.moved {
		return nil
	}
	for part := range Partitions {
		stream := r.s.keys.news(part)
		for {
			entries, err := r.s.rdb.XRangeN(ctx, stream, "-", "+", sweepBatch).Result()
			if err != nil {
				return unavailable(err)
			}
			var old []string
			for _, e := range entries {
				text, _ := e.Values["e"].(string)
				if n, ok := parseNews(text); ok && n.At >= r.KeptFrom {
					break
				}
				old = append(old, e.ID)
			}
			if len(old) == 0 {
				break
			}
			if err := r.s.rdb.HSet(ctx, r.s.keys.partition(part), "fl", old[len(old)-1]).Err(); err != nil {
				return unavailable(err)
			}
			if err := r.s.rdb.XDel(ctx, stream, old...).Err(); err != nil {
				return unavailable(err)
			}
			r.removed("news", int64(len(old)))
		}
	}
	return nil
}
