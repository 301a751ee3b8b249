package feed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// town is a storetest town with an exchange.
type town struct {
	*storetest.W
	t     *testing.T
	feed  *Feed
	scans int
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := storetest.New(t)
	return &town{W: w, t: t, feed: New(w.Store)}
}

func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// subscribe makes a subscriber that reads everything of a node.
func (w *town) subscribe(name, node string, fields ...Field) *Subscriber {
	w.t.Helper()
	s, _, err := w.feed.Put(w.t.Context(), Subscriber{
		Name: name, Title: "济南市平台", Node: node, Types: Types(), Fields: fields, Purpose: "疫情流调", Ground: "《传染病防治法》第三十三条",
		ExpiresAt: w.Store.Now() + 30*24*3600*1000,
	}, 1, false)
	w.must(err)
	return &s
}

// scan records a passage and gives it.
func (w *town) scan(who string, site string, way checkpoint.Direction, temperature checkpoint.Celsius, first string) (id string) {
	w.t.Helper()
	device, _ := w.Store.Registry().Device(site + "-d1")
	w.scans++
	id = fmt.Sprintf("scan-%06d", w.scans)
	_, err := w.Store.Scan(w.t.Context(), checkpoint.ScanRequest{
		ID: id, Device: device.Num, OccurredAt: w.Store.Now(), Direction: way, Who: checkpoint.ByResident, Person: w.People[who], Presented: who,
		Temperature: temperature, Method: checkpoint.Forehead, RemeasureOf: first,
	})
	w.must(err)
	w.Clock.Advance(time.Second)
	return id
}

func (w *town) annul(who, site, scan string, at int64) {
	w.t.Helper()
	device, _ := w.Store.Registry().Device(site + "-d1")
	_, err := w.Store.Annul(w.t.Context(), checkpoint.AnnulRequest{
		ID: "annul-" + scan, Device: device.Num, Scan: scan, OccurredAt: at, At: w.Store.Now(), Person: w.People[who],
	})
	w.must(err)
}

func (w *town) decide(who string, status checkpoint.Status) {
	w.t.Helper()
	change := checkpoint.StatusChange{Status: status, Ground: "close_contact", By: 1, Office: "XS", Evidence: "同乘"}
	if status.Confines() {
		change.Until = w.Store.Now() + 24*3600*1000
	}
	_, err := w.Store.ChangeStatus(w.t.Context(), w.People[who], change)
	w.must(err)
	w.Clock.Advance(time.Second)
}

// city is the platform of the city: it reads pages, keeps each event once by its ID,
// and its cursor only sometimes.
type city struct {
	*town
	sub    *Subscriber
	limit  int
	cursor string
	events map[string]Event
	order  map[string][]string // of each person, IDs in the order in which they first came
	pages  int
}

func (w *town) city(sub *Subscriber, limit int) *city {
	return &city{town: w, sub: sub, limit: limit, events: map[string]Event{}, order: map[string][]string{}}
}

// read reads one page; false at the end.
func (c *city) read() bool {
	c.t.Helper()
	page, err := c.feed.Read(c.t.Context(), c.sub, c.cursor, c.limit)
	c.must(err)
	if len(page.Events) > c.limit || page.Next == "" {
		c.t.Fatalf("a page of %d events, next %q", len(page.Events), page.Next)
	}
	for _, e := range page.Events {
		old, there := c.events[e.ID]
		if there && (old.Subject != e.Subject || old.Type != e.Type || old.Time != e.Time) {
			c.t.Fatalf("one ID for two events:\n%+v\n%+v", old, e)
		}
		if !there {
			c.events[e.ID], c.order[e.Subject] = e, append(c.order[e.Subject], e.ID)
		}
	}
	c.cursor, c.pages = page.Next, c.pages+1
	return page.More
}

func (c *city) readAll() {
	c.t.Helper()
	for c.read() {
		if c.pages > 10_000 {
			c.t.Fatal("there is no end")
		}
	}
}

