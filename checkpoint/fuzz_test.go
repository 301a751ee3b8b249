package checkpoint

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzContact: a phone number or a door that people typed is refused with its
// field named and not repeated, or brought into the one form, which is its own.
func FuzzContact(f *testing.F) {
	for _, seed := range []string{"+86 138-0013-8000", "１３８００１３８０００", "1.38E+10", "", "Ａ–1—2", "3 - 2", "=1+1", "1\u202e2", "\xff", "\ufeff3-2\u200b", "ǆ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for field, p := range map[string]struct {
			parse func(string) (string, error)
			most  int // bytes
		}{"phone": {ParsePhone, 11}, "door": {cleanDoor, maxDoorBytes}} {
			once, err := p.parse(text)
			if err != nil {
				if once != "" || !strings.HasPrefix(err.Error(), field) || len(text) > 7 && strings.Contains(err.Error(), text) {
					t.Fatalf("%s %q: %q with the error %v", field, text, once, err)
				}
				continue
			}
			if twice, err := p.parse(once); err != nil || twice != once {
				t.Fatalf("%s %q becomes %q, and that %q (%v)", field, text, once, twice, err)
			}
			if len(once) > p.most || !utf8.ValidString(once) || strings.ContainsFunc(once, unicode.IsControl) {
				t.Fatalf("%s %q becomes %q", field, text, once)
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
		_ = chunksBetween(string(raw), 0, 1<<47)
	})
}
