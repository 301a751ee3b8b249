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
}
