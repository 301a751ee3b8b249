package checkpoint

import (
	"fmt"
	"strconv"
)

// Celsius is a temperature in tenths of a degree, 373 for 37.3 °C. Zero means
// that none was taken.
type Celsius int16

// The readings that a person can have; anything else is a slip of the finger
// (365 for 36.5) or a broken thermometer and is refused, not stored.
const (
	MinCelsius Celsius = 30_0
	MaxCelsius Celsius = 45_0
)

// Valid tells whether c is a reading that a person can have.
func (c Celsius) Valid() bool { return c >= MinCelsius && c <= MaxCelsius }

// String returns for example "36.5", and "" when none was taken.
func (c Celsius) String() string { return string(c.Append(nil)) }

// Append writes what String returns.
func (c Celsius) Append(b []byte) []byte {
	if c == 0 {
		return b
	}
	b = append(strconv.AppendInt(b, int64(c/10), 10), '.')
	return strconv.AppendInt(b, int64(c%10), 10)
}

// MarshalJSON writes a number with one decimal, or null.
func (c Celsius) MarshalJSON() ([]byte, error) {
	if c == 0 {
		return []byte("null"), nil
	}
	return []byte(c.String()), nil
}

// UnmarshalJSON reads a number in °C from 30.0 to 45.0 with at most one
// decimal; null is "not taken".
func (c *Celsius) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*c = 0
		return nil
	}
	v, err := ParseCelsius(string(b))
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// ParseCelsius reads "36.5" or "37". Exponents, more decimals and readings
// outside MinCelsius..MaxCelsius are errors that name what was wrong.
func ParseCelsius(s string) (Celsius, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || len(s) > 6 {
		return 0, &FieldError{"temperature", fmt.Sprintf("%.12q is not a number in °C", s)}
	}
	whole, frac := s, ""
	for i := range len(s) {
		if s[i] == '.' {
			whole, frac = s[:i], s[i+1:]
		}
	}
	if len(whole) != 2 || len(frac) > 1 {
		return 0, &FieldError{"temperature", fmt.Sprintf("%s: give °C from 30.0 to 45.0 with one decimal, like 36.5", s)}
	}
	c := Celsius(f*10 + 0.5)
	if !c.Valid() {
		return 0, &FieldError{"temperature", fmt.Sprintf("%s °C is not a reading of a living person: give 30.0 to 45.0", s)}
	}
	return c, nil
}

// code is the one-byte stored form: 0 none, else tenths above 29.9.
func (c Celsius) code() byte {
	if c == 0 {
		return 0
	}
	return byte(c - MinCelsius + 1)
}

func celsiusOf(code byte) Celsius {
	if code == 0 {
		return 0
	}
	return Celsius(code) + MinCelsius - 1
}

// CelsiusRange is what lies between two readings, both included. The zero range
// holds only that none was taken; no other range holds that.
type CelsiusRange struct{ Min, Max Celsius }

// Holds tells whether c lies in the range.
func (r CelsiusRange) Holds(c Celsius) bool { return r.Min <= c && c <= r.Max }

// Method is where the thermometer was held.
type Method uint8

// The methods, in stored order.
const (
	MethodUnknown Method = iota
	Forehead
	Wrist
	Ear
	Armpit
)

var methodNames = [...]string{"", "forehead", "wrist", "ear", "armpit"}

// String returns the wire name, "" when unknown.
func (m Method) String() string { return nameOf(methodNames[:], int(m)) }

// ParseMethod reads a wire name; "" is unknown.
func ParseMethod(s string) (Method, error) {
	i, err := indexOf(methodNames[:], s, "temperature_method")
	if err != nil {
		return 0, &FieldError{"temperature_method", fmt.Sprintf("%.20q is none of forehead, wrist, ear, armpit", s)}
	}
	return Method(i), nil
}
