package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inbox is a receiver of messages.
type inbox struct {
	mu     sync.Mutex
	calls  []request
	status func(url string) (int, error) // what it answers; nil: 200
}

func (in *inbox) post(_ context.Context, url string, h http.Header, body []byte) (int, []byte, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.calls = append(in.calls, request{url, h, body})
	if in.status != nil {
		status, err := in.status(url)
		return status, []byte(`{"errcode":0}`), err
	}
	return http.StatusOK, []byte(`{"errcode":0}`), nil
}

func (in *inbox) to(host string) (calls []request) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, c := range in.calls {
		if strings.Contains(c.url, "//"+host) {
			calls = append(calls, c)
		}
	}
	return calls
}

// desk is a town with a book and somebody on duty.
type desk struct {
	*storetest.W
	t    testing.TB
	book *Book
	duty *Duty
	in   *inbox
	due  []Alarm // what the source of the test lists
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{W: storetest.New(t), t: t, in: &inbox{}}
	d.book = NewBook(d.Store, nil)
	d.duty = d.newDuty(d.in.post)
	return d
}

func (d *desk) newDuty(post Post) *Duty {
	return NewDuty(d.book, DutyConfig{
		Post: post, Link: "https://gates.example.org/",
		Sources: []Source{
			{Name: "broken", Due: func(context.Context) ([]Alarm, error) { return nil, errors.New("broken") }},
			{Name: "worse", Due: func(context.Context) ([]Alarm, error) { panic("worse") }},
			{Name: "test", Due: func(context.Context) ([]Alarm, error) { return slices.Clone(d.due), nil }},
		},
	})
}

const testSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// channel adds one that is named like its host.
func (d *desk) channel(name, node string, edit func(*Channel)) {
	d.t.Helper()
	c := Channel{Name: name, Kind: Webhook, URL: "https://" + name + ".example.org/hook?key=s3cret", Secret: testSecret, Node: node}
	if edit != nil {
		edit(&c)
	}
	_, err := d.book.PutChannel(d.t.Context(), c, 1)
	must(d.t, err)
}

// after moves the clock and does a round.
func (d *desk) after(wait time.Duration) {
	d.t.Helper()
	d.Clock.Advance(wait)
	d.duty.Round(d.t.Context())
}

func (d *desk) entry(kind Kind, key string) Entry {
	d.t.Helper()
	e, err := d.book.Entry(d.t.Context(), idOf(kind, key))
	must(d.t, err)
	return e
}

func (d *desk) num(login string) uint32 {
	d.t.Helper()
	who, ok := d.Store.Registry().Staff(login)
	if !ok {
		d.t.Fatalf("no account %s", login)
	}
	return who.Num
}

// digest reads a webhook's message.
type digest struct {
	Type string `json:"type"`
	Data struct {
		Level Level
		Count int
		Kinds []kindCount
	} `json:"data"`
}

func readDigest(t testing.TB, r request) (d digest) {
	t.Helper()
	must(t, json.Unmarshal(r.body, &d))
	return d
}

