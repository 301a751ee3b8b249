package checkpoint

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what an enrolment may hold. A name in an official register has at
// most a few dozen characters; door numbers are short.
const (
	maxNameRunes = 50
	maxNameBytes = 120
	maxDoorBytes = 60
)

const excelWhy = "is an ID number that Excel turned into a number, format the column as text and fill it in again"

// What Excel leaves of a long number: 1.10101E+17, or digits with ".0".
var excelNumber = regexp.MustCompile(`^(\d(\.\d+)?[eE]\+?\d+|\d{8,}\.0+)$`)

// ParseDocument normalises and checks the number of an identity document:
// surrounding blanks go, full-width characters become ASCII, letters upper
// case. 18 characters are an ID number by GB 11643 (also the residence permits
// of Hong Kong, Macao, Taiwan and foreign residents, which share its form) and
// must have a real birth date since 1880 and the right check digit. 8 digits
// that are no date are a Taiwan permit. Anything else has 5 to 20 letters and
// digits with at least one letter: passport, home-return permit.
//
// The error is a *FieldError for "id_number" and never repeats the number.
func ParseDocument(s string) (string, error) {
	d := asciiWidth(s)
	bad := func(why string) (string, error) { return "", &FieldError{"id_number", why} }
	digits, letters := 0, 0
	for i := range len(d) {
		switch {
		case isDigit(d[i]):
			digits++
		case d[i]|0x20 >= 'a' && d[i]|0x20 <= 'z':
			letters++
		}
	}
	d = strings.ToUpper(d)
	switch {
	case d == "":
		return bad("is missing")
	case digits+letters != len(d) && excelNumber.MatchString(d):
		return bad(excelWhy)
	case digits+letters != len(d):
		return bad("may hold letters and digits only")
	case len(d) == 18:
		if why := checkGB11643(d); why != "" {
			return bad(why)
		}
		return d, nil
	case letters == 0 && len(d) == 8 && !realDate(d):
		return d, nil
	case letters == 0 && len(d) == 15:
		return bad("has 15 digits: that is the old form, give the 18 characters of the present card")
	case letters == 0 && len(d) == 8:
		return bad("is a date, not a document number")
	case letters == 0:
		return bad("has only digits but not 18 of them: an ID number has 18 characters, other documents have a letter")
	case len(d) < 5 || len(d) > 20:
		return bad("must be an ID number of 18 characters or another document with 5 to 20 letters and digits")
	}
	return d, nil
}

// checkGB11643 says what is wrong with 18 letters and digits, "" if nothing.
func checkGB11643(d string) string {
	sum := 0
	for i := range 17 {
		if !isDigit(d[i]) {
			return "has a letter among the first 17 of its 18 characters, where only digits can be (O for 0, I for 1?)"
		}
		// The weight of a digit is 2 to the power of its distance from the end.
		sum += int(d[i]-'0') * (1 << (17 - i) % 11)
	}
	want := "10X98765432"[sum%11]
	switch {
	case !isDigit(d[17]) && d[17] != 'X':
		return "must end in a digit or X"
	case !realDate(d[6:14]):
		return "has no real birth date in its characters 7 to 14 (year, month, day)"
	case d[17] != want && strings.HasSuffix(d, "000"):
		// Excel keeps 15 digits of a number and writes zeros for the rest.
		return excelWhy
	case d[17] != want:
		return "has a check digit that does not fit: a digit is mistyped"
	}
	return ""
}

// realDate tells whether yyyymmdd is a day from 1880 to today.
func realDate(yyyymmdd string) bool {
	t, err := time.Parse("20060102", yyyymmdd)
	// A day more, because the town's date is ahead of UTC.
	return err == nil && t.Year() >= 1880 && t.Before(time.Now().Add(24*time.Hour))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

var phoneNoise = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "")

// ParsePhone normalises a mainland mobile number to its 11 digits: blanks,
// dashes, brackets and +86 go. An empty one stays empty. The error is a
// *FieldError for "phone".
func ParsePhone(s string) (string, error) {
	p := phoneNoise.Replace(asciiWidth(s))
	if p == "" {
		return "", nil
	}
	number := p
	for _, prefix := range []string{"+86", "0086", "86"} {
		if rest, ok := strings.CutPrefix(p, prefix); ok {
			number = rest
			break
		}
	}
	switch {
	case isMobile(number):
		return number, nil
	case excelNumber.MatchString(p):
		return "", &FieldError{"phone", "is a phone number that Excel turned into a number, format the column as text and fill it in again"}
	default:
		return "", &FieldError{"phone", "must be a mainland mobile number of 11 digits from 13 to 19, or empty"}
	}
}

