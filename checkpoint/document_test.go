package checkpoint

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// idNumber makes the n-th ID number of nobody: area 990000 is given to no place.
func idNumber(n int) string {
	d := fmt.Sprintf("990000%04d%02d%02d%03d", 1950+n/336_000, n/28_000%12+1, n/1000%28+1, n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(d[i]-'0') * w
	}
	return d + string("10X98765432"[sum%11])
}

// fieldError fails unless err is a *FieldError for field whose text has why.
func fieldError(t *testing.T, err error, field, why string) {
	t.Helper()
	var fe *FieldError
	if !errors.As(err, &fe) || fe.Field != field || !strings.Contains(fe.Why, why) {
		t.Fatalf("got error %v, want one for %s about %q", err, field, why)
	}
}

func TestParseDocument(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"11010519491231002X":    "11010519491231002X", // the example of GB 11643
		"11010519491231002x":    "11010519491231002X",
		" 440524188001010014\t": "440524188001010014", // the other example, born 1880
		"１１０１０５１９４９１２３１００２Ｘ":       "11010519491231002X",
		"\ufeff11010519491231002x": "11010519491231002X",
		"e12345678":                "E12345678", // passport
		"H0123456700":              "H0123456700",
		"06719318":                 "06719318", // Taiwan permit: digits only
	} {
		got, err := ParseDocument(in)
		if err != nil || got != want {
			t.Errorf("ParseDocument(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, why := range map[string]string{
		"":                      "missing",
		"110105194912310021":    "check digit",
		"110105194902300021":    "birth date", // 30 February
		"110105187912310021":    "birth date",
		"110105299912310021":    "birth date",
		"1101051949123100O2":    "letter among the first 17",
		"11010519491231002Y":    "must end",
		"110105491231002":       "old form",
		"1.10105E+17":           "Excel",
		"1.1e17":                "Excel",
		"110105194912310000":    "Excel",
		"1234567":               "only digits",
		"19491231":              "date",
		"E123-4567":             "letters and digits only",
		"身份证E1234567":           "letters and digits only",
		"A123":                  "5 to 20",
		"A12345678901234567890": "5 to 20",
	} {
		_, err := ParseDocument(in)
		var fe *FieldError
		if !errors.As(err, &fe) || fe.Field != "id_number" || !strings.Contains(fe.Why, why) {
			t.Errorf("ParseDocument(%q): %v, want one for id_number about %q", in, err, why)
		}
		if err != nil && len(in) > 5 && strings.Contains(err.Error(), in) {
			t.Errorf("the error repeats the number: %v", err)
		}
	}
}

func TestEveryWrongCheckDigitIsRefused(t *testing.T) {
	t.Parallel()
	for n := range 200 {
		right := idNumber(n * 7919)
		if _, err := ParseDocument(right); err != nil {
			t.Fatalf("%s: %v", right, err)
		}
		for _, c := range "0123456789X" {
			wrong := right[:17] + string(c)
			if _, err := ParseDocument(wrong); (err == nil) != (wrong == right) {
				t.Fatalf("%s: %v", wrong, err)
			}
		}
	}
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "  ": "", "13800138000": "13800138000", "+86 138-0013-8000": "13800138000",
		"008613800138000": "13800138000", "8613800138000": "13800138000", "１３８００１３８０００": "13800138000",
	} {
		if got, err := ParsePhone(in); err != nil || got != want {
			t.Errorf("ParsePhone(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"12800138000", "1380013800", "138001380001", "0531-84000000", "call me", "+85291234567"} {
		_, err := ParsePhone(in)
		fieldError(t, err, "phone", "mobile number")
	}
	_, err := ParsePhone("1.38E+10")
	fieldError(t, err, "phone", "Excel")
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" 王小明 ":        "王小明",
		"王　明":          "王明", // padded for print
		"阿卜杜拉•买买提":     "阿卜杜拉·买买提",
		"John   Smith": "John Smith",
		"𠮷田":           "𠮷田", // above U+FFFF
		"王\ue863":      "王\ue863",
		"葛\U000e0100明": "葛\U000e0100明", // with a variation selector
		"Ｗａｎｇ":         "Wang",
	} {
		if got, err := CleanName(in); err != nil || got != want {
			t.Errorf("CleanName(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, why := range map[string]string{
		"": "missing", "　": "missing", "王\x00明": "control", "王\u202e明": "control", "王\x1b明": "control",
		"王*明": "masked",
		"123": "no letter", "王\xff": "character set", "王�": "character set",
		strings.Repeat("a", 51): "longer", strings.Repeat("王", 41): "longer",
	} {
		_, err := CleanName(in)
		fieldError(t, err, "name", why)
	}
}

func TestMaskName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"王": "*", "王明": "王*", "王小明": "王*明", "欧阳修": "欧阳*", "欧阳小明": "欧阳**", "𠮷小田": "𠮷*田",
		"葛\U000e0100明": "葛\U000e0100*", "阿卜·提": "阿**提", "": "",
	} {
		if got := MaskName(in); got != want {
			t.Errorf("MaskName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzParseDocument(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "１１０１０５１９４９１２３１００２Ｘ", "E12345678", "1.1E+17", "06719318", "ı1234"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseDocument(s)
		if err != nil {
			fieldError(t, err, "id_number", "")
			return
		}
		if len(got) < 5 || len(got) > 20 || strings.Trim(got, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Fatalf("%q became %q", s, got)
		}
		if again, err := ParseDocument(got); err != nil || again != got {
			t.Fatalf("%q became %q and then %q, %v", s, got, again, err)
		}
	})
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"王小明", "阿卜杜拉•买买提", "𠮷田", "John  Smith", "王\u202e明", "\xff", "欧 阳", "·"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := CleanName(s)
		if err != nil {
			fieldError(t, err, "name", "")
			return
		}
		if !utf8.ValidString(got) || got == "" || len(got) > 120 || strings.ContainsAny(got, "\x00\n\r\x1b\u202e\u2066") {
			t.Fatalf("%q became %q", s, got)
		}
		if again, err := CleanName(got); err != nil || again != got {
			t.Fatalf("%q became %q and then %q, %v", s, got, again, err)
		}
		if masked := MaskName(got); masked == got && strings.Trim(got, "*") != "" {
			t.Fatalf("the mask of %q hides nothing", got)
		}
	})
}
