package archive

import (
	"encoding/hex"
	"fmt"
	"math"

	"passgate/checkpoint"
)

// Bounds of what a stored event can hold.
const (
	maxTime  = 1<<48 - 1 // of times that are stored in six bytes
	maxPlate = 255
	flagBits = 19
	// celsiusLow to celsiusHigh are what the one stored byte can say.
	celsiusLow, celsiusHigh = int64(checkpoint.MinCelsius), int64(checkpoint.MinCelsius) + 254
)

// parser reads one line in the order in which appendLine writes it. The first
// thing that is not as it has to be ends the reading.
type parser struct {
	rest []byte
	size int
	err  error
}

func (p *parser) fail(want string) {
	if p.err == nil {
		p.err = fmt.Errorf("at byte %d: want %s", p.size-len(p.rest), want)
	}
	p.rest = nil
}

// has takes a literal if it is next.
func (p *parser) has(literal string) bool {
	if len(p.rest) < len(literal) || string(p.rest[:len(literal)]) != literal {
		return false
	}
	p.rest = p.rest[len(literal):]
	return true
}

func (p *parser) must(literal string) {
	if !p.has(literal) {
		p.fail(literal)
	}
}

// integer reads a decimal number without needless zeros or signs.
func (p *parser) integer(low, high int64) int64 {
	b, i := p.rest, 0
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		i++
	}
	first, v := i, int64(0)
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		digit := int64(b[i] - '0')
		if negative {
			digit = -digit
		}
		if v > math.MaxInt64/10 || v < math.MinInt64/10 || v == math.MaxInt64/10 && digit > 7 || v == math.MinInt64/10 && digit < -8 {
			p.fail("a smaller number")
			return 0
		}
		v = v*10 + digit
	}
	if i == first || b[first] == '0' && (i > first+1 || negative) || v < low || v > high {
		p.fail(fmt.Sprintf("a whole number from %d to %d", low, high))
		return 0
	}
	p.rest = b[i:]
	return v
}

func (p *parser) uint32() uint32 { return uint32(p.integer(0, math.MaxUint32)) }

// hex reads lower-case hexadecimal digits that fill value, and the quote.
func (p *parser) hex(value []byte) {
	n := 2 * len(value)
	if len(p.rest) <= n || p.rest[n] != '"' {
		p.fail(fmt.Sprintf("%d hexadecimal digits", n))
		return
	}
	for _, c := range p.rest[:n] {
		if c >= 'A' && c <= 'F' {
			p.fail("hexadecimal digits in lower case")
			return
		}
	}
	if _, err := hex.Decode(value, p.rest[:n]); err != nil {
		p.fail("hexadecimal digits")
		return
	}
	p.rest = p.rest[n+1:]
}

func (p *parser) id() (id uint64) {
	var raw [8]byte
	p.hex(raw[:])
	for _, c := range raw {
		id = id<<8 | uint64(c)
	}
	return id
}

// hash reads a hash that is left out when it is zero.
func (p *parser) hash(name string, h *[8]byte) {
	*h = [8]byte{}
	if p.has(name) {
		if p.hex(h[:]); p.err == nil && *h == [8]byte{} {
			p.fail("a hash that is not zero")
		}
	}
}

// word reads a word of a closed list, or a number up to most that has no word.
func (p *parser) word(w *words, most int) int {
	if !p.has(`"`) {
		return int(p.integer(int64(len(w.names)), int64(most)))
	}
	for i, c := range p.rest {
		if c == '"' {
			if code, ok := w.codes[string(p.rest[:i])]; ok {
				p.rest = p.rest[i+1:]
				return code
			}
			break
		}
	}
	p.fail("one of the known words")
	return 0
}

// optional reads a word that is left out when it is zero.
func (p *parser) optional(name string, w *words, most int) int {
	if !p.has(name) {
		return 0
	}
	code := p.word(w, most)
	if code == 0 {
		p.fail("a word that says something")
	}
	return code
}