func TestAnAlarmIsOneUntilItIsClosed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	low := Alarm{Kind: StockLow, Node: "V1C", Key: "masks", Ref: "supply/1", At: d.Store.Now()}
	d.due = []Alarm{low}
	d.after(0)
	first := d.entry(StockLow, "masks")
	if first.State != Open || first.Node != "V1C" || first.Told != "V1C" || first.Owner != d.num("head-v1c") || first.Calls != 1 {
		t.Errorf("raised %+v", first)
	}
	d.after(time.Minute)
	if e := d.entry(StockLow, "masks"); e.OpenedAt != first.OpenedAt || e.Count != 1 || e.Generation != 0 {
		t.Errorf("its source lists it again: %+v", e)
	}

	t.Log("its cause goes, and comes back: another generation, told anew")
	d.due = nil
	d.after(time.Minute)
	if e := d.entry(StockLow, "masks"); e.State != Closed || e.ClosedAt != d.Store.Now() || e.DueAt != 0 {
		t.Errorf("the cause is gone: %+v", e)
	}
	d.due = []Alarm{low}
	d.after(time.Minute)
	if e := d.entry(StockLow, "masks"); e.State != Open || e.Generation != 1 || e.OpenedAt != d.Store.Now() || e.Calls != 1 {
		t.Errorf("the cause is back: %+v", e)
	}

	t.Log("by hand: acknowledged once, closed once, quiet for a day while the cause goes on")
	id, leader := first.ID, d.num("leader")
	acked, err := d.book.Ack(t.Context(), id, d.num("head-a1"), "在查")
	must(t, err)
	again, err := d.book.Ack(t.Context(), id, leader, "")
	must(t, err)
	if acked.State != Acked || again.Owner != d.num("head-a1") || again.DueAt != 0 {
		t.Errorf("acknowledged %+v, then %+v", acked, again)
	}
	var field *checkpoint.FieldError
	if _, err := d.book.Close(t.Context(), id, leader, ""); !errors.As(err, &field) {
		t.Errorf("closed without a word: %v", err)
	}
	closed, err := d.book.Close(t.Context(), id, leader, "已补货")
	must(t, err)
	if last := closed.Steps[len(closed.Steps)-1]; closed.State != Closed || last.Note != "已补货" || last.By != leader {
		t.Errorf("closed %+v", closed)
	}
	if _, err := d.book.Close(t.Context(), id, leader, "已补货"); !errors.Is(err, ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := d.book.Ack(t.Context(), id, leader, ""); !errors.Is(err, ErrClosed) {
		t.Errorf("acknowledged when closed: %v", err)
	}
	d.after(time.Hour)
	if e := d.entry(StockLow, "masks"); e.State != Closed {
		t.Errorf("raised an hour after it was closed by hand: %+v", e)
	}
	d.after(24 * time.Hour)
	if e := d.entry(StockLow, "masks"); e.State != Open || e.Generation != 2 {
		t.Errorf("the cause goes on a day later: %+v", e)
	}

	t.Log("one that no source lists stays, and counts")
	call := Alarm{Kind: PurchaseReported, Node: "nowhere", Key: "p1", At: 1}
	for _, at := range []int64{1, 1, 2} {
		call.At = at
		must(t, d.book.Raise(t.Context(), call))
	}
	d.after(time.Minute)
	if e := d.entry(PurchaseReported, "p1"); e.State != Open || e.Count != 2 || e.Node != "XS" {
		t.Errorf("raised directly: %+v", e)
	}
}

func TestAlarmsThatNobodyAcknowledgesClimbTheGrid(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.channel("all", "XS", nil)
	d.channel("village", "V1C", func(c *Channel) { c.Scope = ScopeNode })
	d.channel("a2", "A2", nil)
	d.channel("later", "XS", func(c *Channel) { c.Level = Today })
	d.due = []Alarm{{Kind: BedsFull, Node: "V1C-1", Key: "beds", At: 1}}
	d.after(0)
	sizes := func() [4]int {
		return [4]int{len(d.in.to("all")), len(d.in.to("village")), len(d.in.to("a2")), len(d.in.to("later"))}
	}
	if e := d.entry(BedsFull, "beds"); e.Told != "V1C-1" || e.Owner != d.num("head-v1c-1") || sizes() != [4]int{1, 0, 0, 0} {
		t.Errorf("first told %+v, sent %v", e, sizes())
	}
	d.after(9 * time.Minute)
	if e := d.entry(BedsFull, "beds"); e.Told != "V1C-1" {
		t.Errorf("after 9 minutes %s is told", e.Told)
	}
	for _, step := range []struct{ told, head string }{{"V1C", "head-v1c"}, {"A1", "head-a1"}, {"XS", "leader"}} {
		d.after(10*time.Minute + time.Second)
		if e := d.entry(BedsFull, "beds"); e.Told != step.told || e.Owner != d.num(step.head) {
			t.Errorf("told %s (%d), want %+v", e.Told, e.Owner, step)
		}
	}
	d.after(time.Minute) // what was gathered
	if got := sizes(); got != [4]int{4, 1, 0, 0} {
		t.Errorf("sent %v", got)
	}
	last := readDigest(t, d.in.to("all")[3])
	if k := last.Data.Kinds; len(k) != 1 || k[0].Again != 1 || k[0].Count != 1 {
		t.Errorf("the last digest is %+v", last)
	}

	t.Log("at the top, the head is reminded every half hour")
	before := d.entry(BedsFull, "beds").Calls
	for range 24 {
		d.after(5 * time.Minute)
	}
	if calls := d.entry(BedsFull, "beds").Calls - before; calls < 3 || calls > 5 {
		t.Errorf("reminded %d times in two hours", calls)
	}
	_, err := d.book.Ack(t.Context(), idOf(BedsFull, "beds"), d.num("leader"), "")
	must(t, err)
	before = d.entry(BedsFull, "beds").Calls
	d.after(3 * time.Hour)
	if calls := d.entry(BedsFull, "beds").Calls; calls != before {
		t.Errorf("told %d times after it was acknowledged", calls-before)
	}

	t.Log("a report about the village's head goes past them, and past their group")
	d.channel("group", "V1C", nil)
	d.due = append(d.due, Alarm{Kind: PurchaseOverdue, Node: "V1C", Key: "tip", At: 1, Hidden: []uint32{d.num("head-v1c")}})
	d.after(time.Hour)
	if e := d.entry(PurchaseOverdue, "tip"); e.Told != "A1" || e.ShownTo(d.num("head-v1c")) || !e.ShownTo(d.num("head-a1")) {
		t.Errorf("told %+v", e)
	}
	if n := len(d.in.to("group")); n != 0 {
		t.Errorf("their group got %d messages", n)
	}
	page, _, err := d.book.List(t.Context(), Query{Node: "V1C", Viewer: d.num("head-v1c")})
	must(t, err)
	if len(page) != 1 || page[0].Kind != BedsFull {
		t.Errorf("they see %+v", page)
	}
}

