package checkpoint

import (
	"errors"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestADamagedRecordHoldsUpNoSweep: what lies behind it is past retention all the same,
// and the sweep is on record as done, so that the next one is in an hour.
func TestADamagedRecordHoldsUpNoSweep(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	must(t, s.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: s.keys.revocations(), ID: "1-1", Values: []any{"x", "of another program"}}).Err())
	w := sweeperOf(s)
	result, err := w.Sweep(t.Context())
	if err == nil || errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "1 records were left") {
		t.Errorf("the damaged record is not told of: %v", err)
	}
	last, err := s.LastSweep(t.Context())
	must(t, err)
	if last == nil || last.FinishedAt == 0 || result.Keys == 0 {
		t.Errorf("the sweep ended at the damaged record: %+v, on record %+v", result, last)
	}
}
