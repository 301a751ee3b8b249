package office

import (
	"errors"
	"testing"

	"passgate/checkpoint"
)

func TestADeskHasABoundForTheDay(t *testing.T) {
	t.Parallel()
	var m checkpoint.Matter
	if err := m.Put(desk{maxPurchases}); err != nil {
		t.Fatal(err)
	}
	var refused *Refusal
	if err := New(nil).countAtDesk(&m, maxPurchases, "the purchases"); !errors.As(err, &refused) || refused.Code != CodeTooMany {
		t.Errorf("one more than %d: %v", maxPurchases, err)
	}
}
