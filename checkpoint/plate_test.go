package checkpoint

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPlatesOfEveryForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		plate string
		kind  PlateKind
	}{
		"鲁A12345":    {"鲁A12345", PlateOrdinary},
		"鲁A1B2C3":    {"鲁A1B2C3", PlateOrdinary},
		"京AZ9Z99":    {"京AZ9Z99", PlateOrdinary},
		"苏U761PJ":    {"苏U761PJ", PlateOrdinary},
		"豫V89CH9":    {"豫V89CH9", PlateOrdinary},
		"冀X00001":    {"冀X00001", PlateOrdinary},
		"鲁OA0001":    {"鲁OA0001", PlateOrdinary},
		"鲁AD12345":   {"鲁AD12345", PlateNewEnergy},
		"鲁AF12345":   {"鲁AF12345", PlateNewEnergy},
		"鲁ADA1234":   {"鲁ADA1234", PlateNewEnergy},
		"粤BAA1234":   {"粤BAA1234", PlateNewEnergy},
		"鲁AK12345":   {"鲁AK12345", PlateNewEnergy},
		"鲁A12345D":   {"鲁A12345D", PlateNewEnergy},
		"鲁A12345F":   {"鲁A12345F", PlateNewEnergy},
		"鲁A12345B":   {"鲁A12345B", PlateNewEnergy},
		"鲁A1234学":    {"鲁A1234学", PlateSpecial},
		"鲁A1234警":    {"鲁A1234警", PlateSpecial},
		"京A0006警":    {"京A0006警", PlateSpecial},
		"鲁N9F21挂":    {"鲁N9F21挂", PlateSpecial},
		"粤Z1234港":    {"粤Z1234港", PlateSpecial},
		"粤ZF23M澳":    {"粤ZF23M澳", PlateSpecial},
		"224578使":    {"224578使", PlateSpecial},
		"沪22478领":    {"沪22478领", PlateSpecial},
		"沪A0023领":    {"沪A0023领", PlateSpecial},
		"WJ鲁12345":   {"WJ鲁12345", PlateSpecial},
		"WJ鲁1234X":   {"WJ鲁1234X", PlateSpecial},
		"WJ12345":    {"WJ12345", PlateSpecial},
		"WJ1234J":    {"WJ1234J", PlateSpecial},
		"VA12345":    {"VA12345", PlateSpecial},
		"KR54321":    {"KR54321", PlateSpecial},
		"民航A103J":    {"民航A103J", PlateSpecial},
		"民航A1234":    {"民航A1234", PlateSpecial},
		"鲁X1234应急":   {"鲁X1234应急", PlateSpecial},
		"鲁S0001应急":   {"鲁S0001应急", PlateSpecial},
		"京12345应急":   {"京12345应急", PlateSpecial},
		"无牌":         {"无牌", PlateNone},
		" 鲁a·12345":  {"鲁A12345", PlateOrdinary},
		"鲁Ａ　１２３４５":   {"鲁A12345", PlateOrdinary},
		"鲁A-12345":   {"鲁A12345", PlateOrdinary},
		"鲁A•d12345":  {"鲁AD12345", PlateNewEnergy},
		"鲁.X1234 应急": {"鲁X1234应急", PlateSpecial},
		"wj·鲁12345":  {"WJ鲁12345", PlateSpecial},
		"WJ·12345":   {"WJ12345", PlateSpecial},
	} {
		got, err := ParsePlate(in)
		if err != nil || got != want.plate || KindOfPlate(got) != want.kind {
			t.Errorf("%q: %q %s, %v; want %q %s", in, got, KindOfPlate(got), err, want.plate, want.kind)
		}
	}
}

func TestWhatIsNoPlateSaysWhy(t *testing.T) {
	t.Parallel()
	for in, why := range map[string]string{
		"":            "missing",
		" · ":         "missing",
		"A12345":      "province",
		"使224578":     "province",
		"临12345":      "province",
		"23A578使":     "province",
		"OA12345":     "I or O",
		"民航A1O34":     "I or O",
		"鲁":           "office",
		"鲁T12345":     "no letter of an office of 鲁",
		"鲁I12345":     "office",
		"粤Z12345":     "office", // of Hong Kong and Macao cars alone
		"宁F12345":     "office",
		"鲁112345":     "office",
		"鲁A1234O":     "I or O",
		"鲁AI2345":     "I or O",
		"鲁ADO1234":    "I or O",
		"鲁A12345I":    "I or O",
		"鲁A1234":      "4 characters",
		"鲁A1234567":   "7 characters",
		"鲁AL12345":    "six characters",
		"鲁AD1A345":    "six characters",
		"鲁AD1234D":    "six characters",
		"鲁A1234港":     "no letter or digit", // 港 and 澳 are 粤Z alone
		"鲁A1234鲁":     "no letter or digit",
		"京O0000领":     "no letter or digit", // no authority of the province is a consulate
		"鲁A12345学":    "six characters",
		"鲁A1234\x00":  "no letter or digit",
		"鲁A1234\xff":  "no letter or digit",
		"鲁T1234应急":    "office",
		"鲁A12345\n无牌": "7 characters",
	} {
		got, err := ParsePlate(in)
		var field *FieldError
		if !errors.As(err, &field) || field.Field != "plate" || got != "" {
			t.Errorf("%q: %q, %v", in, got, err)
			continue
		}
		if !strings.Contains(field.Why, why) || !strings.Contains(field.Why, "鲁A12345") || !strings.Contains(field.Why, "鲁AD12345") {
			t.Errorf("%q: %s; want %q and what a plate looks like", in, field.Why, why)
		}
	}
}