// TestTheCityHasEachEventOnceAndInOrder: whatever the city's platform does, after
// deduplication by ID it has what happened, of each person in the order in which it did.
func TestTheCityHasEachEventOnceAndInOrder(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	sub := w.subscribe("jinan", "XS")
	slow, twice, away := w.city(sub, MinLimit), w.city(sub, 40), w.city(sub, 300)
	want := map[string][]string{} // of each person, what happened
	did := func(who, what string) { want[who] = append(want[who], what) }
	random := rand.New(rand.NewPCG(1, 2))
	away.readAll()
	hour := func() {
		for range 60 {
			who := []string{"wang", "zhang", "li", "zhao"}[random.IntN(4)]
			switch random.IntN(6) {
			case 0:
				status := []checkpoint.Status{checkpoint.StatusGreen, checkpoint.StatusObservation}[random.IntN(2)]
				now, err := w.Store.Resident(t.Context(), w.People[who])
				w.must(err)
				if now.Status == status {
					continue // nothing is decided
				}
				w.decide(who, status)
				did(who, string(TypeStatus)+" "+status.String())
			case 1:
				at := w.Store.Now()
				id := w.scan(who, "ML", checkpoint.In, 36_5, "")
				did(who, string(TypeScan)+" in")
				w.annul(who, "ML", id, at)
				did(who, string(TypeAnnulled)+" ")
			default:
				w.scan(who, "ML", checkpoint.Out, 36_5, "")
				did(who, string(TypeScan)+" out")
			}
			if random.IntN(3) == 0 {
				slow.read()
			}
			if random.IntN(5) == 0 { // reads, loses its cursor, reads again
				before := twice.cursor
				twice.readAll()
				twice.cursor = before
				twice.read()
			}
		}
		w.Clock.Advance(time.Hour)
	}
	hour()
	first := w.scan("li", "ML", checkpoint.In, 38_0, "")
	did("li", string(TypeScan)+" in")
	w.Clock.Advance(5 * time.Minute)
	w.scan("li", "ML", checkpoint.In, 38_2, first)
	did("li", string(TypeScan)+" in")
	did("li", string(TypeFeverOpened)+" ")
	open, _, err := w.Store.Fevers(t.Context(), checkpoint.FeverQuery{})
	w.must(err)
	if len(open) != 1 {
		t.Fatalf("%d open fevers", len(open))
	}
	_, err = w.Store.CloseFever(t.Context(), open[0].ID, checkpoint.FeverScreenedNegative, "medic", "")
	w.must(err)
	did("li", string(TypeFeverClosed)+" screened_negative")
	hour() // the city was away for all that
	for _, c := range []*city{slow, twice, away} {
		c.readAll()
		c.cursor = CursorStart
		c.readAll()
		c.is(want)
	}
	if page, err := w.feed.Read(t.Context(), sub, away.cursor, 100); err != nil || len(page.Events) != 0 || page.More {
		t.Errorf("behind the end: %+v, %v", page, err)
	}
	now := w.city(sub, 100)
	now.cursor = CursorNow
	now.readAll()
	w.scan("wang", "ML", checkpoint.Out, 36_5, "")
	now.readAll()
	if len(now.events) != 1 {
		t.Errorf("from now on there was 1 event, not %d", len(now.events))
	}
	w.loseMaster(away, want)
}

