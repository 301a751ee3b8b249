package checkpoint

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzFields: what people typed is refused with its field named, or brought
// into the one form, which is its own form.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		"王小明", "１１０１０５１９４９１２３１００２Ｘ", " a1234567 ", "鲁A·12345", "鲁Ａ１２３４５D", "+86 138-0013-8000", "37.3", "1.10105E+17", "=1+1", "\u202e王",
		"\xff", "*", "Ａ–1—2", "45.0", "30", "036.5", "3.6e1", "阿卜杜拉•买买提", "𠮷野", "\ufeff", "11010519491231002x", "李\u200b",
	} {
		f.Add(seed)
	}
	type parser struct {
		name   string
		parse  func(string) (string, error)
		most   int  // bytes
		secret bool // an error does not repeat it
	}
	celsius := func(s string) (string, error) {
		c, err := ParseCelsius(s)
		if err == nil && !c.Valid() {
			return "", err
		}
		return c.String(), err
	}
	parsers := []parser{
		{"name", CleanName, maxNameBytes, true}, {"document", ParseDocument, 20, true}, {"phone", ParsePhone, 11, true},
		{"plate", ParsePlate, 20, false}, {"door", cleanDoor, maxDoorBytes, true}, {"temperature", celsius, 4, false},
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range parsers {
			once, err := p.parse(text)
			if err != nil {
				if once != "" || p.secret && len(text) > 7 && strings.Contains(err.Error(), text) {
					t.Fatalf("%s of %q: %q with the error %v", p.name, text, once, err)
				}
				continue
			}
			twice, err := p.parse(once)
			if err != nil || twice != once {
				t.Fatalf("%s of %q is %q, and of that %q (%v)", p.name, text, once, twice, err)
			}
			if len(once) > p.most || !utf8.ValidString(once) || strings.ContainsFunc(once, unicode.IsControl) {
				t.Fatalf("%s of %q is %q", p.name, text, once)
			}
		}
	})
}

// FuzzCursor: a cursor that is taken is the one that its event is given.
func FuzzCursor(f *testing.F) {
	f.Add(cursorOf(&ScanEvent{OccurredAt: 1581307200000, Person: 7, Hash: [8]byte{1}}))
	f.Add("")
	f.Add(strings.Repeat("F", 48))
	f.Add(strings.Repeat("0", 49))
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseCursor(text)
		if err == nil && cursorOf(&e) != strings.ToLower(text) {
			t.Fatalf("%q is read as %+v, whose cursor is %q", text, e, cursorOf(&e))
		}
	})
}

// FuzzAuditLine: a line of an exported audit that is taken is the one that
// its values are written as.
func FuzzAuditLine(f *testing.F) {
	r := AuditRecord{AuditEntry: AuditEntry{Seq: 7, At: 1581307200000, Actor: "wang", Role: "tracer", Action: "GET /v1/me", Reason: "核实\"行程", Rows: 3}, Writer: 9}
	r.Hash = r.Sum()
	f.Add(r.AppendJSON(nil))
	f.Add([]byte(`{"seq":1,"seq":2}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseAuditJSON(text)
		if err == nil && !bytes.Equal(r.AppendJSON(nil), text) {
			t.Fatalf("%s is read as %+v", text, r)
		}
	})
}

// FuzzStored: bytes in the place of a stored event are refused or read; nothing
// that somebody put into Redis ends the process.
func FuzzStored(f *testing.F) {
	f.Add([]byte(strings.Repeat("\x00", 33)))
	f.Add([]byte(strings.Repeat("\xff", 60)))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parseTrail(7, 1581307200000, string(raw))
		if err != nil {
			return
		}
		_, _, _, _ = e.Color(), e.Decision.String(), e.Reason.String(), e.Action.String()
		_, _, _ = e.Flags.Names(), e.Method.String(), e.Purpose.String()
		if len(e.Plate) > 255 {
			t.Fatalf("a plate of %d bytes", len(e.Plate))
		}
		_, _ = decodeAudit(raw)
		_ = chunksBetween(string(raw), 0, 1<<47)
	})
}
