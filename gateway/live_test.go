package gateway

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// liveEvent is one event of a stream.
type liveEvent struct {
	name string
	data struct {
		Gates []struct {
			Gate     string
			Troubles []string
			Today    struct{ In, Out, Denied int }
		}
		Areas   []struct{ Area string }
		Denials []struct{ Gate string }
		Gate    string
		Node    string
	}
}

// watch follows the board as somebody until the test ends; the channel is closed when
// the server ends the stream.
func (w *world) watch(token string) <-chan liveEvent {
	w.t.Helper()
	res, err := w.send(http.MethodGet, "/v1/live", token, nil, "Accept", mimeEventStream)
	w.must(err)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != mimeEventStream {
		w.t.Fatalf("watching: %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	w.t.Cleanup(func() { _ = res.Body.Close() })
	events := make(chan liveEvent, 1000)
	go func() {
		defer close(events)
		lines, e := bufio.NewScanner(res.Body), liveEvent{}
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			name, text, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				e = liveEvent{name: text}
			case "data":
				if json.Unmarshal([]byte(text), &e.data) != nil {
					e.name = "unreadable " + text
				}
				events <- e
			}
		}
	}()
	return events
}

// until reads events up to one that is wanted; ended is true if the stream ended before.
func until(t *testing.T, events <-chan liveEvent, wanted func(*liveEvent) bool) (seen []liveEvent, ended bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return seen, true
			}
			if seen = append(seen, e); wanted(&e) {
				return seen, false
			}
		case <-late:
			t.Fatalf("in 20 s it did not come; there were %d events", len(seen))
		}
	}
}

// placesOf are all gates, areas and nodes that events name.
func placesOf(events []liveEvent) (all []string) {
	for i := range events {
		d := &events[i].data
		for _, g := range d.Gates {
			all = append(all, g.Gate)
		}
		for _, a := range d.Areas {
			all = append(all, a.Area)
		}
		for _, n := range d.Denials {
			all = append(all, n.Gate)
		}
		all = append(all, d.Gate, d.Node)
	}
	slices.Sort(all)
	return slices.Compact(slices.DeleteFunc(all, func(s string) bool { return s == "" }))
}

