package cells

import (
	"strings"
	"testing"
)

func TestNothingIsRun(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "王小明": "王小明", "3-2": "3-2", "O'Neil": "O'Neil", "'": "'", " x": " x", "a=1": "a=1",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠SUM(A1)": "'＠SUM(A1)", " =1": "' =1", "\u3000=1": "'\u3000=1", "'=1": "''=1", "''=1": "'''=1",
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0",
	} {
		if got := Guard(text); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
		if got := Unguard(Guard(text)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
}

// FuzzGuard: what is written begins with nothing that is run, and comes back.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{"", "=1", "'=1", "''", " \t", "＝", "' '＋", "\xef\xbc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		written := Guard(text)
		if strings.ContainsRune(starts, []rune(written + "x")[0]) {
			t.Fatalf("%q is written %q", text, written)
		}
		if back := Unguard(written); back != text {
			t.Fatalf("%q is written %q and comes back as %q", text, written, back)
		}
	})
}