// parseLine reads what appendLine wrote, without the line feed, and nothing
// else: a line that was read is written the same way again.
func parseLine(line []byte, e *checkpoint.ScanEvent) error {
	p := parser{rest: line, size: len(line)}
	*e = checkpoint.ScanEvent{Direction: checkpoint.In}
	p.must(`{"person":"`)
	e.Person = p.id()
	p.must(`,"occurred_at":`)
	e.OccurredAt = p.integer(0, maxTime)
	p.must(`,"recorded_at":`)
	e.RecordedAt = p.integer(math.MinInt64, math.MaxInt64)
	p.must(`,"scan":"`)
	p.hex(e.Hash[:])
	p.must(`,"digest":"`)
	p.hex(e.Digest[:])
	p.must(`,"gate":`)
	e.Gate = p.uint32()
	p.must(`,"device":`)
	e.Device = p.uint32()
	if p.has(`,"staff":`) {
		if e.Staff = p.uint32(); e.Staff == 0 {
			p.fail("a number that is not zero")
		}
	}
	if p.has(`,"direction":"out"`) {
		e.Direction = checkpoint.Out
	} else {
		p.must(`,"direction":"in"`)
	}
	p.must(`,"who":`)
	e.Who = checkpoint.WhoKind(p.word(&whos, 7))
	p.must(`,"decision":`)
	e.Decision = checkpoint.Decision(p.word(&decisions, -1))
	p.must(`,"reason":`)
	e.Reason = checkpoint.Reason(p.word(&reasons, -1))
	p.must(`,"action":`)
	e.Action = checkpoint.Action(p.word(&actions, -1))
	if p.has(`,"flags":[`) {
		e.Flags = p.flags()
	}
	if p.has(`,"temperature":`) {
		e.Temperature = p.celsius()
	}
	e.Method = checkpoint.Method(p.optional(`,"method":`, &methods, 7))
	p.rare(e)
	return p.err
}

func (p *parser) flags() (f checkpoint.Flags) {
	for next := 0; ; {
		bit := p.word(&flags, flagBits-1)
		if bit < next {
			p.fail("flags in their order")
		}
		if p.err != nil {
			return 0
		}
		f |= 1 << bit
		next = bit + 1
		if p.has(`]`) {
			return f
		}
		p.must(`,`)
	}
}

// celsius reads degrees with one decimal.
func (p *parser) celsius() checkpoint.Celsius {
	whole := p.integer(celsiusLow/10, celsiusHigh/10)
	p.must(`.`)
	tenths := whole*10 + p.integer(0, 9)
	if tenths > celsiusHigh {
		p.fail("a temperature that can be stored")
	}
	return checkpoint.Celsius(tenths)
}

// rare reads what appendRare writes.
func (p *parser) rare(e *checkpoint.ScanEvent) {
	e.Disinfected = p.has(`,"disinfected":true`)
	switch {
	case p.has(`,"plate":"`):
		e.Plate = p.text()
	case p.has(`,"plate_bytes":"`):
		e.Plate = p.bytes()
	}
	p.hash(`,"remeasure_of":"`, &e.RemeasureOf)
	p.hash(`,"vehicle":"`, &e.Vehicle)
	p.hash(`,"annuls":"`, &e.Annuls)
	e.Purpose = checkpoint.Purpose(p.optional(`,"purpose":`, &purposes, 255))
	e.Override = checkpoint.OverrideReason(p.optional(`,"override":`, &overrides, 255))
	if p.has(`,"permit":`) {
		if e.Permit = p.uint32(); e.Permit == 0 {
			p.fail("a number that is not zero")
		}
		p.must(`,"permit_until":`)
		e.PermitUntil = p.integer(0, maxTime)
		p.must(`,"permit_left":`)
		e.PermitLeft = uint8(p.integer(0, 255))
	}
	if p.has(`,"fever":"`) {
		if e.Fever = checkpoint.FeverID(p.id()); e.Fever == 0 {
			p.fail("an ID that is not zero")
		}
	}
	p.must(`}`)
	if len(p.rest) > 0 {
		p.fail("the end of the line")
	}
}

// text reads a plate to its quote.
func (p *parser) text() string {
	plate := make([]byte, 0, 12)
	for i := 0; i < len(p.rest); i++ {
		c := p.rest[i]
		switch c {
		case '"':
			if len(plate) == 0 || len(plate) > maxPlate || !plainText(string(plate)) {
				p.fail("a plate of 1 to 255 bytes of text")
				return ""
			}
			p.rest = p.rest[i+1:]
			return string(plate)
		case '\\':
			if i++; i == len(p.rest) || p.rest[i] != '"' && p.rest[i] != '\\' {
				p.fail("a quote or a backslash behind the backslash")
				return ""
			}
			c = p.rest[i]
		}
		plate = append(plate, c)
	}
	p.fail("the end of the plate")
	return ""
}

// bytes reads a plate that is no text.
func (p *parser) bytes() string {
	n := 0
	for n < len(p.rest) && p.rest[n] != '"' {
		n++
	}
	if n == 0 || n%2 != 0 || n > 2*maxPlate {
		p.fail("1 to 255 bytes in hexadecimal digits")
		return ""
	}
	plate := make([]byte, n/2)
	p.hex(plate)
	if p.err == nil && plainText(string(plate)) {
		p.fail("a plate that is no text")
	}
	return string(plate)
}
