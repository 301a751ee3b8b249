package loadtest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Merge makes one result of those of the processes that shared a run.
func Merge(results []*Result) (*Result, error) {
	if len(results) == 0 {
		return nil, errors.New("loadtest: no results to merge")
	}
	first := results[0]
	all := &Result{
		Pace: first.Pace, Source: first.Source, Seed: first.Seed, People: first.People, Devices: first.Devices, StartedAt: first.StartedAt,
		Decisions: map[string]int64{}, Reasons: map[string]int64{}, Statuses: map[string]int64{},
		Kinds: map[string]int64{}, Errors: map[string]int64{},
	}
	var whole [4]*hdrhistogram.Histogram
	for i := range whole {
		whole[i] = newHistogram()
	}
	series := map[int][]Second{}
	for _, r := range results {
		all.Counts.add(&r.Counts)
		add(all.Decisions, r.Decisions)
		add(all.Reasons, r.Reasons)
		add(all.Statuses, r.Statuses)
		add(all.Kinds, r.Kinds)
		add(all.Errors, r.Errors)
		all.Seconds = max(all.Seconds, r.Seconds)
		all.Generator.Processes += r.Generator.Processes
		all.Generator.Connections += r.Generator.Connections
		all.Generator.CPU += r.Generator.CPU
		all.Wrong = append(all.Wrong, r.Wrong...)
		for i, l := range r.distributions() {
			if err := mergeInto(whole[i], l.Histogram); err != nil {
				return nil, err
			}
		}
		for _, s := range r.Series {
			series[s.At] = append(series[s.At], s)
		}
	}
	all.Wrong = all.Wrong[:min(len(all.Wrong), mostWrong)]
	for i, l := range all.distributions() {
		sum, err := latencyOf(whole[i], true)
		if err != nil {
			return nil, err
		}
		*l = sum
	}
	for _, parts := range series {
		s, err := mergeSeconds(parts)
		if err != nil {
			return nil, err
		}
		all.Series = append(all.Series, s)
	}
	slices.SortFunc(all.Series, func(a, b Second) int { return a.At - b.At })
	all.doubt()
	return all, nil
}

// mergeSeconds makes one of what each process saw in the same second.
func mergeSeconds(parts []Second) (Second, error) {
	all, h := Second{At: parts[0].At}, newHistogram()
	for i := range parts {
		p := &parts[i]
		all.Offered += p.Offered
		all.Done += p.Done
		all.Acknowledged += p.Acknowledged
		all.Shed += p.Shed
		all.Failed += p.Failed
		all.Waiting += p.Waiting
		all.GeneratorCPU += p.GeneratorCPU
		if err := mergeInto(h, p.Histogram); err != nil {
			return all, err
		}
	}
	return all, all.summarise(h, false)
}

// mergeInto adds an encoded histogram, which may be empty.
func mergeInto(h *hdrhistogram.Histogram, encoded string) error {
	if encoded == "" {
		return nil
	}
	more, err := hdrhistogram.Decode([]byte(encoded))
	if err != nil {
		return fmt.Errorf("loadtest: histogram: %w", err)
	}
	if lost := h.Merge(more); lost > 0 {
		return fmt.Errorf("loadtest: histogram: %d values do not fit", lost)
	}
	return nil
}
