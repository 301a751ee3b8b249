package checkpoint

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyEvent draws events as they may be stored.
func anyEvent() *rapid.Generator[ScanEvent] {
	return rapid.Custom(func(t *rapid.T) ScanEvent {
		e := ScanEvent{
			Person:     rapid.Uint64().Draw(t, "person"),
			OccurredAt: rapid.Int64Range(0, 1<<47).Draw(t, "at"),
			Outcome: Outcome{
				Decision: Decision(rapid.IntRange(0, len(decisionNames)-1).Draw(t, "decision")),
				Reason:   Reason(rapid.IntRange(0, len(reasons)-1).Draw(t, "reason")),
				Action:   Action(rapid.IntRange(0, len(actionNames)-1).Draw(t, "action")),
				Flags:    Flags(rapid.Uint16().Draw(t, "flags")),
			},
			Direction:   rapid.SampledFrom([]Direction{In, Out}).Draw(t, "way"),
			Who:         WhoKind(rapid.IntRange(0, len(whoNames)-1).Draw(t, "who")),
			Method:      Method(rapid.IntRange(0, len(methodNames)-1).Draw(t, "method")),
			Gate:        rapid.Uint32().Draw(t, "gate"),
			Device:      rapid.Uint32().Draw(t, "device"),
			Staff:       rapid.Uint32().Draw(t, "staff"),
			Disinfected: rapid.Bool().Draw(t, "disinfected"),
			Plate:       rapid.SampledFrom([]string{"", "鲁A12345", "鲁AD12345"}).Draw(t, "plate"),
		}
		e.RecordedAt = e.OccurredAt + rapid.Int64Range(-120_000, 86_400_000).Draw(t, "lag")
		if rapid.Bool().Draw(t, "measured") {
			e.Temperature = Celsius(rapid.IntRange(int(MinCelsius), int(MaxCelsius)).Draw(t, "temperature"))
		}
		for i := range e.Hash {
			e.Hash[i] = rapid.Byte().Draw(t, "hash")
		}
		if rapid.Bool().Draw(t, "second") {
			e.RemeasureOf = [8]byte{1, 2, 3}
		}
		if rapid.Bool().Draw(t, "case") {
			e.Fever = FeverID(rapid.Uint64().Draw(t, "fever"))
		}
		if rapid.Bool().Draw(t, "permitted") {
			e.Permit, e.PermitLeft = rapid.Uint32Min(1).Draw(t, "permit"), rapid.Uint8().Draw(t, "left")
			e.PermitUntil = rapid.Int64Range(0, 1<<47).Draw(t, "until")
		}
		e.Digest = [4]byte{9, 8, 7, 6}
		return e
	})
}

func TestEveryEventReadsBackFromEachStoredForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent().Draw(t, "event")
		if got, err := parseTrail(e.Person, e.OccurredAt, string(e.trailMember())); err != nil || got != e {
			t.Fatalf("trail: %+v, %v", got, err)
		}
		if got, err := parseLog(string(logHeadOf(e.Person, e.OccurredAt)) + string(e.trailMember())); err != nil || got != e {
			t.Fatalf("log: %+v, %v", got, err)
		}
		want := e
		want.Digest = [4]byte{}
		if got, err := parseGate(e.Gate, e.OccurredAt, string(e.gateMember())); err != nil || got != want {
			t.Fatalf("gate: %+v, %v", got, err)
		}
		cut := rapid.IntRange(0, trailHead+2).Draw(t, "cut")
		if _, err := parseTrail(e.Person, e.OccurredAt, string(e.trailMember()[:cut])); err == nil {
			t.Fatalf("an event cut to %d bytes was read", cut)
		}
	})
}

// What the script stored is what this package would have written.
func TestScriptStoresTheFormOfThisPackage(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	req := post(t, s, clock, "v-01").request(id, In, 36_7)
	req.Plate, req.Disinfected, req.Method = "鲁A12345", true, Wrist
	post(t, s, clock, "v-01").send(req)
	e := trailOf(t, s, id)[0]
	stored, err := s.rdb.ZRange(t.Context(), chunk(s.keys.trail(id), 0), 0, -1).Result()
	must(t, err)
	if len(stored) != 1 || stored[0] != string(e.trailMember()) {
		t.Errorf("stored %x, want %x", stored, e.trailMember())
	}
	if len(stored[0]) > 40 {
		t.Errorf("a trail member with a plate has %d bytes", len(stored[0]))
	}
	log, err := s.rdb.XRange(t.Context(), s.keys.log(partitionOf(id)), "-", "+").Result()
	must(t, err)
	if len(log) != 1 || log[0].Values["e"] != string(logHeadOf(id, e.OccurredAt))+stored[0] {
		t.Errorf("log %v", log)
	}
}

func FuzzParseLog(f *testing.F) {
	e := ScanEvent{Person: 1, OccurredAt: 1_580_000_000_000, Direction: Out, Plate: "鲁A12345"}
	f.Add(string(logHeadOf(1, e.OccurredAt)) + string(e.trailMember()))
	f.Add(strings.Repeat("\xff", 60))
	f.Fuzz(func(t *testing.T, entry string) {
		if e, err := parseLog(entry); err == nil {
			_, _ = e.gateMember(), e.Flags.Names() // whatever is read can be written on
		}
	})
}

func FuzzParseCelsius(f *testing.F) {
	for _, s := range []string{"36.5", "365", "36.55", "3.65e1", "NaN", "-0", "45.0", "30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCelsius(s); err == nil && !c.Valid() {
			t.Errorf("%q became %v", s, c)
		}
	})
}