func isMobile(p string) bool {
	if len(p) != 11 || p[0] != '1' || p[1] < '3' {
		return false
	}
	for i := range len(p) {
		if !isDigit(p[i]) {
			return false
		}
	}
	return true
}

// CleanName normalises a person's name: full-width letters become ASCII, blanks
// at the ends go, blanks inside a Chinese name too (they are padding), in
// others one remains; the dots that separate parts of a name become "·". Rare
// characters, also those above U+FFFF or from the private areas, are kept as
// they are. At most 50 characters and 120 bytes, at least one letter, no
// control or direction-changing characters and no "*". The error is a *FieldError for
// "name".
func CleanName(s string) (string, error) {
	bad := func(why string) (string, error) { return "", &FieldError{"name", why} }
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
		return bad("was damaged by a wrong character set: save the file as UTF-8 or GB18030 and send it again")
	}
	var b strings.Builder
	han, letters, gap := false, 0, false
	for _, r := range asciiWidth(s) {
		if unicode.IsSpace(r) {
			gap = true
			continue
		}
		switch {
		case unicode.Is(unicode.Han, r):
			han = true
			letters++
		case unicode.IsLetter(r), unicode.Is(unicode.Co, r):
			letters++
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
			return bad("holds control or direction-changing characters")
		case r == '*':
			return bad("is masked: give the whole name")
		case strings.ContainsRune(nameDots, r):
			r = '·'
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	name := b.String()
	if han {
		name = strings.ReplaceAll(name, " ", "")
	}
	switch {
	case name == "":
		return bad("is missing")
	case letters == 0:
		return bad("has no letter")
	case len(name) > maxNameBytes || utf8.RuneCountInString(name) > maxNameRunes:
		return bad("is longer than 50 characters or 120 bytes")
	}
	return name, nil
}

// nameDots are the characters that are typed for the dot between the parts of a
// name.
const nameDots = "•‧∙・･⋅"

// compoundSurnames are the surnames of two characters that are in use.
var compoundSurnames = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`欧阳 司马 上官 诸葛 司徒 东方 独孤 南宫 夏侯 尉迟 公孙 慕容 令狐 皇甫 宇文 长孙 轩辕
		司空 端木 百里 呼延 申屠 太史 闻人 澹台 公冶 濮阳 淳于 单于 鲜于 钟离 赫连 万俟 第五 拓跋 西门 东郭 南门 歐陽 司馬 諸葛`) {
		m[n] = true
	}
	return m
}()

// MaskName shows as much of a name as lets a guard ask for the rest: the first
// character, and from three characters on the last: 王明 → 王*, 王小明 → 王*明.
// Of a compound surname the surname is shown and nothing else: 欧阳小明 → 欧阳**.
// A combining mark or variation selector stays with its character; a name of a
// single character becomes "*".
func MaskName(name string) string {
	var chars []string
	for _, r := range name {
		if len(chars) > 0 && unicode.Is(unicode.M, r) {
			chars[len(chars)-1] += string(r)
			continue
		}
		chars = append(chars, string(r))
	}
	stars := func(n int) string { return strings.Repeat("*", n) }
	switch n := len(chars); {
	case n < 2:
		return stars(n)
	case n == 2:
		return chars[0] + "*"
	case compoundSurnames[chars[0]+chars[1]]:
		return chars[0] + chars[1] + stars(n-2)
	default:
		return chars[0] + stars(n-2) + chars[n-1]
	}
}

var dashes = strings.NewReplacer("—", "-", "–", "-", "‐", "-", "‑", "-", "―", "-", "−", "-", "﹣", "-")

// cleanDoor brings the ways to write one door to one form, because the door
// decides about the household: full-width characters, long dashes and blanks.
func cleanDoor(s string) (string, error) {
	d := strings.ToUpper(dashes.Replace(strings.Join(strings.Fields(asciiWidth(s)), "")))
	if !utf8.ValidString(d) || len(d) > maxDoorBytes || strings.ContainsFunc(d, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}) {
		return "", &FieldError{"door", "must have at most 60 bytes of UTF-8 without control characters"}
	}
	return d, nil
}

// asciiWidth turns full-width forms into ASCII and cuts blanks, byte order
// marks and zero-width spaces from the ends.
func asciiWidth(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < utf8.RuneSelf
	}
	if !plain {
		s = strings.Map(func(r rune) rune {
			switch {
			case r >= '\uff01' && r <= '\uff5e':
				return r - 0xfee0
			case r == '\u3000':
				return ' '
			}
			return r
		}, s)
	}
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
}
