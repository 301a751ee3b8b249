package limits

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"passgate/loadtest"
)

// Load is a closed loop: every connection sends its next request as soon as it has
// the answer to the one before. The requests are ready in memory and each is sent
// once, so that the loop itself costs little.
type Load struct {
	URL         string // http://host:port
	Requests    [][]byte
	Connections int
	// Settle is how long the account stays open after the last answer, for what
	// the server does afterwards (its projector).
	Settle time.Duration
}

// Tally is what became of the requests.
type Tally struct {
	Done   int // answered with 200
	Passed int // of these, let pass in the usual way
	Failed int // answered otherwise
	Wall   time.Duration
	First  string // an answer that was otherwise, "" if there is none
}

// answerTimeout bounds one answer.
const answerTimeout = 10 * time.Second

// Drive sends the requests. A connection that breaks ends the loop with an error.
func (l *Load) Drive(ctx context.Context) (Tally, error) {
	addr := strings.TrimPrefix(l.URL, "http://")
	conns := make([]net.Conn, min(l.Connections, len(l.Requests)))
	defer func() {
		for _, c := range conns {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	dialer := net.Dialer{Timeout: answerTimeout}
	for i := range conns {
		var err error
		if conns[i], err = dialer.DialContext(ctx, "tcp", addr); err != nil {
			return Tally{}, fmt.Errorf("limits: %w", err)
		}
	}
	stop := context.AfterFunc(ctx, func() {
		for _, c := range conns {
			_ = c.SetDeadline(time.Now())
		}
	})
	defer stop()

	var next atomic.Int64
	var workers sync.WaitGroup
	tallies, errs := make([]Tally, len(conns)), make([]error, len(conns))
	begun := time.Now()
	for i, c := range conns {
		workers.Go(func() { errs[i] = l.work(c, &next, &tallies[i]) })
	}
	workers.Wait()
	sum := Tally{Wall: time.Since(begun)}
	for _, t := range tallies {
		sum.Done, sum.Passed, sum.Failed = sum.Done+t.Done, sum.Passed+t.Passed, sum.Failed+t.Failed
		sum.First = max(sum.First, t.First)
	}
	if err := context.Cause(ctx); err != nil {
		return sum, err
	}
	return sum, errors.Join(errs...)
}

func (l *Load) work(c net.Conn, next *atomic.Int64, t *Tally) error {
	reader := bufio.NewReader(c)
	var answer fasthttp.Response
	for {
		i := int(next.Add(1)) - 1
		if i >= len(l.Requests) {
			return nil
		}
		if err := c.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
			return fmt.Errorf("limits: %w", err)
		}
		if _, err := c.Write(l.Requests[i]); err != nil {
			return fmt.Errorf("limits: send: %w", err)
		}
		if err := answer.Read(reader); err != nil {
			return fmt.Errorf("limits: answer: %w", err)
		}
		if answer.StatusCode() != fasthttp.StatusOK {
			t.Failed++
			t.First = fmt.Sprintf("%d %.300s", answer.StatusCode(), answer.Body())
			continue
		}
		t.Done++
		if inFull(answer.Body()) {
			t.Passed++
		} else {
			t.First = fmt.Sprintf("%.300s", answer.Body())
		}
	}
}

// inFull tells that a scan was let pass, by all that a scan takes: of a person who
// was found, for the first time, and with Redis.
func inFull(answer []byte) bool {
	for _, part := range [...]string{`"decision":"pass"`, `"person":{`, `"duplicate":false`, `"degraded":false`} {
		if !bytes.Contains(answer, []byte(part)) {
			return false
		}
	}
	return true
}

// Requests renders scans as the devices would send them.
func Requests(url string, scans []*loadtest.Scan, devices []loadtest.Device) [][]byte {
	host := strings.TrimPrefix(url, "http://")
	requests := make([][]byte, len(scans))
	for i, s := range scans {
		b := make([]byte, 0, 256+len(s.Body))
		b = append(b, "POST /v1/scans HTTP/1.1\r\nHost: "...)
		b = append(b, host...)
		b = append(b, "\r\nAuthorization: Bearer "...)
		b = append(b, devices[s.Device].Token...)
		b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		b = strconv.AppendInt(b, int64(len(s.Body)), 10)
		b = append(b, "\r\n\r\n"...)
		requests[i] = append(b, s.Body...)
	}
	return requests
}