// loseMaster: the last entry goes with a master. The new one, whose clock is behind,
// has written another one by then, before where the city is, and the lost one comes
// again. Nothing is missed, and nothing is another event.
func (w *town) loseMaster(c *city, want map[string][]string) {
	w.t.Helper()
	time.Sleep(3 * time.Millisecond) // another ms for the last entry
	w.scan("wang", "ML", checkpoint.In, 36_5, "")
	c.readAll()
	want["wang"] = append(want["wang"], string(TypeScan)+" out", string(TypeScan)+" in")
	c.is(want)
	w.scan("wang", "ML", checkpoint.Out, 36_5, "")
	want["wang"] = append(want["wang"], string(TypeScan)+" out")
	log := w.Prefix + "{" + tagOf(w, "wang") + "}:log"
	all, err := w.Redis.XRange(w.t.Context(), log, "-", "+").Result()
	w.must(err)
	n := len(all)
	w.must(w.Redis.Del(w.t.Context(), log).Err())
	add := func(id string, entry any) {
		w.must(w.Redis.XAdd(w.t.Context(), &redis.XAddArgs{Stream: log, ID: id, Values: []any{"e", entry}}).Err())
	}
	for _, m := range all[:n-2] {
		add(m.ID, m.Values["e"])
	}
	ms, seq, _ := strings.Cut(all[n-3].ID, "-")
	number, _ := strconv.Atoi(seq)
	add(fmt.Sprintf("%s-%d", ms, number+1), all[n-1].Values["e"])
	add("*", all[n-2].Values["e"])
	pages := c.pages
	c.readAll()
	c.is(want)
	c.readAll()
	if c.pages > pages+4 {
		w.t.Errorf("%d pages to go back once", c.pages-pages)
	}
}

// TestNewsComeBehindTheEntryBeforeThem: within one millisecond, too, and on pages that
// end between.
func TestNewsComeBehindTheEntryBeforeThem(t *testing.T) {
	t.Parallel()
	at := func(ms, seq int64) checkpoint.EntryID { return checkpoint.EntryID{Ms: ms, Seq: seq} }
	log := func(ms, seq int64) checkpoint.FeedEntry { return checkpoint.FeedEntry{ID: at(ms, seq)} }
	news := func(ms, seq int64, after checkpoint.EntryID) checkpoint.FeedEntry {
		return checkpoint.FeedEntry{Stream: checkpoint.NewsStream, ID: at(ms, seq), After: after}
	}
	read := checkpoint.FeedRead{Entries: []checkpoint.FeedEntry{
		log(5, 0), log(5, 1), log(9, 0), news(5, 0, at(5, 0)), news(7, 0, at(5, 1)), news(8, 0, at(4, 9)), news(9, 0, at(9, 0)),
	}}
	order := func() (text string) {
		entries, held := inOrder(&read)
		for _, e := range entries {
			text += fmt.Sprintf("%c%v ", "ln"[e.Stream], e.ID)
		}
		return text + fmt.Sprint(held)
	}
	if got := order(); got != "l5-0 n5-0 l5-1 n7-0 n8-0 l9-0 n9-0 false" {
		t.Error(got)
	}
	read.Entries = slices.Delete(read.Entries, 2, 3) // more of the log is to be read
	read.More[0][checkpoint.LogStream] = true
	if got := order(); got != "l5-0 n5-0 l5-1 n7-0 n8-0 true" {
		t.Error(got)
	}
	read.Entries = []checkpoint.FeedEntry{log(5, 0), log(5, 1), news(5, 0, at(5, 0))}
	read.More[0] = [2]bool{checkpoint.NewsStream: true}
	if got := order(); got != "l5-0 n5-0 true" {
		t.Error(got)
	}
}

// tagOf finds the hash tag of a person's partition.
func tagOf(w *town, who string) string {
	keys, err := w.Redis.Keys(w.t.Context(), w.Prefix+"{*}:p:*").Result()
	w.must(err)
	id := w.People[who]
	var raw [8]byte
	for i := range raw {
		raw[i] = byte(id >> (56 - 8*i))
	}
	for _, key := range keys {
		if key[len(key)-8:] == string(raw[:]) {
			return key[len(w.Prefix)+1 : len(key)-len("}:p:")-8]
		}
	}
	w.t.Fatal("no such person")
	return ""
}

// is compares what the city has with what happened.
func (c *city) is(want map[string][]string) {
	c.t.Helper()
	names, err := c.feed.namesFor(c.sub.Name)
	c.must(err)
	total := 0
	for who, events := range want {
		var got []string
		for _, id := range c.order[names.person(c.People[who])] {
			e := c.events[id]
			detail := e.Data.Direction + e.Data.Outcome + e.Data.Status
			got = append(got, string(e.Type)+" "+detail)
		}
		if total += len(events); !slices.Equal(got, events) {
			c.t.Fatalf("%s: the city has\n%q\nwant\n%q", who, got, events)
		}
	}
	if len(c.events) != total {
		c.t.Errorf("the city has %d events, %d happened", len(c.events), total)
	}
}

