package archive

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"passgate/checkpoint"
)

// anyEvent draws events as they may be stored, with codes that have no name yet.
func anyEvent() *rapid.Generator[checkpoint.ScanEvent] {
	return rapid.Custom(func(t *rapid.T) checkpoint.ScanEvent {
		hash := func(name string) (h [8]byte) {
			if rapid.Bool().Draw(t, name) {
				copy(h[:], rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, name))
			}
			return h
		}
		number := rapid.OneOf(rapid.Just(uint32(0)), rapid.Uint32())
		e := checkpoint.ScanEvent{
			Person: rapid.Uint64().Draw(t, "person"), OccurredAt: rapid.Int64Range(0, 1<<47).Draw(t, "at"),
			RecordedAt: rapid.Int64().Draw(t, "recorded"), Hash: hash("hash"), Gate: number.Draw(t, "gate"),
			Device: number.Draw(t, "device"), Staff: number.Draw(t, "staff"),
			Outcome: checkpoint.Outcome{
				Decision: checkpoint.Decision(rapid.IntRange(0, len(decisions.names)-1).Draw(t, "decision")),
				Reason:   checkpoint.Reason(rapid.IntRange(0, len(reasons.names)-1).Draw(t, "reason")),
				Action:   checkpoint.Action(rapid.IntRange(0, len(actions.names)-1).Draw(t, "action")),
				Flags:    checkpoint.Flags(rapid.Uint32Range(0, 1<<19-1).Draw(t, "flags")),
			},
			Direction:   rapid.SampledFrom([]checkpoint.Direction{checkpoint.In, checkpoint.Out}).Draw(t, "way"),
			Who:         checkpoint.WhoKind(rapid.IntRange(0, 7).Draw(t, "who")),
			Method:      checkpoint.Method(rapid.IntRange(0, 7).Draw(t, "method")),
			Disinfected: rapid.Bool().Draw(t, "disinfected"),
			Plate: rapid.OneOf(rapid.Just(""), rapid.Just("鲁A12345"), rapid.StringN(0, 60, 255),
				rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 255), func(b []byte) string { return string(b) })).Draw(t, "plate"),
			RemeasureOf: hash("first"), Vehicle: hash("vehicle"), Annuls: hash("annuls"),
			Purpose:  checkpoint.Purpose(rapid.Byte().Draw(t, "purpose")),
			Override: checkpoint.OverrideReason(rapid.Byte().Draw(t, "override")),
			Permit:   number.Draw(t, "permit"),
			Fever:    checkpoint.FeverID(rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "fever")),
		}
		copy(e.Digest[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "digest"))
		if rapid.Bool().Draw(t, "measured") {
			e.Temperature = checkpoint.Celsius(rapid.IntRange(300, 554).Draw(t, "temperature"))
		}
		if e.Permit != 0 {
			e.PermitUntil, e.PermitLeft = rapid.Int64Range(0, maxTime).Draw(t, "until"), rapid.Byte().Draw(t, "left")
		}
		return e
	})
}

func TestEveryEventReadsBackFromItsLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent().Draw(t, "event")
		line := appendLine(nil, &e)
		if !json.Valid(line) || bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("no line of JSON: %s", line)
		}
		var got checkpoint.ScanEvent
		if err := parseLine(line[:len(line)-1], &got); err != nil || got != e {
			t.Fatalf("%s\nread %+v, %v\nwant %+v", line, got, err, e)
		}
		cut := rapid.IntRange(0, len(line)-2).Draw(t, "cut")
		if err := parseLine(line[:cut], &got); err == nil {
			t.Fatalf("a line cut to %d bytes was read: %s", cut, line)
		}
	})
}

// The form that is published in the package comment.
func TestLineOfTheDocumentation(t *testing.T) {
	t.Parallel()
	e := checkpoint.ScanEvent{
		Person: 0x0f3a5c7e91b2d4f6, OccurredAt: 1581307200000, RecordedAt: 1581307200085,
		Hash: [8]byte{0x5d, 0x41, 0x40, 0x2a, 0xbc, 0x4b, 0x2a, 0x76}, Digest: [4]byte{0xb9, 0x71, 0x9d, 0x91},
		Outcome: checkpoint.Outcome{Flags: checkpoint.FlagLate | checkpoint.FlagAlreadyInside},
		Gate:    17, Device: 34, Staff: 5, Direction: checkpoint.In, Temperature: 36_5, Method: checkpoint.Forehead,
		Plate: "鲁A12345",
	}
	const want = `{"person":"0f3a5c7e91b2d4f6","occurred_at":1581307200000,"recorded_at":1581307200085,` +
		`"scan":"5d41402abc4b2a76","digest":"b9719d91","gate":17,"device":34,"staff":5,"direction":"in",` +
		`"who":"app","decision":"pass","reason":"ok","action":"admit","flags":["late","already_inside"],` +
		`"temperature":36.5,"method":"forehead","plate":"鲁A12345"}` + "\n"
	if got := string(appendLine(nil, &e)); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func FuzzParseLine(f *testing.F) {
	e := checkpoint.ScanEvent{
		Person: 1, OccurredAt: 1_580_000_000_000, RecordedAt: -5, Direction: checkpoint.Out, Plate: `"鲁\A12345`, Temperature: 36_5,
		Purpose: 1, Override: 200, Permit: 7, PermitUntil: 5, Fever: 9, Outcome: checkpoint.Outcome{Flags: 1<<18 | 3},
	}
	f.Add(bytes.TrimSpace(appendLine(nil, &e)))
	e.Plate = "\xff\n"
	f.Add(bytes.TrimSpace(appendLine(nil, &e)))
	f.Fuzz(func(t *testing.T, line []byte) {
		var e checkpoint.ScanEvent
		if err := parseLine(line, &e); err != nil {
			return
		}
		if again := appendLine(nil, &e); string(again) != string(line)+"\n" {
			t.Errorf("read %s\nwritten %s", line, again)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	e := checkpoint.ScanEvent{
		Person: 0x0f3a5c7e91b2d4f6, OccurredAt: 1581307200000, RecordedAt: 1581307200085, Hash: [8]byte{1, 2, 3},
		Gate: 17, Device: 34, Direction: checkpoint.In, Temperature: 36_5, Method: checkpoint.Forehead,
	}
	line := appendLine(nil, &e)
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			line = appendLine(line[:0], &e)
		}
	})
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if err := parseLine(line[:len(line)-1], &e); err != nil {
				b.Fatal(err)
			}
		}
	})
}
