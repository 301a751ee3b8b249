package statuspage

import (
	"math"
	"strconv"
	"time"

	"passgate/gateway/chart"
)

// words are a text in the page's languages.
type words struct{ zh, en string }

// in is the text in a language, "en" or "zh".
func (w words) in(lang string) string {
	if lang == "en" {
		return w.en
	}
	return w.zh
}

// number is a figure; what is not known is null in JSON.
type number float64

// MarshalJSON writes null for what is not a number.
func (n number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, v, 'g', 6, 64), nil
}

// unit is what a figure is in.
type unit string

const (
	count     unit = "count"
	perSecond unit = "per_second"
	perMinute unit = "per_minute"
	seconds   unit = "seconds"
	bytes     unit = "bytes"
	ratio     unit = "share"
	cores     unit = "cores"
)

// unknown stands for a figure that nobody knows.
const unknown = "–"

// text writes a figure with its unit, shortly.
func (u unit) text(v float64, lang string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return unknown
	}
	switch u {
	case perSecond:
		return chart.Number(v) + words{"/秒", "/s"}.in(lang)
	case perMinute:
		return chart.Number(v) + words{"/分", "/min"}.in(lang)
	case seconds:
		return duration(v, lang)
	case bytes:
		return size(v)
	case ratio:
		return chart.Number(100*v) + " %"
	case cores:
		return chart.Number(v) + " " + words{"核", "cores"}.in(lang)
	case count:
	}
	return chart.Number(v)
}

// least is up to where a chart goes in which all is 0.
func (u unit) least() float64 {
	switch u {
	case ratio:
		return 0.01
	case bytes:
		return 1e6
	case cores:
		return 0.1
	case count, perSecond, perMinute, seconds:
	}
	return 1
}

// duration writes a time, in the unit in which it is a small number.
func duration(v float64, lang string) string {
	for _, u := range []struct {
		from, one float64
		name      words
	}{
		{2 * 86400, 86400, words{"天", "d"}},
		{2 * 3600, 3600, words{"小时", "h"}},
		{120, 60, words{"分", "min"}},
		{1, 1, words{"秒", "s"}},
		{1e-3, 1e-3, words{"毫秒", "ms"}},
	} {
		if math.Abs(v) >= u.from {
			return chart.Number(v/u.one) + " " + u.name.in(lang)
		}
	}
	if v == 0 {
		return "0 " + words{"秒", "s"}.in(lang)
	}
	return chart.Number(v*1e6) + " " + words{"微秒", "µs"}.in(lang)
}

// size writes bytes, by 1000.
func size(v float64) string {
	for _, u := range []struct {
		bytes float64
		name  string
	}{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if v >= u.bytes {
			return chart.Number(v/u.bytes) + " " + u.name
		}
	}
	return chart.Number(v) + " B"
}

// tick writes a round value beside an axis, in symbols of no language.
func (u unit) tick(v float64) string {
	switch {
	case u == seconds && v >= 1:
		return chart.Number(v) + " s" // 500 s, not 8.33 min
	case u == cores:
		return chart.Number(v)
	}
	return u.text(v, "en")
}

// zone is the clock by which the town lives.
var zone = time.FixedZone("CST", 8*3600)

// clock writes a time of the day.
func clock(at time.Time) string { return at.In(zone).Format("15:04:05") }
