package main

import (
	"context"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"passgate/checkpoint/alarm"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/feed"
	"passgate/checkpoint/office"
)

// TestEverySourceOfAlarmsIsAsked: whatever of the office knows what deserves an alarm
// is asked for it by whoever is on duty.
func TestEverySourceOfAlarmsIsAsked(t *testing.T) {
	t.Parallel()
	asked, names := map[string]bool{}, map[string]bool{}
	for _, s := range alarmSources(&office.Office{}, &feed.Feed{}, &bulletin.Book{}) {
		if names[s.Name] || s.Name == "" || s.Name == "events" {
			t.Errorf("two sources are named %q", s.Name)
		}
		names[s.Name] = true
		name := runtime.FuncForPC(reflect.ValueOf(s.Due).Pointer()).Name()
		asked[strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "-fm")] = true
	}
	due := reflect.TypeFor[func(*office.Office, context.Context) ([]alarm.Alarm, error)]()
	for m := range reflect.TypeFor[*office.Office]().Methods() {
		if m.Type == due && !asked[m.Name] {
			t.Errorf("nobody asks for %s", m.Name)
		}
	}
}
