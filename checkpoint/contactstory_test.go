package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// contactStory is a town in which few things happen, one after the other.
type contactStory struct {
	t     testing.TB
	s     *Store
	clock *testClock
	posts map[string]*gatePost
	names map[uint64]string
	ids   map[string]uint64
}

// newContactStory enrols wang and wife in one household and zhang of v-01, li of
// c-01.
func newContactStory(t testing.TB) *contactStory {
	t.Helper()
	s, clock := newStore(t)
	c := &contactStory{t, s, clock, map[string]*gatePost{}, map[uint64]string{}, map[string]uint64{}}
	rows := []NewResident{resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"), resident(4, "c-01")}
	rows[1].Door = rows[0].Door
	for i, id := range mustEnrol(t, s, rows...) {
		c.names[id] = []string{"wang", "wife", "zhang", "li"}[i]
		c.ids[c.names[id]] = id
	}
	for _, site := range []string{"v-01", "c-01", "mall-01", "pharmacy-01"} {
		c.posts[site] = post(t, s, clock, site)
	}
	return c
}

// pass lets time go by and somebody be scanned at a site.
func (c *contactStory) pass(after time.Duration, who, site string, way Direction, edit ...func(*ScanRequest)) ScanRequest {
	c.t.Helper()
	c.clock.Advance(after)
	req := c.posts[site].request(c.ids[who], way, 36_5)
	req.ID = fmt.Sprint(site, "-", req.ID)
	for _, fn := range edit {
		fn(&req)
	}
	c.posts[site].send(req)
	return req
}

func denied(r *ScanRequest) { r.Late, r.Told = true, &Told{Deny, ReasonExpired, Register} }

// contacts asks for those of wang since the story began.
func (c *contactStory) contacts(edit func(*ContactQuery)) ContactResult {
	c.t.Helper()
	projectAll(c.t, c.s)
	q := ContactQuery{
		Person: c.ids["wang"], From: testStart.UnixMilli(), To: c.s.now() + 1, Hops: 1, GateMargin: DefaultGateMargin, MinOverlap: DefaultMinOverlap,
	}
	if edit != nil {
		edit(&q)
	}
	res, err := c.s.Contacts(c.t.Context(), q)
	must(c.t, err)
	return res
}

// told renders contacts as "name: kind minutes, ...", the household left out.
func (c *contactStory) told(res ContactResult) string {
	var lines []string
	for _, contact := range res.Contacts {
		line := c.names[contact.Person]
		for _, m := range contact.Evidence {
			if m.Kind == ContactHousehold {
				continue
			}
			line += fmt.Sprintf(" %s %d", m.Kind, (m.To-m.From)/60_000)
			for _, mark := range []struct {
				on   bool
				name string
			}{{m.Open, "open"}, {m.Inferred, "inferred"}, {m.UnknownStart, "unknown"}} {
				if mark.on {
					line += " " + mark.name
				}
			}
		}
		if strings.Contains(line, " ") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func TestWhatIsAContact(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	for name, story := range map[string]struct {
		happens func(*contactStory)
		asked   func(*ContactQuery)
		want    string
	}{
		"stays that overlap": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			c.pass(10*minute, "li", "mall-01", In)
			c.pass(20*minute, "wang", "mall-01", Out)
			c.pass(10*minute, "li", "mall-01", Out)
		}, nil, "li venue 20"},
		"stays that overlap for less": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			c.pass(10*minute, "li", "mall-01", In)
			c.pass(20*minute, "wang", "mall-01", Out)
		}, func(q *ContactQuery) { q.MinOverlap = 21 * minute }, ""},
		"one left before the other came": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			c.pass(10*minute, "wang", "mall-01", Out)
			c.pass(0, "li", "mall-01", In)
		}, nil, ""},
		"an entry that was denied": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			c.pass(10*minute, "li", "mall-01", In, denied)
			c.pass(10*minute, "wang", "mall-01", Out)
		}, nil, ""},
		"turned away beside each other": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			c.pass(minute, "li", "mall-01", In, denied)
		}, nil, "li gate 1"},
		"an entry that was taken back": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			req := c.pass(10*minute, "li", "mall-01", In)
			_, err := c.s.Annul(c.t.Context(), AnnulRequest{
				ID: "annul-0001", Device: req.Device, Scan: req.ID, OccurredAt: req.OccurredAt, At: req.OccurredAt, Person: req.Person,
			})
			must(c.t, err)
			c.pass(30*minute, "wang", "mall-01", Out)
		}, nil, ""},
		"an exit that was forgotten": {func(c *contactStory) {
			c.pass(0, "li", "mall-01", In)
			c.pass(23*time.Hour, "wang", "mall-01", In)
			c.pass(2*time.Hour, "wang", "mall-01", Out)
		}, nil, "li venue 60 inferred"},
		"only the exit was seen": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			c.pass(10*minute, "li", "mall-01", Out)
			c.pass(10*minute, "wang", "mall-01", Out)
		}, func(q *ContactQuery) { q.MinOverlap = time.Hour }, "li venue 0 unknown"},
		"both are still there": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In)
			c.pass(10*minute, "li", "mall-01", In)
			c.clock.Advance(5 * minute)
		}, nil, "li venue 5 open"},
		"one was seen elsewhere meanwhile": {func(c *contactStory) {
			c.pass(0, "li", "mall-01", In)
			c.pass(10*minute, "li", "pharmacy-01", In)
			c.pass(10*minute, "wang", "mall-01", In)
			c.pass(10*minute, "wang", "mall-01", Out)
			c.pass(10*minute, "li", "mall-01", Out)
		}, nil, ""},
		"they live at the same site": {func(c *contactStory) {
			c.pass(0, "wang", "v-01", In)
			c.pass(10*minute, "zhang", "v-01", In)
			c.clock.Advance(time.Hour)
		}, nil, ""},
		"passing at home within the margin": {func(c *contactStory) {
			c.pass(0, "wang", "v-01", In)
			c.pass(2*minute, "zhang", "v-01", Out)
		}, nil, "zhang gate 2"},
		"passing at home later": {func(c *contactStory) {
			c.pass(0, "wang", "v-01", In)
			c.pass(2*minute+time.Millisecond, "zhang", "v-01", Out)
		}, nil, ""},
		"in one vehicle": {func(c *contactStory) {
			car := func(r *ScanRequest) { r.Vehicle, r.Plate = "vehicle-0001", NoPlate }
			c.pass(0, "wang", "mall-01", In, car)
			c.pass(0, "zhang", "mall-01", In, denied, car)
		}, func(q *ContactQuery) { q.GateMargin = 0 }, "zhang vehicle 0"},
		"with one plate, at two gates": {func(c *contactStory) {
			c.pass(0, "wang", "v-01", Out, func(r *ScanRequest) { r.Plate = "鲁A12345" })
			c.pass(minute, "li", "c-01", In, func(r *ScanRequest) { r.Plate = "鲁a·12345" })
		}, nil, "li vehicle 1"},
		"with no plate each": {func(c *contactStory) {
			c.pass(0, "wang", "mall-01", In, func(r *ScanRequest) { r.Plate = NoPlate })
			c.pass(0, "zhang", "mall-01", Out, func(r *ScanRequest) { r.Plate = NoPlate })
		}, func(q *ContactQuery) { q.MinOverlap = time.Hour }, "zhang venue 0 open unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newContactStory(t)
			story.happens(c)
			res := c.contacts(story.asked)
			if got := c.told(res); got != story.want {
				t.Errorf("got %q, want %q", got, story.want)
			}
			last := res.Contacts[0]
			if c.names[last.Person] != "wife" || last.Kinds[0] != ContactHousehold || last.Exposure < perHouseholdDay {
				t.Errorf("the household is %+v", last)
			}
		})
	}
}

