package timeline

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint/trajectory"
)

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// at is a local time of February 2020.
func at(day, hour, minute int) int64 {
	return time.Date(2020, 2, day, hour, minute, 0, 0, shanghai).UnixMilli()
}

const (
	village uint32 = iota + 1
	mall
	pharmacy
	factory
)

var sites = map[uint32]Site{
	village: {"佟道口村", true}, mall: {"银座商城许商店", false}, pharmacy: {"漱玉平民大药房（许商街道第三连锁店）", false}, factory: {"<b>&\"厂\u202e\x00", false},
}

// diary makes a picture out of scans.
type diary struct {
	Picture
	events []trajectory.Event
}

func newDiary(from, to, asOf int64) *diary {
	return &diary{Picture: Picture{
		Title: "王*明 行动轨迹 Trajectory", Notes: []string{"编号 ID 0400000000000007", "2020-02-12 00:00 – 2020-02-13 00:00 Asia/Shanghai"},
		From: from, To: to, AsOf: asOf, Zone: shanghai, Site: func(num uint32) Site { return sites[num] },
	}}
}

func (d *diary) scan(ms int64, site uint32, out bool, temperature string, edit ...func(*Passage)) {
	e := Passage{At: ms, Site: site, Gate: fmt.Sprintf("G%d", site), Out: out, Temperature: temperature, What: "放行"}
	for _, fn := range edit {
		fn(&e)
	}
	d.Passages = append(d.Passages, e)
	fact := trajectory.Event{At: ms, RecordedAt: ms, ID: uint64(len(d.events)), Site: site, Gate: site, Device: site, Direction: trajectory.In, Accepted: !e.Refused}
	if out {
		fact.Direction = trajectory.Out
	}
	if e.Late {
		fact.Flags, fact.RecordedAt = 1, ms+int64(1000-len(d.events))*5*3_600_000 // the other way round
	}
	d.events = append(d.events, fact)
}

func refused(e *Passage) { e.Refused, e.What = true, "不放行" }
func fever(e *Passage)   { e.Fever, e.Refused, e.What = true, true, "发热" }
func late(e *Passage)    { e.Late = true }

func (d *diary) svg() string {
	d.Stays = trajectory.Fold(d.events, min(d.To, d.AsOf), trajectory.Rules{LateFlags: 1, MaxStayOf: func(site uint32, _ int64) time.Duration {
		if sites[site].Home {
			return 0
		}
		return 24 * time.Hour
	}})
	return string(d.SVG())
}

// oneDay is an ordinary day, asked about in its evening.
func oneDay() *diary {
	d := newDiary(at(12, 0, 0), at(13, 0, 0), at(12, 19, 30))
	d.scan(at(11, 18, 0), village, false, "36.4")
	d.scan(at(12, 8, 0), village, true, "36.5")
	d.scan(at(12, 8, 30), mall, false, "36.3")
	d.scan(at(12, 10, 0), mall, true, "36.6")
	d.scan(at(12, 10, 20), pharmacy, false, "36.8", refused)
	d.scan(at(12, 10, 26), pharmacy, false, "36.7")
	d.scan(at(12, 10, 41), pharmacy, true, "")
	d.scan(at(12, 11, 15), village, false, "36.4")
	d.scan(at(12, 17, 5), village, true, "36.9")
	d.scan(at(12, 17, 40), mall, false, "37.6", fever)
	d.scan(at(12, 18, 10), village, false, "37.0")
	return d
}

// fortnight is two weeks, some days of them at home.
func fortnight() *diary {
	d := newDiary(at(3, 0, 0), at(17, 0, 0), at(16, 21, 0))
	d.Notes[1] = "2020-02-03 00:00 – 2020-02-17 00:00 Asia/Shanghai"
	d.scan(at(4, 17, 0), village, false, "36.4")
	for day := 5; day < 17; day++ {
		if day == 8 || day == 9 || day == 14 {
			continue
		}
		d.scan(at(day, 7, 10+day), village, true, "36.4")
		d.scan(at(day, 7, 40+day), factory, false, "36.5")
		d.scan(at(day, 17, 2*day), factory, true, "36.6")
		if day%3 == 0 {
			d.scan(at(day, 18, 0), mall, false, "36.2")
			d.scan(at(day, 18, 45), mall, true, "")
		}
		d.scan(at(day, 19, 30), village, false, "36.3")
	}
	return d
}

