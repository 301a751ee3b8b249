package demo

import (
	"strings"
	"testing"
)

func TestADayInASmallTownAgrees(t *testing.T) {
	t.Parallel()
	s := newService(t)
	report, err := Run(t.Context(), s.config(300, 1, 7))
	var text strings.Builder
	if err := report.Write(&text); err != nil {
		t.Error(err)
	}
	t.Log(text.String())
	if err != nil {
		t.Fatal(err)
	}
	if !report.Agrees {
		t.Error("the oracle and the server differ")
	}
	// A day that shows too little would prove little.
	for _, kind := range []string{
		"pass ok", "deny status_red", "pass status_red", "deny revoked", "deny expired", "deny outsider", "deny site_closed",
		"deny bad_signature", "deny not_our_pass", "deny unknown_person", "deny fever", "remeasure remeasure",
		"remeasure temperature_low", "incomplete temperature_required", "deny already_inside", "deny not_inside",
		"deny permit_used", "deny permit_expired", "deny not_yet_valid", "deny quota", "incomplete disinfection_required",
		"pass quarantine", "pass unknown_person",
	} {
		if report.Decisions[kind] == 0 {
			t.Errorf("nobody got %q", kind)
		}
	}
	for _, flag := range []string{
		"late", "conflict", "walk_in", "outsider", "breach", "escort", "temperature_high", "not_inside", "remeasured",
		"replayed_pass", "override", "fever_case", "overstayed", "other_vehicle",
	} {
		if report.Flags[flag] == 0 {
			t.Errorf("no answer was flagged %q", flag)
		}
	}
	for _, kind := range []string{"household", "vehicle", "venue", "gate", "hop 2"} {
		if report.Contacts[kind] == 0 {
			t.Errorf("no contact was %q", kind)
		}
	}
	if report.Pictures == 0 || report.Batches == 0 || report.Resent == 0 || report.Refusals == 0 || report.Annulled == 0 || report.Cars == 0 {
		t.Errorf("%d pictures, %d batches, %d sent again, %d refusals, %d taken back, %d cars", report.Pictures, report.Batches,
			report.Resent, report.Refusals, report.Annulled, report.Cars)
	}
}