// Who infects whom follows time: what happened before somebody can have been
// infected is no link of a chain.
func TestChainsFollowTime(t *testing.T) {
	t.Parallel()
	c := newContactStory(t)
	together := func(a, b, site string) {
		c.pass(time.Hour, a, site, In)
		c.pass(time.Minute, b, site, In)
		c.pass(30*time.Minute, a, site, Out)
		c.pass(time.Minute, b, site, Out)
	}
	together("zhang", "li", "mall-01") // too early
	c.clock.Advance(time.Hour)
	began := c.s.now()
	c.pass(time.Minute, "wang", "v-01", Out)
	c.pass(time.Minute, "zhang", "v-01", Out)
	met := c.s.now()
	hops := func(edit func(*ContactQuery)) (lines []string) {
		res := c.contacts(func(q *ContactQuery) {
			q.Hops = 3
			edit(q)
		})
		for _, contact := range res.Contacts {
			line := fmt.Sprint(contact.Hop)
			for _, l := range contact.Chain {
				line += " " + c.names[l.Person]
			}
			if contact.Hop == 1 && c.names[contact.Person] == "zhang" && contact.Infected != met {
				t.Errorf("zhang can have been infected at %d, want %d", contact.Infected, met)
			}
			lines = append(lines, line)
		}
		return lines
	}
	since := func(q *ContactQuery) { q.From = began }
	if got, want := hops(since), []string{"1 wife", "1 zhang"}; !slices.Equal(got, want) {
		t.Errorf("before they met again: %q, want %q", got, want)
	}
	together("zhang", "li", "mall-01")
	if got, want := hops(since), []string{"1 wife", "1 zhang", "2 zhang li"}; !slices.Equal(got, want) {
		t.Errorf("after: %q, want %q", got, want)
	}
	if got, want := hops(func(q *ContactQuery) { q.From, q.Expand = began, 1 }), []string{"1 wife", "1 zhang"}; !slices.Equal(got, want) {
		t.Errorf("with one to go on from, the wife: %q, want %q", got, want)
	}
}