// TestSubscribersGetWhatTheyAreGranted: their part of the grid, their fields, names of
// people that nobody else knows.
func TestSubscribersGetWhatTheyAreGranted(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	little, whole := w.subscribe("district", "A1"), w.subscribe("health", "XS", append(Fields(), FieldName)...)
	w.scan("wang", "V1", checkpoint.Out, 36_5, "")
	w.scan("zhao", "V2", checkpoint.Out, 36_5, "")
	w.scan("zhao", "ML", checkpoint.In, 36_5, "")
	w.decide("zhao", checkpoint.StatusYellow)
	w.decide("li", checkpoint.StatusYellow)
	a, b := w.city(little, 100), w.city(whole, 100)
	a.readAll()
	b.readAll()
	if len(a.events) != 3 || len(b.events) != 5 {
		t.Fatalf("the district has %d events, the town %d", len(a.events), len(b.events))
	}
	for _, e := range a.events {
		d := e.Data
		e.Data = Data{}
		if (d.Temperature != "" || d.Gate != "" || d.Reason != "" || d.Fever != nil || d.Ground != "" || d.Name != "" || d.IDDocument != "") || d.Site == "V2" {
			t.Errorf("the district is told %+v", d)
		}
		if _, both := b.events[e.ID]; both || b.order[e.Subject] != nil {
			t.Error("two subscribers can compare what they read")
		}
	}
	for _, e := range b.events {
		if e.Data.Name == "" || e.Data.IDDocument == "" || e.Type == TypeScan && (e.Data.Temperature != "36.5" || e.Data.Gate == "") || e.Type == TypeStatus && e.Data.Ground != "close_contact" {
			t.Errorf("the town is told %+v", e)
		}
	}
	w.must(w.Store.Erase(t.Context(), w.People["li"], "enroller"))
	again := w.city(whole, 100)
	again.readAll()
	if len(again.events) != 4 {
		t.Errorf("%d events are left when somebody is erased", len(again.events))
	}
	for field, s := range map[string]Subscriber{
		"name": {Name: "X"}, "node": {Node: "none"}, "types": {Types: []Type{"passgate.pass"}}, "fields": {Fields: []Field{"phone"}},
		"ground": {Fields: []Field{FieldName}}, "expires_at": {ExpiresAt: w.Store.Now() + 367*24*3600*1000}, "key": {Changes: true},
	} {
		good := Subscriber{Name: "other", Title: "他", Node: "XS", Types: []Type{TypeScan}, Purpose: "试", ExpiresAt: w.Store.Now() + 1000}
		merge(&good, &s)
		_, _, err := w.feed.Put(t.Context(), good, 1, false)
		var bad *checkpoint.FieldError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func merge(good, bad *Subscriber) {
	if bad.Name != "" {
		good.Name = bad.Name
	}
	if bad.Node != "" {
		good.Node = bad.Node
	}
	if bad.Types != nil {
		good.Types = bad.Types
	}
	if bad.Fields != nil {
		good.Fields = bad.Fields
	}
	if bad.ExpiresAt != 0 {
		good.ExpiresAt = bad.ExpiresAt
	}
	good.Changes = bad.Changes
}

// TestACursorThatIsTooOldSaysWhereItGoesOn: nothing is left out in silence.
func TestACursorThatIsTooOldSaysWhereItGoesOn(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.Project(t)
	sub := w.subscribe("jinan", "XS")
	c := w.city(sub, 100)
	w.scan("wang", "ML", checkpoint.Out, 36_5, "")
	c.readAll()
	cut := func() {
		part := checkpoint.PartitionOf(w.People["wang"])
		deadline := time.Now().Add(10 * time.Second)
		for {
			batch, err := w.Store.NextInLog(t.Context(), part, "", 0, 100)
			w.must(err)
			if batch.Entries() == 0 {
				return
			}
			time.Sleep(5 * time.Millisecond) // until it is projected, and older than a ms
			_, err = w.Store.CutLog(t.Context(), part, batch.Last, int64(w.scans), 0)
			w.must(err)
			if time.Now().After(deadline) {
				t.Fatal("the log is not cut")
			}
		}
	}
	cut() // of what the city has
	c.readAll()
	w.scan("wang", "ML", checkpoint.Out, 36_5, "")
	c.readAll()
	if len(c.events) != 2 {
		t.Errorf("%d events", len(c.events))
	}
	w.scan("wang", "ML", checkpoint.Out, 36_5, "")
	cut() // of what it has not
	_, err := w.feed.Read(t.Context(), sub, c.cursor, 100)
	var old *ExpiredError
	if !errors.As(err, &old) {
		t.Fatalf("what is gone is left out in silence: %v", err)
	}
	w.scan("wang", "ML", checkpoint.In, 36_5, "")
	c.cursor = old.Resume
	c.readAll()
	if len(c.events) != 3 {
		t.Errorf("%d events behind the gap", len(c.events))
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	var places checkpoint.FeedPlaces
	random := rand.New(rand.NewPCG(3, 4))
	for part := range places {
		places[part] = [2]checkpoint.EntryID{{Ms: 1_795_478_400_000 + random.Int64N(1e9), Seq: random.Int64N(3)}, {}}
	}
	places[7][1] = checkpoint.EntryID{Ms: 5, Seq: 9007199254740990}
	text := formatCursor(&places)
	if back, err := parseCursor(text); err != nil || back != places {
		t.Errorf("%v, %v", back, err)
	}
	if len(text) > 1000 {
		t.Errorf("a cursor of %d characters", len(text))
	}
	for _, bad := range []string{"x", text[:len(text)-4], text + "AAAA", "A" + text[1:], text[:10] + "A" + text[11:]} {
		if _, err := parseCursor(bad); bad != text && err == nil {
			t.Errorf("%.20q… is taken", bad)
		}
	}
}

// TestTokensAreShownOnce: a hash is kept, and a revoked or expired one opens nothing.
func TestTokensAreShownOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := Subscriber{Name: "jinan", Title: "市", Node: "XS", Types: []Type{TypeScan}, Purpose: "试", ExpiresAt: w.Store.Now() + 3_600_000}
	put := func(renew bool) string {
		_, token, err := w.feed.Put(t.Context(), s, 1, renew)
		w.must(err)
		return token
	}
	good := func(token string) bool {
		_, err := w.feed.Authenticate(t.Context(), []byte(token))
		if err != nil && !errors.Is(err, ErrToken) {
			t.Fatal(err)
		}
		return err == nil
	}
	first := put(false)
	if first == "" || put(false) != "" || !good(first) || good(first[:len(first)-1]+"A") && first[len(first)-1] != 'A' || good(TokenPrefix) {
		t.Fatal("a token is not shown once, or not checked")
	}
	second := put(true)
	if good(first) || !good(second) {
		t.Error("a renewed token leaves the old one good")
	}
	if _, err := w.feed.Revoke(t.Context(), "jinan", 1); err != nil || good(second) {
		t.Errorf("a revoked token is good: %v", err)
	}
	third := put(false)
	if third == "" || good(second) || !good(third) {
		t.Error("one that was revoked and made again has its old token")
	}
	w.Clock.Advance(2 * time.Hour)
	if good(third) {
		t.Error("an expired token is good")
	}
	s.ExpiresAt = w.Store.Now() + 3_600_000
	for i := range MaxSubscribers {
		s.Name = fmt.Sprintf("other-%d", i)
		if _, _, err := w.feed.Put(t.Context(), s, 1, false); (err != nil) != (i == MaxSubscribers-1) {
			t.Errorf("subscriber %d: %v", i, err)
		}
	}
}
