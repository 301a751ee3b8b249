package checkpoint

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// formatSteps carry data forward, one format each. The last one leads to DataFormat.
var formatSteps = []formatStep{
	{to: 3, readableFrom: readableFrom, what: "the format is on record"},
}

// formatStep carries the data from the format before it to another one, while gates go
// on. Programs of readableFrom may be at work beside it and write as they are used to:
// whoever adds a step reads both forms for as long as readableFrom is less than to, and
// raises it in a later release, when nobody writes the old form any more.
type formatStep struct {
	to           int
	readableFrom int
	what         string // for the log
	// run does one batch, of at most formatBatch's time, beginning at cursor ("" at
	// first), and tells where the next one begins ("" when all is done) and how many
	// records it changed. A batch may be done again, whole or in part. nil: nothing
	// but the record changes.
	run func(ctx context.Context, s *Store, cursor string) (next string, changed int, err error)
}

const (
	formatDuty  = "format"
	formatLease = 30 * time.Second // of who carries the data forward; longer than a batch
	formatBatch = 10 * time.Second // deadline of a batch
	formatPoll  = 200 * time.Millisecond
	formatTell  = 5 * time.Second // between two lines of the log
)

// errLeaseLost: another process carries the data forward by now.
var errLeaseLost = errors.New("checkpoint: another process carries the data forward")

// migrate carries the data to the newest format. One process does so at a time; the
// others wait for it. What was cut off is gone on with where it was saved last.
func (s *Store) migrate(ctx context.Context, steps []formatStep) error {
	m := &migration{s: s, steps: steps, owner: rand.Text()}
	for waits := false; ; waits = true {
		f, err := s.Format(ctx)
		if err != nil || f.Version >= steps[len(steps)-1].to {
			return err
		}
		var saved string
		if m.fence, saved, err = s.LeaseDuty(ctx, formatDuty, m.owner, formatLease, 0, ""); err != nil {
			return err
		}
		if m.fence != 0 {
			err = m.run(ctx, saved)
			m.giveBack(ctx)
			if err != nil && !errors.Is(err, errLeaseLost) {
				return err
			}
			continue
		}
		if !waits {
			s.logger.Info("another gateway carries the data forward: waiting for it", "from", f.Version)
		}
		if Sleep(ctx, formatPoll); ctx.Err() != nil {
			return fmt.Errorf("checkpoint: waiting for another gateway that carries the data forward: %w", ctx.Err())
		}
	}
}

// migration is the work of who has the lease.
type migration struct {
	s     *Store
	steps []formatStep
	owner string
	fence int64
	told  time.Time
}

// run takes all steps that are left. saved is how far the last one came.
func (m *migration) run(ctx context.Context, saved string) error {
	f, err := m.s.Format(ctx) // anew: whoever had the lease before may have gone on
	if err != nil {
		return err
	}
	for i := range m.steps {
		step := &m.steps[i]
		if step.to <= f.Version {
			continue
		}
		changed, err := m.take(ctx, step, saved)
		if err != nil {
			return fmt.Errorf("checkpoint: carry the data from format %d to %d (start again: it goes on from there): %w", step.to-1, step.to, err)
		}
		if done, err := m.s.noteFormat(ctx, step.to-1, step.to, step.readableFrom); err != nil || !done {
			return errors.Join(err, errLeaseLost)
		}
		m.s.logger.Info("the data has another format", "from", step.to-1, "to", step.to, "what", step.what, "changed", changed, "readable_from", step.readableFrom)
	}
	return nil
}

// take does the batches of one step.
func (m *migration) take(ctx context.Context, step *formatStep, saved string) (changed int, err error) {
	if step.run == nil {
		return 0, nil
	}
	name := strconv.Itoa(step.to) + ":"
	cursor, _ := strings.CutPrefix(saved, name)
	if cursor == saved {
		cursor = "" // of another step
	}
	for {
		batch, cancel := context.WithTimeout(ctx, formatBatch)
		next, n, err := step.run(batch, m.s, cursor)
		cancel()
		if err != nil {
			return changed, err
		}
		changed += n
		token, _, err := m.s.LeaseDuty(ctx, formatDuty, m.owner, formatLease, m.fence, name+next)
		switch {
		case err != nil:
			return changed, err
		case token == 0:
			return changed, errLeaseLost
		case next == "":
			return changed, nil
		}
		if cursor = next; time.Since(m.told) > formatTell {
			m.told = time.Now()
			m.s.logger.Info("the data is being carried forward", "from", step.to-1, "to", step.to, "what", step.what, "changed", changed)
		}
	}
}

// giveBack lets the next one begin at once; without it the lease runs out.
func (m *migration) giveBack(ctx context.Context) {
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), ClientTimeout)
	defer cancel()
	_, _, _ = m.s.LeaseDuty(bye, formatDuty, m.owner, 0, m.fence, "")
}
