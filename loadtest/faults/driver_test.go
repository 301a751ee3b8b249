//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// driver presents scans at a fixed rate, whatever comes back, and repeats each
// until it is answered. Past mostPending it waits: without that bound an outage
// would end in more repeats than the machine can carry.
type driver struct {
	ledger
	town  *town
	urls  []string // gateways; who gets no answer from one asks the next
	every time.Duration
	http  *http.Client

	copies    int  // how often each scan is sent at once, 1 if not set
	freshIDs  bool // control: a repeat is another scan to the server
	credulous bool // control: no answer is taken for a yes

	life context.Context //nolint:containedctx // ends with the row: nothing is sent any more
	end  context.CancelFunc
	work sync.WaitGroup

	pending atomic.Int64 // scans that are being sent
}

func newDriver(t *town, s setup) *driver {
	d := &driver{
		town: t, every: s.every, copies: s.copies, freshIDs: s.freshIDs, credulous: s.credulous,
		http: &http.Client{Timeout: answerWithin, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableKeepAlives: s.oneShot}},
	}
	if d.every == 0 {
		d.every = 10 * time.Millisecond
	}
	d.life, d.end = context.WithCancel(context.Background())
	return d
}

// stop ends all sending and waits for it.
func (d *driver) stop() {
	d.end()
	d.work.Wait()
	d.http.CloseIdleConnections()
}

const (
	answerWithin = 3 * time.Second   // a phone waits so long for an answer
	patience     = 100 * time.Second // and repeats a scan for so long
	firstPause   = 50 * time.Millisecond
	longestPause = 500 * time.Millisecond
	mostPending  = 300 // scans without an answer, past which no new ones are presented
)

// run presents scans until ctx ends. Those that have no answer by then go on
// being repeated; work waits for them.
func (d *driver) run(ctx context.Context) {
	d.begun = time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		select { // those that are late follow at once
		case <-ctx.Done():
			return
		case <-time.After(time.Until(d.begun.Add(time.Duration(n) * d.every))):
		}
		if d.pending.Load() >= mostPending { // the guards have their hands full
			continue
		}
		s := d.compose(n, d.begun.Add(time.Duration(n)*d.every).UnixMilli())
		d.add(s)
		d.pending.Add(1)
		var copies sync.WaitGroup
		for c := range max(1, d.copies) {
			copies.Go(func() { d.present(s, n, c) })
		}
		d.work.Go(func() {
			copies.Wait()
			d.pending.Add(-1)
			d.mu.Lock()
			defer d.mu.Unlock()
			s.over = true
		})
	}
}

// compose makes the n-th scan. Who lives in the one village goes in and out
// there and is sent back, once in eight times, at the gate of the other.
func (d *driver) compose(n int, at int64) *sent {
	who := n % len(d.town.people)
	at1 := who % 2
	if n%8 == 7 {
		at1 = 1 - at1
	}
	s := &sent{
		key: key{d.town.people[who].id, at}, id: fmt.Sprintf("drill-%08d", n),
		device: &d.town.devices[at1+2*(n/2%2)],
	}
	s.body = d.body(s, s.id, n)
	return s
}

// body is the scan under an identity.
func (d *driver) body(s *sent, id string, n int) []byte {
	d.mu.Lock()
	s.hashes = append(s.hashes, hashOf(s.device.num, id))
	d.mu.Unlock()
	b := scanBody{
		ID: id, OccurredAt: wireTime(s.at), Direction: [...]string{"in", "out"}[n/len(d.town.people)%2],
		Temperature: 36.5, Method: "wrist",
	}
	if n%3 == 0 {
		b.Resident = s.person
	} else {
		b.Pass = d.town.people[n%len(d.town.people)].pass
	}
	return b.bytes()
}

// present sends the c-th copy of a scan until it is answered, or patience is at
// an end.
func (d *driver) present(s *sent, n, c int) {
	body, pause, end := s.body, firstPause, time.Now().Add(patience)
	for try := 0; ; try++ {
		if d.freshIDs && try+c > 0 {
			body = d.body(s, fmt.Sprintf("%s-%d-%d", s.id, c, try), n)
		}
		answered := d.once(s, d.urls[(n+try)%len(d.urls)], body)
		if answered || time.Now().After(end) || d.life.Err() != nil {
			return
		}
		if d.credulous {
			d.acknowledge(s, ack{Decision: "pass", Reason: "ok"})
			return
		}
		time.Sleep(pause)
		pause = min(2*pause, longestPause)
	}
}

// once sends a scan and tells whether it was answered for good.
func (d *driver) once(s *sent, url string, body []byte) bool {
	req, err := http.NewRequestWithContext(d.life, http.MethodPost, url+"/v1/scans", bytes.NewReader(body))
	if err != nil {
		panic(err) // the URL is our own
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.device.token)
	res, err := d.http.Do(req)
	if err != nil {
		d.noAnswer(err)
		return false
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		d.noAnswer(err)
	case res.StatusCode == http.StatusOK:
		var a ack
		if err := json.Unmarshal(answer, &a); err != nil {
			d.strange(fmt.Sprintf("%s in %s", err, answer))
			return false
		}
		d.acknowledge(s, a)
		return true
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		d.count(func(c *counts) { c.busy++ })
	case res.StatusCode == http.StatusUnprocessableEntity && bytes.Contains(answer, []byte(`"field":"occurred_at"`)):
		d.count(func(c *counts) { c.clock++ })
	default:
		d.strange(fmt.Sprintf("%d %s", res.StatusCode, answer))
		return true
	}
	return false
}

func (d *driver) noAnswer(err error) {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		d.count(func(c *counts) { c.refused++ })
		return
	}
	d.count(func(c *counts) { c.cut++ })
}
