package codes

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLogPagesAreReadAsPrinted(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []LogPage{
		{"G1", "20200211", 1}, {"XS-017-20200211", "20200229", 9999}, {strings.Repeat("g", 40), "20261126", 42},
	} {
		got, err := ParseLogPage(page.String())
		if err != nil || got != page {
			t.Errorf("%s is read as %+v, %v", page, got, err)
		}
		at, err := got.PrintedAt(zone)
		if err != nil || at.Format("20060102 15:04 -0700") != page.Date+" 00:00 +0800" {
			t.Errorf("%s was printed at %v, %v", page, at, err)
		}
	}
}

func TestSlipsInALogPageAreNoticed(t *testing.T) {
	t.Parallel()
	good := LogPage{"XS-017", "20200211", 12}.String()
	bad := []string{
		"", "PGL1-", "PGE1-ABC", good + "0", " " + good, good + "\n", strings.ToLower(good),
		LogPage{"XS-017", "20200231", 1}.String(), LogPage{"XS-017", "20200211", 0}.String(), LogPage{"XS 017", "20200211", 1}.String(),
	}
	for i := range len(good) {
		for _, c := range "017AXZ-" {
			if slip := good[:i] + string(c) + good[i+1:]; slip != good {
				bad = append(bad, slip)
			}
		}
	}
	for _, text := range bad {
		if page, err := ParseLogPage(text); !errors.Is(err, ErrLogPage) {
			t.Errorf("%q passes for %+v", text, page)
		}
	}
}
