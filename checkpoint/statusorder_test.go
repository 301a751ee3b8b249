package checkpoint

import (
	"context"
	"testing"
)

// TestADecisionThatIsOvertakenDoesNotComeBack: what was decided between reading and
// writing stays, also where it is the first decision about somebody.
func TestADecisionThatIsOvertakenDoesNotComeBack(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	decide(t, s, ids[1], StatusChange{Status: StatusYellow, Ground: "fever", By: 7, Office: "area-1"})
	for _, id := range ids {
		older := StatusChange{Status: StatusRed, Ground: "positive_test", Until: clock.Now().UnixMilli() + days(1), Authority: "市", Author: "甲"}
		asked := 0
		done, err := s.ChangeStatusWhile(t.Context(), id, older, func(context.Context) (bool, error) {
			if asked++; asked == 1 {
				decide(t, s, id, StatusChange{Status: StatusRecovered, Ground: "recovered", Authority: "市", Author: "甲"})
				return true, nil
			}
			return false, nil
		})
		if who, _ := statusOf(t, s, id); err != nil || done || asked != 2 || who.Status != StatusRecovered {
			t.Errorf("done %v after %d looks, status %v, %v", done, asked, who.Status, err)
		}
	}
}
