package checkpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// PlateKind is what sort of number plate a vehicle has.
type PlateKind string

// The kinds.
const (
	PlateOrdinary  PlateKind = "ordinary"   // blue or yellow
	PlateNewEnergy PlateKind = "new_energy" // green, or yellow and green
	PlateSpecial   PlateKind = "special"    // police, learners, trailers, embassies, forces, fire brigade ...
	PlateNone      PlateKind = "none"       // the vehicle has none
	PlateOther     PlateKind = "other"      // a form of its own, taken unchecked
)

// NoPlate is written for a vehicle without a plate.
const NoPlate = "无牌"

// everyOffice are the office letters of the municipalities, which may use all
// but I. Elsewhere O belongs to the province's own authorities.
const everyOffice = "ABCDEFGHJKLMNOPQRSTUVWXYZ"

// plateOffices are the provinces with the letters of their issuing offices:
// annex A of GA 36-2018; 冀X, 苏U, 豫V, 鄂W and 陕U, which came later; and 皖Q,
// whose office is closed but whose plates are not.
var plateOffices = map[rune]string{
	'京': everyOffice, '津': everyOffice, '沪': everyOffice, '渝': everyOffice,
	'冀': "ABCDEFGHJORTX", '晋': "ABCDEFHJKLMO", '蒙': "ABCDEFGHJKLMO", '辽': "ABCDEFGHJKLMNOP",
	'吉': "ABCDEFGHJKO", '黑': "ABCDEFGHJKLMNOPR", '苏': "ABCDEFGHJKLMNOU", '浙': "ABCDEFGHJKLO",
	'皖': "ABCDEFGHJKLMNOPQRS", '闽': "ABCDEFGHJKO", '赣': "ABCDEFGHJKLMO", '鲁': "ABCDEFGHJKLMNOPQRSUVWY",
	'豫': "ABCDEFGHJKLMNOPQRSUV", '鄂': "ABCDEFGHJKLMNOPQRSW", '湘': "ABCDEFGHJKLMNOSU",
	'粤': "ABCDEFGHJKLMNOPQRSTUVWXY", '桂': "ABCDEFGHJKLMNOPR", '琼': "ABCDEFO", '川': "ABCDEFGHJKLMOQRSTUVWXYZ",
	'贵': "ABCDEFGHJO", '云': "ACDEFGHJKLMNOPQRS", '藏': "ABCDEFGO", '陕': "ABCDEFGHJKOUV",
	'甘': "ABCDEFGHJKLMNOP", '青': "ABCDEFGHO", '宁': "ABCDEO", '新': "ABCDEFGHJKLMNOPQR",
}

// plateClasses are what the small letters in plateForms stand for, but o: that
// depends on the province before it.
var plateClasses = map[rune]string{
	'p': string(slices.Collect(maps.Keys(plateOffices))),
	'd': "0123456789",
	's': "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", // of a serial: no I, no O
	'e': "DFABCEGHJK",                         // D, A, B, C, E battery only; F, G, H, J, K other
	'w': "0123456789TDSHBXJ",                  // last of the armed police: a digit or the branch
	'm': "VKHBSLJNGCE",                        // of the forces
	'n': "ABCDJKLMNPRSTVY",
	'c': "ABDEH", // offices of cities with consulates
	'x': "XS",    // fire brigade, forest fire brigade
}

// plateForms are all forms of a plate: p is a province, o its office, the other
// small letters are in plateClasses, and anything else stands for itself.
var plateForms = []struct {
	form string
	kind PlateKind
}{
	{"posssss", PlateOrdinary},
	{"poesdddd", PlateNewEnergy}, // small
	{"poddddde", PlateNewEnergy}, // large
	{"possss学", PlateSpecial},
	{"possss警", PlateSpecial},
	{"possss挂", PlateSpecial},
	{"粤Zssss港", PlateSpecial},
	{"粤Zssss澳", PlateSpecial},
	{"dddddd使", PlateSpecial},
	{"pddddd领", PlateSpecial},
	{"pcdddd领", PlateSpecial}, // before 2018
	{"WJpddddw", PlateSpecial},
	{"WJddddw", PlateSpecial},
	{"mnddddd", PlateSpecial},
	{"民航sssss", PlateSpecial},
	{"pxdddd应急", PlateSpecial},
	{"京ddddd应急", PlateSpecial}, // the ministry's own
	{NoPlate, PlateNone},
}

// ParsePlate normalises and checks a Chinese number plate: full-width
// characters become ASCII, letters upper case, blanks, dots and dashes go. The
// forms are those of GA 36-2018 (vehicles, with new energy its tables 5 and 6,
// whose letters beyond D and F came into use later; consulates also in the form
// before it), of the armed police and the forces since 2012, of civil aviation
// and of the fire brigades since 2018. The serial never holds I or O. Temporary
// plates, tractors' and foreign ones are not among them. A vehicle without a
// plate is NoPlate.
//
// The error is a *FieldError for "plate" that says what is wrong and what a
// plate looks like, and never repeats it.
func ParsePlate(s string) (string, error) {
	plate := tidyPlate(s)
	if KindOfPlate(plate) == PlateOther {
		return "", &FieldError{"plate", whyNoPlate([]rune(plate)) +
			"; a plate looks like 鲁A12345, with new energy like 鲁AD12345, a vehicle without one is 无牌"}
	}
	return plate, nil
}

// KindOfPlate is the kind of a plate in ParsePlate's form, PlateOther if it is
// in none of the forms.
func KindOfPlate(plate string) PlateKind {
	p := []rune(plate)
	for _, f := range plateForms {
		if hasForm(p, []rune(f.form)) {
			return f.kind
		}
	}
	return PlateOther
}

func hasForm(p, form []rune) bool {
	if len(p) != len(form) {
		return false
	}
	for i, r := range p {
		allowed, class := plateClasses[form[i]]
		switch {
		case form[i] == 'o':
			allowed = plateOffices[p[i-1]]
		case !class:
			allowed = string(form[i])
		}
		if !strings.ContainsRune(allowed, r) {
			return false
		}
	}
	return true
}

// tidyPlate brings every way to write one plate into one form, without a check.
func tidyPlate(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\uff01' && r <= '\uff5e' { // full width
			r -= 0xfee0
		}
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case unicode.IsSpace(r), strings.ContainsRune("·•‧∙・.-‐‑–—\ufeff\u200b", r):
			return -1
		}
		return r
	}, s)
}

// whyNoPlate says what is wrong with a plate that has none of the forms.
func whyNoPlate(p []rune) string {
	if len(p) == 0 {
		return "is missing"
	}
	offices, province := plateOffices[p[0]]
	if !province {
		if strings.ContainsAny(string(p), "IO") {
			return "has the letter I or O, which no serial has (1 or 0?)"
		}
		return "does not begin with a province's character, 使, 领, 警 and the like stand at the end"
	}
	if len(p) == 1 || !strings.ContainsRune(offices, p[1]) {
		return fmt.Sprintf("has no letter of an office of %c behind %c", p[0], p[0])
	}
	switch serial := string(p[2:]); {
	case strings.ContainsAny(serial, "IO"):
		return "has the letter I or O in its serial, which never holds them (1 or 0?)"
	case len(p) == 8:
		return "has six characters behind the office's letter, as with new energy, but not in its form: " +
			"D, F or another of A to K, one more, four digits; or five digits and that letter"
	case len(p) != 7:
		return fmt.Sprintf("has %d characters behind the office's letter, not five, or six with new energy", len(p)-2)
	}
	return "has a character in its serial that is no letter or digit, nor 学, 警, 挂 or 领 at the end"
}
