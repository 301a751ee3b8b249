package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint"
)

// TestSignatures holds the signatures to vectors: that of the reference library of
// Standard Webhooks, and what another implementation of HMAC makes of the robots' rules.
func TestSignatures(t *testing.T) {
	t.Parallel()
	c := Channel{Kind: Webhook, Secret: testSecret}
	h := http.Header{}
	sign(h, c.key(), "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" || h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("webhook: %v", h)
	}
	u, err := url.Parse(dingtalkURL("https://oapi.dingtalk.com/robot/send?access_token=x", "this is secret", time.UnixMilli(1577262236757)))
	must(t, err)
	if q := u.Query(); q.Get("sign") != "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=" || q.Get("timestamp") != "1577262236757" || q.Get("access_token") != "x" {
		t.Errorf("DingTalk: %v", q)
	}
	text, err := json.Marshal(feishuBody("", "", "demo", time.Unix(1599360473, 0)))
	must(t, err)
	if !strings.Contains(string(text), `"timestamp":"1599360473","sign":"l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="`) {
		t.Errorf("Feishu: %s", text)
	}
}

// TestMessagesTellOfNobody walks all kinds of alarms through all kinds of channels:
// nothing that leaves the house has a name, a document, a phone number or the ID of a
// person.
func TestMessagesTellOfNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, kind := range []ChannelKind{Webhook, WeCom, DingTalk, Feishu} {
		d.channel(string(kind), "XS", func(c *Channel) {
			if c.Kind = kind; kind == WeCom {
				c.Secret = ""
			}
		})
	}
	wang := d.People["wang"]
	for _, text := range Kinds() {
		d.due = append(d.due, Alarm{
			Kind: text.Kind, Node: "V1C-1", Key: "11010519491231002X 13800138000", Person: wang, Ref: "fever/" + checkpoint.FormatPersonID(wang), At: 1,
		})
	}
	d.after(0)
	for _, kind := range []ChannelKind{Webhook, WeCom, DingTalk, Feishu} {
		calls := d.in.to(string(kind))
		if len(calls) != 2 { // one for each level
			t.Fatalf("%s got %d messages", kind, len(calls))
		}
		all := ""
		for _, c := range calls {
			all += string(c.body)
			if len(c.body) > 8192 || kind == WeCom && len(c.body) > 4096 {
				t.Errorf("%s: %d bytes", kind, len(c.body))
			}
			if !json.Valid(c.body) {
				t.Errorf("%s: %s", kind, c.body)
			}
		}
		for _, secret := range []string{"王小明", "11010519491231002X", "13800138000", "佟道口村 1-101", "1-101", "8488", checkpoint.FormatPersonID(wang), "s3cret", "whsec", "head-v1c"} {
			if strings.Contains(all, secret) {
				t.Errorf("%s tells %q: %s", kind, secret, all)
			}
		}
		for _, said := range []string{"佟道口村1网格", "两次体温偏高", "https://gates.example.org/"} {
			if !strings.Contains(all, said) {
				t.Errorf("%s does not say %q: %s", kind, said, all)
			}
		}
	}
	hook := d.in.to("webhook")[0]
	if readDigest(t, hook).Type != "alarms.digest" || !strings.HasPrefix(hook.header.Get("Webhook-Signature"), "v1,") {
		t.Errorf("webhook: %v %s", hook.header, hook.body)
	}
}