// TestANodeThatIsFullSilencesNobodyElse: a broken phone can fill its own node with
// alarms that somebody has to close.
func TestANodeThatIsFullSilencesNobodyElse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Project(t)
	d.after(0)
	fill := redis.NewScript(`for i = 1, 20000 do redis.call('ZADD', KEYS[1], i, ('%08d'):format(i)) end return 1`)
	must(t, fill.Run(t.Context(), d.Redis, []string{d.Prefix + "{off}:" + string(checkpoint.OpenOnly) + ":alarm:V2C-1"}).Err())
	for i, site := range []string{"V2", "V1"} {
		dev, _ := d.Store.Registry().Device(site + "-d1")
		_, err := d.Store.Scan(t.Context(), checkpoint.ScanRequest{
			ID: "scan-at-" + site, Device: dev.Num, OccurredAt: d.Store.Now() + int64(i), Direction: checkpoint.In,
			Who: checkpoint.ByResident, Person: d.People["zhao"], Override: checkpoint.OverrideMedical,
		})
		must(t, err)
	}
	raised := func() int {
		page, _, err := d.book.All(t.Context(), Query{Node: "V1C"})
		must(t, err)
		return len(page)
	}
	for end := time.Now().Add(20 * time.Second); raised() == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		d.after(time.Second)
	}
	if n := raised(); n != 1 {
		t.Errorf("%d alarms of the event elsewhere, want 1", n)
	}
}

// TestLateEventsAreRaisedOnce: events reach the lists of alerts in any order, and
// what was raised and closed does not come back when the duty is taken over.
func TestLateEventsAreRaisedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Project(t)
	emergency := func(at time.Duration, late bool) {
		t.Helper()
		dev, _ := d.Store.Registry().Device("V2-d1")
		_, err := d.Store.Scan(t.Context(), checkpoint.ScanRequest{
			ID: "scan-" + at.String() + "-0", Device: dev.Num, OccurredAt: d.Store.Now() + at.Milliseconds(), Direction: checkpoint.In,
			Who: checkpoint.ByResident, Person: d.People["zhao"], Override: checkpoint.OverrideMedical, Late: late,
		})
		must(t, err)
	}
	open := func() (all []Entry) {
		t.Helper()
		all, _, err := d.book.All(t.Context(), Query{Node: "A2"})
		must(t, err)
		return all
	}
	until := func(n int, step time.Duration) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); len(open()) != n && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			d.after(step)
		}
		if got := open(); len(got) != n {
			t.Fatalf("%d alarms, want %d: %+v", len(got), n, got)
		}
	}
	d.after(0)
	emergency(0, false)
	until(1, time.Minute)
	e := open()[0]
	if e.Kind != Override || e.Node != "V2C-1" || e.Told != "XS" || e.Person != d.People["zhao"] {
		t.Errorf("raised %+v", e)
	}
	_, err := d.book.Close(t.Context(), e.ID, d.num("leader"), "已核实")
	must(t, err)
	emergency(-20*time.Hour, true) // of a device that was offline
	until(1, time.Minute)
	if late := open()[0]; late.ID == e.ID {
		t.Errorf("the first one came back: %+v", late)
	}
	taken := d.newDuty(d.in.post)
	taken.Round(t.Context())
	if got := open(); len(got) != 1 {
		t.Errorf("whoever takes over raises %+v", got)
	}
	emergency(-27*24*time.Hour, true) // of a paper log, as late as one may come
	until(2, 31*time.Minute)
	d.Clock.Advance(25 * time.Hour)
	if raised, err := d.book.raise(t.Context(), e.Alarm, raising{source: "events", once: true}); raised || err != nil {
		t.Errorf("an event that was seen to is raised again a day later: %v", err)
	}
}