// TestTheBoardIsCutToTheScopeAndEndsWithTheSession: passages, refusals and alarms of one
// area are never told in the other; who may watch no more is cut off.
func TestTheBoardIsCutToTheScopeAndEndsWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.scan("D1", w.newScan(w.people["wang"])).ok(http.StatusOK)
	town, area := w.watch(w.as("leader")), w.watch(w.as("leader-a2"))
	isSnapshot := func(e *liveEvent) bool { return e.name == "snapshot" }
	before, _ := until(t, town, isSnapshot)
	mine, _ := until(t, area, isSnapshot)
	if got := strings.Join(placesOf(before), " "); got != "A1 A2 G1 G2 M1 M2" {
		t.Errorf("the town's board: %s", got)
	}
	w.scan("D1", w.newScan(w.people["wang"]).with(fields{"direction": "out"})).ok(http.StatusOK)
	w.scan("D1", w.newScan(0).with(fields{"resident": nil, "pass": "PG1:NONSENSE"})).ok(http.StatusOK)
	w.scan("D2", w.newScan(w.people["li"]).with(fields{"direction": "out"})).ok(http.StatusOK)
	w.must(w.server.alarms.Raise(t.Context(), alarm.Alarm{Kind: alarm.BedsFull, Key: "V1C", Node: "V1C"}))
	w.must(w.server.alarms.Raise(t.Context(), alarm.Alarm{Kind: alarm.BedsFull, Key: "V2C", Node: "V2C"}))

	names := map[string]bool{}
	seen, _ := until(t, town, func(e *liveEvent) bool {
		names[e.name+e.data.Node] = true
		return names["denial"] && names["alarmV1C"] && names["alarmV2C"]
	})
	if got := lastCount(seen, "G1"); got != [3]int{1, 1, 1} {
		t.Errorf("G1 let in, let out, refused %v", got)
	}
	more, _ := until(t, area, func(e *liveEvent) bool { return e.name == "alarm" })
	if got := strings.Join(placesOf(append(mine, more...)), " "); got != "A2 G2 V2C" {
		t.Errorf("the board of A2 tells of %s", got)
	}
	if got := lastCount(append(mine, more...), "G2"); got != [3]int{0, 1, 0} {
		t.Errorf("G2 let in, let out, refused %v", got)
	}

	w.change(func(d *checkpoint.Draft) error { // into the other area
		old, _ := d.Staff("leader-a2")
		moved := *old
		moved.Grid = "A1"
		return d.PutStaff(moved)
	})
	cut := time.Now()
	rest, ended := until(t, area, func(*liveEvent) bool { return false })
	if took := time.Since(cut); !ended || took > 5*time.Second || slices.Contains(placesOf(rest), "G1") {
		t.Errorf("cut off after %s: %v, told of %v", took, ended, placesOf(rest))
	}
	w.do(http.MethodPost, "/v1/me/signout", w.as("leader"), fields{})
	if _, ended := until(t, town, func(*liveEvent) bool { return false }); !ended {
		t.Error("who signed out goes on watching")
	}
	w.do(http.MethodGet, "/v1/board/G1", w.as("tracer-a2"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodGet, "/v1/board/G2", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/board/G1", w.as("leader-a2"), nil).ok(http.StatusOK)
}

// lastCount is what the last event about a gate says of today.
func lastCount(events []liveEvent, gate string) (n [3]int) {
	for i := range events {
		for _, g := range events[i].data.Gates {
			if g.Gate == gate {
				n = [3]int{g.Today.In, g.Today.Out, g.Today.Denied}
			}
		}
	}
	return n
}

// TestASlowReaderIsDroppedAndNobodyWaits: whoever does not read is cut off when its queue
// is full, the others hear everything; an account cannot watch without bound.
func TestASlowReaderIsDroppedAndNobodyWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.server.live
	d.running = true // looks are published by hand
	ours, theirs := net.Pipe()
	slow, err := d.join("slow", ours)
	w.must(err)
	quick, err := d.join("quick", ours)
	w.must(err)
	for n := range liveQueue + 1 {
		d.publish(&liveLook{at: int64(n)})
		if got := <-quick.looks; got.at != int64(n) {
			t.Errorf("look %d came as %d", n, got.at)
		}
	}
	if len(d.watchers) != 1 || d.of["slow"] != 0 {
		t.Errorf("%d watch, of the slow one %d", len(d.watchers), d.of["slow"])
	}
	if _, err := theirs.Read(make([]byte, 1)); err == nil {
		t.Error("the slow reader's connection is open")
	}
	d.leave(slow) // again changes nothing
	for range maxWatchersEach - 1 {
		_, err = d.join("quick", ours)
		w.must(err)
	}
	if _, err = d.join("quick", ours); err == nil || explain(err).code != codeTooMany {
		t.Errorf("one more: %v", err)
	}
}

// TestAPhoneOnShiftThatIsGoneIsTrouble: when phones called is known to every gateway; one
// with somebody on shift that calls no more is told of.
func TestAPhoneOnShiftThatIsGoneIsTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(http.MethodPost, "/v1/shifts", w.deviceToken("D1"), w.opening("shift-0001", w.guard("sun", "V1C"))).ok(http.StatusOK)
	d1, _ := w.store.Registry().Device("D1")
	eventually(t, "the call of D1 is on record", func() bool {
		at, err := w.store.DeviceContacts(t.Context())
		w.must(err)
		return at[d1.Num] == w.clock.Now().UnixMilli()
	})
	other := w.another()
	troubles := func() string {
		return string(other.do(http.MethodGet, "/v1/board/G1", w.as("leader"), nil).ok(http.StatusOK).body)
	}
	if got := troubles(); !strings.Contains(got, `"troubles":[]`) || !strings.Contains(got, `"contact_at":"2020-02-11T04:00:00.000Z"`) {
		t.Errorf("while it calls: %s", got)
	}
	w.clock.Advance(4 * time.Minute)
	eventually(t, "D1 is out of reach", func() bool { return strings.Contains(troubles(), `"troubles":["unreachable"]`) })
}