// drawPlate makes a valid plate and tells which of its characters are of the
// serial. It spells the forms out on its own.
func drawPlate(t *rapid.T) (plate []rune, serial []int) {
	const digits, noIO = "0123456789", "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
	pick := func(from string) string {
		return string(rapid.SampledFrom([]rune(from)).Draw(t, "character"))
	}
	some := func(from string, n int) (s string) {
		for range n {
			s += pick(from)
		}
		return s
	}
	province := rapid.SampledFrom([]string{"京", "鲁", "豫", "黑", "新", "琼"}).Draw(t, "province")
	office := province + pick("ABCDEF")
	var head, tail string
	var body string
	switch rapid.IntRange(0, 10).Draw(t, "form") {
	case 0:
		head, body = office, some(noIO, 5)
	case 1:
		head, body = office, pick("DFABCEGHJK")+pick(noIO)+some(digits, 4)
	case 2:
		head, body = office, some(digits, 5)+pick("DFABCEGHJK")
	case 3:
		head, body, tail = office, some(noIO, 4), pick("学警挂")
	case 4:
		head, body, tail = "粤Z", some(noIO, 4), pick("港澳")
	case 5:
		body, tail = some(digits, 6), "使"
	case 6:
		head, body, tail = province, some(digits, 5), "领"
	case 7:
		head, body = "WJ"+rapid.SampledFrom([]string{"", province}).Draw(t, "corps"), some(digits, 5)
	case 8:
		head, body = pick("VKHBSLJNGC")+pick("ABCDR"), some(digits, 5)
	case 9:
		head, body = "民航", some(noIO, 5)
	default:
		head, body, tail = province+pick("XS"), some(digits, 4), "应急"
	}
	plate = []rune(head + body + tail)
	for i := range len(body) {
		serial = append(serial, utf8.RuneCountInString(head)+i)
	}
	return plate, serial
}

func TestEveryValidPlateIsTakenAndNoneWithAWrongCharacter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plate, serial := drawPlate(t)
		got, err := ParsePlate(string(plate))
		if err != nil || got != string(plate) || len(got) > 20 {
			t.Fatalf("%s: %q, %v", string(plate), got, err)
		}
		wrong := []rune(string(plate))
		at := rapid.SampledFrom(serial).Draw(t, "at")
		wrong[at] = rapid.SampledFrom([]rune("IOio!?鲁牌\x00\U0001f697")).Draw(t, "wrong")
		if got, err := ParsePlate(string(wrong)); err == nil {
			t.Fatalf("%s with a wrong character is taken: %s as %s", string(plate), string(wrong), got)
		}
		if wrong, err := ParsePlate(string(append(plate, '1'))); err == nil && KindOfPlate(string(plate)) != PlateOrdinary {
			t.Fatalf("%s with a character more is taken: %s", string(plate), wrong)
		}
	})
}

// Each way to write a plate leads to the same one.
func TestPlateIsFoundInEveryWayToWriteIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plate, _ := drawPlate(t)
		var b strings.Builder
		for _, r := range plate {
			b.WriteString(rapid.SampledFrom([]string{"", " ", "·", "•", ".", "-", "　", "．", "－"}).Draw(t, "between"))
			switch rapid.IntRange(0, 2).Draw(t, "way") {
			case 1:
				r = []rune(strings.ToLower(string(r)))[0]
			case 2:
				if r < 0x7f {
					r += 0xfee0
				}
			}
			b.WriteRune(r)
		}
		if got, err := ParsePlate(b.String()); err != nil || got != string(plate) {
			t.Fatalf("%q became %q, %v; want %s", b.String(), got, err, string(plate))
		}
	})
}

func TestOfficesHaveNoLetterTwiceAndNeverI(t *testing.T) {
	t.Parallel()
	if len(plateOffices) != 31 {
		t.Errorf("%d provinces, want 31", len(plateOffices))
	}
	for province, letters := range plateOffices {
		for i, r := range letters {
			if r < 'A' || r > 'Z' || r == 'I' || i > 0 && letters[i-1] >= byte(r) {
				t.Errorf("%c: %s", province, letters)
			}
		}
	}
}

func FuzzParsePlate(f *testing.F) {
	for _, s := range []string{"鲁A12345", "鲁Ａ·D1234５", "WJ鲁1234X", "民航A103J", "224578使", "京12345应急", "无牌", "鲁", "\xff", "ıſ鲁a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParsePlate(s)
		if tidy := tidyPlate(s); tidyPlate(tidy) != tidy {
			t.Fatalf("%q is tidied to %q and then to %q", s, tidy, tidyPlate(tidy))
		}
		if err != nil {
			fieldError(t, err, "plate", "")
			return
		}
		if !utf8.ValidString(got) || len(got) > 20 || KindOfPlate(got) == PlateOther {
			t.Fatalf("%q became %q", s, got)
		}
		if again, err := ParsePlate(got); err != nil || again != got {
			t.Fatalf("%q became %q and then %q, %v", s, got, again, err)
		}
	})
}

func BenchmarkParsePlate(b *testing.B) {
	for _, plate := range []string{"鲁A12345", "鲁X1234应急"} {
		b.Run(string(KindOfPlate(plate)), func(b *testing.B) {
			for b.Loop() {
				if _, err := ParsePlate(plate); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
