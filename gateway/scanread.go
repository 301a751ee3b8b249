package gateway

import (
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// decodeScan is decode for a scan. As almost all are written plainly, and a town
// sends thousands a second, those are read without reflection; decode reads or
// refuses the others, so what is a scan is said in one place.
func decodeScan(c *fiber.Ctx, in *scanBody) error {
	if err := mustBeJSON(c); err != nil {
		return err
	}
	return readScan(c.Request().Body(), in)
}

// readScan is decodeScan for one JSON text.
func readScan(body []byte, in *scanBody) error {
	if readPlainScan(string(body), in) { // the copy is what the strings of the scan point into
		return nil
	}
	*in = scanBody{}
	return decodeJSON(body, in)
}

// readPlainScan reads a scan whose members are known, given once, and strings
// without escapes, whole or decimal numbers, true or false: of a person named by
// pass, resident or document. It tells false, having written some of it, for all
// else; what it reads, decodeJSON reads in the same way.
func readPlainScan(text string, in *scanBody) bool {
	p := plainJSON{text: text}
	if !p.take('{') {
		return false
	}
	var seen [plainMembers]bool
	for more := true; more; more = p.take(',') {
		name, ok := p.string()
		if !ok || !p.take(':') {
			return false
		}
		member, ok := in.readMember(name, &p)
		if !ok || seen[member] {
			return false
		}
		seen[member] = true
	}
	return p.take('}') && p.ended() && utf8.ValidString(text)
}

// plainMembers is how many members readMember knows.
const plainMembers = 14

// readMember reads the value of a member and gives its number.
func (in *scanBody) readMember(name string, p *plainJSON) (member int, ok bool) {
	switch name {
	case "id":
		in.ID, ok = p.string()
		return 0, ok
	case "occurred_at":
		in.OccurredAt, ok = p.string()
		return 1, ok
	case "pass":
		in.Pass, ok = p.named()
		return 2, ok
	case "resident":
		in.Resident, ok = p.named()
		return 3, ok
	case "id_document":
		in.IDDocument, ok = p.named()
		return 4, ok
	case "direction":
		in.Direction, ok = p.string()
		return 5, ok
	case "temperature":
		in.Temperature, ok = p.celsius()
		return 6, ok
	case "temperature_method":
		in.Method, ok = p.string()
		return 7, ok
	case "remeasure_of":
		in.RemeasureOf, ok = p.string()
		return 8, ok
	case "plate":
		in.Plate, ok = p.string()
		return 9, ok
	case "plate_unchecked":
		in.Unchecked, ok = p.bool()
		return 10, ok
	case "vehicle":
		in.Vehicle, ok = p.string()
		return 11, ok
	case "vehicle_disinfected":
		in.Disinfected, ok = p.bool()
		return 12, ok
	case "purpose":
		in.Purpose, ok = p.string()
		return 13, ok
	}
	return 0, false
}

// plainJSON reads JSON from left to right. What it does not take it leaves.
type plainJSON struct {
	text string
	at   int
}

// space skips white space.
func (p *plainJSON) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// take takes one byte, with white space around it.
func (p *plainJSON) take(b byte) bool {
	p.space()
	if p.at == len(p.text) || p.text[p.at] != b {
		return false
	}
	p.at++
	p.space()
	return true
}

func (p *plainJSON) ended() bool { return p.at == len(p.text) }

// string takes a string without escapes.
func (p *plainJSON) string() (string, bool) {
	if p.ended() || p.text[p.at] != '"' {
		return "", false
	}
	for end := p.at + 1; end < len(p.text); end++ {
		switch c := p.text[end]; {
		case c == '"':
			s := p.text[p.at+1 : end]
			p.at = end + 1
			return s, true
		case c < ' ' || c == '\\':
			return "", false
		}
	}
	return "", false
}

// named is string for a member that can be missing.
func (p *plainJSON) named() (*string, bool) {
	s, ok := p.string()
	return &s, ok
}

func (p *plainJSON) bool() (value, ok bool) {
	for _, word := range [...]string{"false", "true"} {
		if rest := p.text[p.at:]; len(rest) > len(word) && rest[:len(word)] == word {
			p.at += len(word)
			return word == "true", true
		}
	}
	return false, false
}

// celsius takes a number of at most two digits, a point and one more.
func (p *plainJSON) celsius() (checkpoint.Celsius, bool) {
	end := p.at
	for end < len(p.text) && (p.text[end] >= '0' && p.text[end] <= '9' || p.text[end] == '.') {
		end++
	}
	number := p.text[p.at:end]
	p.at = end
	if len(number) != 2 && len(number) != 4 || number[0] == '0' || number[1] == '.' || len(number) == 4 && (number[2] != '.' || number[3] == '.') {
		return 0, false
	}
	c, err := checkpoint.ParseCelsius(number)
	return c, err == nil
}
