package main

import (
	"context"

	"passgate/checkpoint/measure"
)

func (r *figuresRun) town() measure.Config {
	return measure.Config{People: r.townPeople, Days: r.days, Rounds: r.runs, Progress: r.say}
}

// size fills two stores and compares what questions take.
func (r *figuresRun) size(ctx context.Context) error {
	size, err := measure.MeasureSize(ctx, r.town())
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	detail := map[string]float64{"events": float64(size.Events)}
	for kind, bytes := range size.Kinds {
		detail[kind+"_bytes"] = bytes
	}
	r.set.Put("memory_per_event", detail, size.BytesPerEvent)
	for _, q := range size.Questions {
		r.set.Put(q.Name, map[string]float64{"median_ms": float64(q.Took.Microseconds()) / 1000}, q.Ratios...)
	}
	return nil
}

// replay writes the same events plainly and by a replay.
func (r *figuresRun) replay(ctx context.Context) error {
	runs, err := measure.MeasureReplay(ctx, r.town())
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	last := runs[len(runs)-1]
	r.set.Put("replay", map[string]float64{
		"events": float64(last.Events), "replayed_per_s": last.EventsPerSec, "written_plainly_per_s": last.PlainPerSec,
		"heap_mb": float64(last.Heap) / 1e6,
	}, each(runs, func(run *measure.Replay) float64 { return run.RatioToWriting })...)
	return nil
}