func TestContactsSayWhatTheyLeaveOut(t *testing.T) {
	t.Parallel()
	c := newContactStory(t)
	c.pass(0, "wang", "mall-01", In)
	c.pass(time.Minute, "li", "mall-01", In)
	c.pass(time.Minute, "zhang", "mall-01", In)
	c.clock.Advance(time.Hour)
	for name, ask := range map[string]struct {
		edit func(*ContactQuery)
		want Cut
		more int // contacts listed
	}{
		"people":  {func(q *ContactQuery) { q.Hops, q.Expand = 2, 2 }, Cut{Kind: CutPeople, Hop: 2, At: 2, Of: 3}, 3},
		"listing": {func(q *ContactQuery) { q.Limit = 2 }, Cut{Kind: CutListing, At: 2, Of: 3}, 2},
		"time":    {func(q *ContactQuery) { q.Hops, q.Budget = 2, 1 }, Cut{Kind: CutTime, Hop: 2, Of: 3}, 3},
	} {
		res := c.contacts(ask.edit)
		if len(res.Cuts) != 1 || res.Cuts[0] != ask.want || len(res.Contacts) != ask.more || res.Total != 3 {
			t.Errorf("%s: %d of %d contacts, cuts %+v, want %+v", name, len(res.Contacts), res.Total, res.Cuts, ask.want)
		}
	}
	if res := c.contacts(nil); len(res.Cuts) != 0 {
		t.Errorf("cuts %+v of a whole answer", res.Cuts)
	}
}

// The guards on shift are contacts, by their logins.
func TestStaffOnShiftAreContacts(t *testing.T) {
	t.Parallel()
	c := newContactStory(t)
	guards(t, c.s, "zhao", "qian")
	home := c.posts["v-01"]
	home.open("shift-0001", "zhao")
	c.pass(time.Minute, "wang", "v-01", Out)
	c.pass(time.Minute, "wang", "v-01", In, denied)
	c.clock.Advance(time.Hour)
	home.open("shift-0002", "qian")
	c.pass(time.Minute, "zhang", "v-01", Out)
	if res := c.contacts(nil); len(res.Staff) != 1 || res.Staff[0].Login != "zhao" || res.Staff[0].Scans != 2 ||
		res.Staff[0].Last-res.Staff[0].First != 60_000 || len(res.Staff[0].Gates) != 1 {
		t.Errorf("staff %+v", res.Staff)
	}
}

// A walk-in who turned out to be the person is no contact of theirs, and asking
// about the walk-in is asking about the person.
func TestContactsOfAWalkIn(t *testing.T) {
	t.Parallel()
	c := newContactStory(t)
	words := WalkIn{Name: "李四", Phone: "13900000000"}
	c.pass(0, "wang", "mall-01", In, func(r *ScanRequest) { r.Who, r.Person, r.WalkIn = ByWalkIn, 0, &words })
	c.pass(time.Minute, "li", "mall-01", In)
	c.pass(10*time.Minute, "wang", "mall-01", Out)
	id, err := c.s.WalkInID(words)
	must(t, err)
	c.names[id] = "walk-in"
	if got := c.told(c.contacts(nil)); got != "li venue 0 open unknown; walk-in venue 0 open unknown" {
		t.Errorf("as long as nobody knows who the walk-in is: %q", got)
	}
	_, err = c.s.MatchWalkIn(t.Context(), id, c.ids["wang"], "wu")
	must(t, err)
	for name, person := range map[string]uint64{"wang": c.ids["wang"], "the walk-in": id} {
		res := c.contacts(func(q *ContactQuery) { q.Person = person })
		if got := c.told(res); got != "li venue 10 open" || res.Person != c.ids["wang"] {
			t.Errorf("of %s: %q of %x", name, got, res.Person)
		}
	}
	res := c.contacts(func(q *ContactQuery) { q.Person = c.ids["li"] })
	if len(res.Contacts) != 1 || c.names[res.Contacts[0].Person] != "wang" {
		t.Errorf("contacts of li: %+v", res.Contacts)
	}
}

func TestContactsRefuseWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	c := newContactStory(t)
	good := ContactQuery{Person: c.ids["wang"], From: c.s.now() - 1000, To: c.s.now(), Hops: 1}
	for field, edit := range map[string]func(*ContactQuery){
		"to":          func(q *ContactQuery) { q.To = q.From },
		"from":        func(q *ContactQuery) { q.From, q.To = c.s.now()+1, c.s.now()+2 },
		"gate_margin": func(q *ContactQuery) { q.GateMargin = MaxGateMargin + 1 },
		"min_overlap": func(q *ContactQuery) { q.MinOverlap = -1 },
		"hops":        func(q *ContactQuery) { q.Hops = 4 },
		"expand":      func(q *ContactQuery) { q.Expand = MaxExpand + 1 },
		"limit":       func(q *ContactQuery) { q.Limit = -1 },
	} {
		q := good
		edit(&q)
		var wrong *FieldError
		if _, err := c.s.Contacts(t.Context(), q); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	good.Person = 7
	if _, err := c.s.Contacts(t.Context(), good); !errors.Is(err, ErrNotFound) {
		t.Errorf("contacts of nobody: %v", err)
	}
}
