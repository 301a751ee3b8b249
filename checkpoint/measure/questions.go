package measure

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/trajectory"
)

// Question is what was asked of both stores.
type Question struct {
	Name   string
	Ratios []float64     // of the median times, large store to small one, of each round
	Took   time.Duration // median in the large store, over all rounds
}

// question asks a store about somebody and gives the answer with how long it is.
type question struct {
	name   string
	people int // who are asked about in a round
	ask    func(ctx context.Context, s *checkpoint.Store, person uint64) (any, int, error)
}

func (t *town) questions() []question {
	to := t.from + int64(t.days)*dayMillis
	week := checkpoint.ContactQuery{
		From: max(t.from, to-7*dayMillis), To: to, Hops: 1, GateMargin: checkpoint.DefaultGateMargin,
		MinOverlap: checkpoint.DefaultMinOverlap, Limit: checkpoint.MaxContacts,
	}
	return []question{
		{"trajectory", 200, func(ctx context.Context, s *checkpoint.Store, person uint64) (any, int, error) {
			events, err := s.TrailEvents(ctx, person, t.from, to)
			reg := s.Registry()
			stays := trajectory.Fold(reg.Facts(events), to, reg.StayRules())
			return stays, len(stays), err
		}},
		{"contacts", 20, func(ctx context.Context, s *checkpoint.Store, person uint64) (any, int, error) {
			q := week
			q.Person = person
			found, err := s.Contacts(ctx, q)
			return found, found.Total, err
		}},
	}
}

// compare asks both stores the same about people of the first street, in turn.
// Answers that differ, or are empty, are an error.
func compare(ctx context.Context, t *town, big, small *checkpoint.Store, rounds int) ([]Question, error) {
	var out []Question
	for _, q := range t.questions() {
		found := Question{Name: q.name}
		var ever []time.Duration
		for round := range rounds + 1 { // the first one warms up
			took, err := q.round(ctx, t.streets[0].people, big, small)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				found.Ratios = append(found.Ratios, float64(median(took[0]))/float64(median(took[1])))
				ever = append(ever, took[0]...)
			}
		}
		found.Took = median(ever)
		out = append(out, found)
	}
	return out, nil
}

func (q *question) round(ctx context.Context, people []uint64, big, small *checkpoint.Store) (took [2][]time.Duration, err error) {
	n := min(q.people, len(people))
	for i := range n {
		person := people[i*len(people)/n]
		var answers [2]any
		length := 0
		for k := range 2 {
			k = (k + i) % 2 // which is asked first changes
			start := time.Now()
			answers[k], length, err = q.ask(ctx, []*checkpoint.Store{big, small}[k], person)
			took[k] = append(took[k], time.Since(start))
			if err != nil {
				return took, fmt.Errorf("measure: %s: %w", q.name, err)
			}
		}
		if length == 0 || !reflect.DeepEqual(answers[0], answers[1]) {
			return took, fmt.Errorf("measure: %s: the answers of both stores differ, or are empty (%d)", q.name, length)
		}
	}
	return took, nil
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}
