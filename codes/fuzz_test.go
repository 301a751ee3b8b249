package codes

import (
	"testing"
	"time"
)

// FuzzVerify: on any bytes, a pass or a refusal with a known reason; and what
// is accepted is one of our own, written in one of its two ways.
func FuzzVerify(f *testing.F) {
	ring, jwt, compact := goldenTokens(f)
	f.Add(jwt)
	f.Add(compact)
	for _, c := range append(refusedJWTs(f), refusedTexts(f)...) {
		f.Add(c.token)
	}
	verifier := ring.Verifier()
	f.Fuzz(func(t *testing.T, text string) {
		pass, refusal := verifier.Verify(text)
		if refusal == nil {
			if text != jwt && text != compact {
				t.Fatalf("accepted %q", text)
			}
			if _, _, ok := ring.Open(pass); !ok {
				t.Fatalf("%q does not open", text)
			}
			return
		}
		switch refusal.Reason {
		case ReasonMalformed, ReasonNotOurPass, ReasonUnknownKey, ReasonBadSignature:
		default:
			t.Fatalf("reason %q", refusal.Reason)
		}
	})
}

// FuzzCompact: a text has one other form, and that leads back to it.
func FuzzCompact(f *testing.F) {
	ring, jwt, compact := goldenTokens(f)
	f.Add(jwt)
	f.Add(compact)
	f.Add(jwt[:len(jwt)-4] + "AAAA")
	f.Add(compact[:140] + "0000000000")
	verifier := ring.Verifier()
	f.Fuzz(func(t *testing.T, text string) {
		if long, err := verifier.Expand(text); err == nil {
			if back, err := verifier.Compact(long); err != nil || back != text {
				t.Fatalf("%q expanded to %q and came back as %q, %v", text, long, back, err)
			}
		}
		if short, err := verifier.Compact(text); err == nil {
			if back, err := verifier.Expand(short); err != nil || back != text {
				t.Fatalf("%q compacted to %q and came back as %q, %v", text, short, back, err)
			}
		}
	})
}

// FuzzVerifyList: only the list that was signed is accepted.
func FuzzVerifyList(f *testing.F) {
	ring := fixedRing(f)
	good, err := ring.SignList(RevocationList{Counter: 7, IDs: idsOf(1, 2, 3)}, goldenTime)
	if err != nil {
		f.Fatal(err)
	}
	_, jwt, _ := goldenTokens(f)
	f.Add(good)
	f.Add(jwt)
	f.Add(good[:len(good)-4] + "AAAA")
	f.Add("..")
	verifier := ring.Verifier()
	f.Fuzz(func(t *testing.T, text string) {
		if list, err := verifier.VerifyList(text, goldenTime.Add(time.Minute)); err == nil && text != good {
			t.Fatalf("accepted %q as %+v", text, list)
		}
	})
}