func TestChannelsAreChecked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	good := Channel{Name: "town", Kind: Webhook, URL: "https://example.org/h", Secret: testSecret, Node: "XS"}
	for field, edit := range map[string]func(*Channel){
		"name": func(c *Channel) { c.Name = "Town Hall" }, "kind": func(c *Channel) { c.Kind = "mail" }, "node": func(c *Channel) { c.Node = "nowhere" },
		"url": func(c *Channel) { c.URL = "http://example.org/h" }, "secret": func(c *Channel) { c.Secret = "whsec_c2hvcnQ=" },
		"kinds": func(c *Channel) { c.Kinds = []Kind{"weather"} }, "level": func(c *Channel) { c.Level = "soon" }, "scope": func(c *Channel) { c.Scope = "all" },
	} {
		c := good
		edit(&c)
		var wrong *checkpoint.FieldError
		if _, err := d.book.PutChannel(t.Context(), c, 1); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, bad := range []string{"ftp://example.org", "https://user:pw@example.org/", "https://example.org/#x", "javascript:alert(1)", "https:///x", "http://10.0.0.1/"} {
		if badURL(bad) == "" {
			t.Errorf("%s is taken", bad)
		}
	}
	_, err := d.book.PutChannel(t.Context(), good, 1)
	must(t, err)
	kept, err := d.book.PutChannel(t.Context(), Channel{Name: "town", Kind: Webhook, Node: "A1"}, 1)
	must(t, err)
	if kept.Secret != testSecret || kept.URL != good.URL || kept.Host() != "example.org" {
		t.Errorf("changed without URL and secret: %+v", kept)
	}
	for i := range maxChannels - 1 {
		m := checkpoint.Matter{ID: channelID(fmt.Sprint(i)), Kind: matterChannel, Node: "XS", State: "on", Body: []byte(fmt.Sprintf(`{"m":"c%d"}`, i))}
		if _, err := d.Store.AddMatter(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	one := good
	one.Name = "one-more"
	if _, err := d.book.PutChannel(t.Context(), one, 1); !errors.Is(err, checkpoint.ErrTooMany) {
		t.Errorf("channel %d: %v", maxChannels+1, err)
	}
	must(t, d.book.DropChannel(t.Context(), "town", 1))
	if err := d.book.DropChannel(t.Context(), "town", 1); !errors.Is(err, checkpoint.ErrNotFound) {
		t.Errorf("dropped twice: %v", err)
	}
	m, err := d.Store.Matter(t.Context(), matterChannel, channelID("town"))
	must(t, err)
	if len(m.Body) != 0 {
		t.Errorf("a dropped channel keeps %s", m.Body)
	}
}

// TestMessagesOutliveTheirReceiver: what cannot be delivered is tried for a day with
// growing waits, under one ID; others get theirs; then it is dead until somebody has it
// sent again.
func TestMessagesOutliveTheirReceiver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	down := true
	d.in.status = func(to string) (int, error) {
		switch {
		case strings.Contains(to, "//down") && down:
			return 0, errors.New("the connection failed")
		case strings.Contains(to, "//gone"):
			return http.StatusGone, nil
		}
		return http.StatusOK, nil
	}
	for _, name := range []string{"down", "well", "gone"} {
		d.channel(name, "XS", nil)
	}
	d.due = []Alarm{{Kind: StockLow, Node: "C1C", Key: "masks", At: 1}}
	d.after(0)
	if len(d.in.to("well")) != 1 || len(d.in.to("down")) != 1 {
		t.Fatalf("%d messages to who is well, %d tries of who is down", len(d.in.to("well")), len(d.in.to("down")))
	}
	gone, err := d.book.Dead(t.Context(), "gone")
	must(t, err)
	if len(gone) != 1 || gone[0].Attempts != 1 || gone[0].Alarms != 1 {
		t.Errorf("to who wants none: %+v", gone)
	}
	_, err = d.book.Ack(t.Context(), idOf(StockLow, "masks"), d.num("leader"), "")
	must(t, err)
	for range 50 {
		d.after(30 * time.Minute)
	}
	calls := d.in.to("down")
	if len(calls) < 20 || len(calls) > 40 || len(d.in.to("well")) != 1 {
		t.Errorf("%d tries in a day, %d messages to who is well", len(calls), len(d.in.to("well")))
	}
	for _, c := range calls {
		if c.header.Get("Webhook-Id") != calls[0].header.Get("Webhook-Id") || string(c.body) != string(calls[0].body) {
			t.Fatalf("another ID or body on a later try: %v %s", c.header, c.body)
		}
	}
	if calls[0].header.Get("Webhook-Timestamp") == calls[1].header.Get("Webhook-Timestamp") {
		t.Error("both tries have one time: a receiver that refuses old ones never gets it")
	}
	given, err := d.book.Dead(t.Context(), "down")
	must(t, err)
	if len(given) != 1 || given[0].Error != "the connection failed" || "msg_"+given[0].ID.String() != calls[0].header.Get("Webhook-Id") {
		t.Fatalf("dead: %+v", given)
	}
	down = false
	if n, err := d.book.Retry(t.Context(), "down", 0, 1); n != 1 || err != nil {
		t.Errorf("%d sent again: %v", n, err)
	}
	d.after(time.Hour)
	if last := d.in.to("down"); len(last) != len(calls)+1 || last[len(last)-1].header.Get("Webhook-Id") != calls[0].header.Get("Webhook-Id") {
		t.Errorf("%d calls after it is up, %d before", len(last), len(calls))
	}
	if _, err := d.book.Retry(t.Context(), "down", given[0].ID, 1); !errors.Is(err, checkpoint.ErrNotFound) {
		t.Errorf("retried when it was delivered: %v", err)
	}
}

// TestRobotsThatRefuseAreAskedAgain: a robot says no with a 200, and is not called
// more than 20 times a minute.
func TestRobotsThatRefuseAreAskedAgain(t *testing.T) {
	t.Parallel()
	robot := Channel{Kind: WeCom}
	for answer, fine := range map[string]bool{`{"errcode":0,"errmsg":"ok"}`: true, `{"code":0}`: true, `{"errcode":45009}`: false, `{"code":19021}`: false, `<html>`: false} {
		if err := robot.accepted(http.StatusOK, []byte(answer)); (err == nil) != fine {
			t.Errorf("%s: %v", answer, err)
		}
	}
	l := &line{}
	calls := 0
	for now := int64(0); now < 3*minute; now += second / 2 {
		if l.admit(now, robot.perMinute()) {
			calls++
		}
	}
	if calls != 60 {
		t.Errorf("%d calls in three minutes", calls)
	}
}

// TestAReceiverThatFailsRests: for every message that waits it is not called again.
func TestAReceiverThatFailsRests(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.in.status = func(string) (int, error) { return http.StatusInternalServerError, nil }
	d.channel("down", "XS", nil)
	d.due = []Alarm{{Kind: StockLow, Node: "C1C", Key: "masks", At: 1}, {Kind: BedsFull, Node: "C1C", Key: "beds", At: 1}}
	_, err := d.book.Test(t.Context(), "down", 1)
	must(t, err)
	for range 5 {
		d.after(2 * time.Second)
	}
	if n := len(d.in.to("down")); n != 1 {
		t.Errorf("called %d times within 10 s", n)
	}
}

// TestTwoOnDutySendOnce: the lease lets one process in; and if both believe to be on
// duty, each alarm is told and each message sent once.
func TestTwoOnDutySendOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.channel("town", "XS", nil)
	for i := range 30 {
		d.due = append(d.due, Alarm{Kind: StockLow, Node: "C1C", Key: fmt.Sprint(i), At: 1})
	}
	slowly := func(ctx context.Context, url string, h http.Header, body []byte) (int, []byte, error) {
		time.Sleep(100 * time.Millisecond) // the others look meanwhile
		return d.in.post(ctx, url, h, body)
	}
	others := []*Duty{d.newDuty(slowly), d.newDuty(slowly), d.newDuty(slowly)}
	for range 3 {
		var all sync.WaitGroup
		for _, o := range others {
			all.Go(func() { o.Round(t.Context()) })
		}
		all.Wait()
		d.Clock.Advance(10 * time.Minute)
	}
	seen := map[string]int{}
	for _, c := range d.in.to("town") {
		seen[c.header.Get("Webhook-Id")]++
		for _, k := range readDigest(t, c).Data.Kinds {
			for _, id := range k.Alarms {
				seen[id]++
			}
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if len(seen) < 31 {
		t.Errorf("%d alarms and messages", len(seen))
	}
	for _, a := range d.due {
		if e := d.entry(a.Kind, a.Key); e.Calls != 1 || len(e.Steps) != 2 {
			t.Errorf("told %d times: %+v", e.Calls, e.Steps)
		}
	}
	test, err := d.book.Test(t.Context(), "town", 1)
	must(t, err)
	if _, err := d.book.claim(t.Context(), test); err != nil {
		t.Errorf("the first one: %v", err)
	}
	if _, err := d.book.claim(t.Context(), test); !errors.Is(err, errNothing) {
		t.Errorf("a message is claimed twice: %v", err)
	}

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	rounds := make(chan int, 1000)
	for i := range 2 {
		duty := NewDuty(d.book, DutyConfig{Post: d.in.post, Observe: func(Progress) { rounds <- i }})
		running.Go(func() { duty.Run(ctx) })
	}
	first := <-rounds
	stop()
	running.Wait()
	close(rounds)
	for who := range rounds {
		if who != first {
			t.Error("both were on duty")
		}
	}
	if fence, _, err := d.Store.LeaseDuty(t.Context(), "alarms", "next", time.Second, 0, ""); fence == 0 || err != nil {
		t.Errorf("whoever comes next waits: %d, %v", fence, err)
	}
}

// TestAFullDigestLosesNothing: what does not fit into one message is in the next one,
// also if a round was cut off after it had told part of them.
func TestAFullDigestLosesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.channel("town", "XS", nil)
	c, err := d.book.Channel(t.Context(), "town")
	must(t, err)
	items := make([]item, maxItems+50)
	for i := range items {
		items[i].entry = Entry{Alarm: Alarm{Kind: FeverCase, Node: "V1C"}, ID: idOf(FeverCase, fmt.Sprint(i))}
	}
	must(t, d.book.tell(t.Context(), &c, Urgent, items[maxItems-100:maxItems])) // then the process died
	d.duty.Round(t.Context())
	must(t, d.book.tell(t.Context(), &c, Urgent, items))
	for range 3 {
		d.after(time.Minute)
	}
	got := map[string]int{}
	for _, call := range d.in.to("town") {
		for _, k := range readDigest(t, call).Data.Kinds {
			for _, id := range k.Alarms {
				got[id]++
			}
		}
	}
	if len(got) != len(items) || len(d.in.to("town")) > 3 {
		t.Errorf("%d of %d alarms in %d messages", len(got), len(items), len(d.in.to("town")))
	}
	for id, n := range got {
		if n != 1 {
			t.Errorf("%s is in %d messages", id, n)
		}
	}
}

// TestStorm: 500 fevers within a minute reach each group as a few messages that can
// be read, and not one of them is missing.
func TestStorm(t *testing.T) {
	t.Parallel()
	fevers := 60
	if os.Getenv("PASSGATE_LONG") != "" {
		fevers = 500
	}
	d := newDesk(t)
	d.Project(t)
	d.channel("program", "XS", nil)
	d.channel("group", "XS", func(c *Channel) { c.Kind, c.Secret, c.Level = WeCom, "", Urgent })
	d.channel("village", "V1C", func(c *Channel) { c.Kind, c.Level = Feishu, Urgent })
	sites := []string{"V1", "C1", "V2", "ML", "PH", "EN"}
	rows := make([]checkpoint.NewResident, fevers)
	for i := range rows {
		rows[i] = checkpoint.NewResident{Name: "某某", IDNumber: fmt.Sprintf("P9%06d", i), Site: "C1", Door: fmt.Sprintf("9-%d", i)}
	}
	people, err := d.Store.Enrol(t.Context(), rows)
	must(t, err)
	read := func(i int, temperature checkpoint.Celsius, part string) checkpoint.ScanResult {
		dev, _ := d.Store.Registry().Device(sites[i%len(sites)] + "-d1")
		got, err := d.Store.Scan(t.Context(), checkpoint.ScanRequest{
			ID: fmt.Sprintf("scan-%d-%s", i, part), Device: dev.Num, OccurredAt: d.Store.Now(), Direction: checkpoint.In,
			Who: checkpoint.ByResident, Person: people[i].ID, Temperature: temperature, Method: checkpoint.Forehead,
		})
		must(t, err)
		return got
	}
	for i := range people {
		must(t, people[i].Err)
		read(i, 38_0, "first")
	}
	d.Clock.Advance(time.Minute)
	const rounds = 15
	for round := range rounds {
		for i := round; i < fevers; i += rounds {
			if read(i, 38_4, "second").Decision != checkpoint.Deny {
				t.Fatal("no fever case")
			}
		}
		d.after(time.Minute / rounds)
	}
	want := map[string]bool{}
	for end := time.Now().Add(20 * time.Second); len(want) < fevers && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		d.after(0)
		all, _, err := d.book.All(t.Context(), Query{Level: Urgent})
		must(t, err)
		for i := range all {
			want[all[i].ID.String()] = true
		}
	}
	for range 9 { // until the first one would be told the next head above
		d.after(55 * time.Second)
	}
	if len(want) != fevers {
		t.Fatalf("%d alarms of %d fevers", len(want), fevers)
	}
	got := map[string]int{}
	for _, c := range d.in.to("program") {
		for _, k := range readDigest(t, c).Data.Kinds {
			for _, id := range k.Alarms {
				got[id]++
			}
		}
	}
	for id := range want {
		if got[id] != 1 {
			t.Errorf("%s is in %d digests", id, got[id])
		}
	}
	for _, who := range []string{"program", "group", "village"} {
		if n := len(d.in.to(who)); n < 1 || n > 5 {
			t.Errorf("%s got %d messages", who, n)
		}
	}
	longest := slices.MaxFunc(d.in.to("group"), func(a, b request) int { return len(a.body) - len(b.body) })
	t.Logf("the longest of %d to the group: %s", len(d.in.to("group")), longest.body)
}