// irregular has one of everything that goes wrong.
func irregular() *diary {
	d := newDiary(at(10, 6, 0), at(17, 0, 0), at(16, 21, 0))
	d.scan(at(10, 9, 0), mall, true, "36.4")               // only the exit
	d.scan(at(10, 12, 0), mall, false, "36.5")             // in, and the exit is missed
	d.scan(at(10, 15, 0), mall, false, "36.5")             // in again
	d.scan(at(10, 17, 0), village, false, "36.6")          // seen elsewhere
	d.scan(at(11, 9, 0), village, true, "37.4", fever)     // refused, and stays on
	d.scan(at(11, 13, 0), village, true, "36.7")           //
	d.scan(at(11, 14, 0), factory, false, "36.7")          // never left
	d.scan(at(14, 8, 0), mall, false, "36.4")              // two sites crossed
	d.scan(at(14, 9, 0), pharmacy, false, "36.4")          //
	d.scan(at(14, 11, 0), mall, true, "")                  //
	d.scan(at(14, 12, 0), pharmacy, true, "")              //
	d.scan(at(15, 9, 0), factory, false, "36.4", late)     // a clock set back
	d.scan(at(15, 12, 0), factory, true, "36.5", late)     //
	d.scan(at(15, 20, 0), village, false, "37.3", refused) //
	d.scan(at(15, 20, 10), village, false, "36.9")         //
	d.scan(at(16, 18, 0), pharmacy, false, "36.4")         // still inside
	return d
}

// elements counts the elements of a document that can be parsed to its end.
func elements(t *testing.T, svg string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			found[start.Name.Local]++
		}
	}
}

func TestPicturesAreSoundAndHarmless(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*diary{"day": oneDay(), "fortnight": fortnight(), "irregular": irregular(), "nothing": newDiary(at(1, 0, 0), at(20, 0, 0), at(19, 0, 0))} {
		svg := d.svg()
		for element := range elements(t, svg) {
			switch element {
			case "svg", "title", "defs", "pattern", "rect", "path", "text", "g":
			default:
				t.Errorf("%s: holds <%s>", name, element)
			}
		}
		for _, bad := range []string{"<b>", "\u202e", "\x00", "script", "style", "href", "NaN", "Inf", "url(http"} {
			if strings.Contains(svg, bad) {
				t.Errorf("%s: holds %q", name, bad)
			}
		}
		if !bytes.Equal(d.SVG(), []byte(svg)) {
			t.Errorf("%s: another picture the second time", name)
		}
	}
}

func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	svg := irregular().svg()
	for what, want := range map[string]int{
		`fill="url(#pg-place)"`:                    6 + 1, // stays at public places that were concluded, by day; the legend
		`fill="url(#pg-home)"`:                     2,
		`stroke-dasharray="3.5 1.8"`:               5 + 1, // in doubt
		`stroke-dasharray="1.6 1.4"`:               2 + 1, // late
		"无记录 nothing recorded":                     1,
		"仍在场内 still inside\n":                      0,
		"仍在场内 still inside":                        2,
		"end concluded":                            1,
		"No exit was seen: it ends where the long": 2, // the factory, on two days
		">37.4</text>":                             1,
		`font-weight="bold">37.4</text>`:           1,
		"&lt;b&gt;&amp;&#34;厂":                     3 * 3, // on three days: the label, its tooltip, the bar's
	} {
		if got := strings.Count(svg, what); got != want {
			t.Errorf("%q is there %d times, want %d", what, got, want)
		}
	}
}

func TestWhatLiesOutsideTheWindowIsLeftOut(t *testing.T) {
	t.Parallel()
	d := oneDay()
	d.From, d.To = at(12, 9, 0), at(12, 11, 0)
	svg := d.svg()
	if strings.Contains(svg, "37.6") || strings.Contains(svg, "36.3") || !strings.Contains(svg, "36.6") {
		t.Error("a passage of another time is in the picture, or one of this time is not")
	}
	if strings.Contains(svg, "佟道口村") {
		t.Error("a site is in the picture where they were only before and after")
	}
}

func TestEveryDayHasItsPlace(t *testing.T) {
	t.Parallel()
	long := newDiary(at(1, 0, 0), at(1, 0, 0)+90*24*3_600_000, at(1, 0, 0)+90*24*3_600_000)
	if n := len(long.days()); n != 1 {
		t.Errorf("90 days of nothing are %d lines", n)
	}
	long.scan(at(3, 0, 0), village, false, "")
	long.svg()
	if n := len(long.days()); n != maxDays {
		t.Errorf("%d days", n)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	short := time.Date(2020, 3, 8, 0, 0, 0, 0, newYork) // has 23 hours
	p := Picture{From: short.UnixMilli(), To: short.AddDate(0, 0, 1).UnixMilli(), AsOf: short.AddDate(0, 0, 1).UnixMilli(), Zone: newYork}
	days := p.days()
	if x := days[0].x(short.Add(23 * time.Hour).UnixMilli()); len(days) != 1 || x != right {
		t.Errorf("%d days, the last hour ends at %v", len(days), x)
	}
}

func TestNamesAreCutToTheirLane(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "商场": "商场", "漱玉平民大药房许商": "漱玉平民大药…", "ABCDEFGHIJKLMNOPQRSTUVWXYZ": "ABCDEFGHIJK…", "𠮷𠮷𠮷𠮷𠮷𠮷𠮷𠮷": "𠮷𠮷𠮷𠮷𠮷𠮷…",
	} {
		if got := fit(text, 10, 78); got != want {
			t.Errorf("%s is cut to %s, want %s", text, got, want)
		}
	}
}
