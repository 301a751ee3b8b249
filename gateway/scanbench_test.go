package gateway

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
	"passgate/codes"
)

// BenchmarkScan sends scans of distinct people over connections that are kept, to
// a gateway on a Redis that is as durable as a managed one, and prints the CPU
// time of this process for each: the gateway's, with the 5 to 8 µs that writing and
// reading take the bare client. A few thousand are sent before, which are not counted.
//
//	go test -run xxx -bench Scan$ -benchtime 60000x ./gateway
func BenchmarkScan(b *testing.B) {
	const connections, warmUp = 64, 4_000
	srv, err := redisd.Start(b.Context(), redisd.Options{Dir: b.TempDir(), Persist: true, Restricted: true})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Stop(context.Background()) //nolint:errcheck // the test ends
	w := newWorldOn(b, srv, 30*time.Second)
	passes := w.manyPasses(2_000)
	w.change(func(d *checkpoint.Draft) error {
		for i := range connections {
			if err := d.PutDevice(w.device(fmt.Sprintf("B%d", i), "G1")); err != nil {
				return err
			}
		}
		return nil
	})
	var next atomic.Int64
	send := func(until int64) {
		var all sync.WaitGroup
		for i := range connections {
			all.Go(func() {
				if err := w.sendScans(fmt.Sprintf("B%d", i), passes, &next, until); err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
		next.Store(until)
	}
	send(warmUp)
	before := cpuTime(b)
	b.ResetTimer()
	send(warmUp + int64(b.N))
	b.StopTimer()
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

// manyPasses enrols people and issues each a paper pass, so that the clock can
// stand still.
func (w *world) manyPasses(people int) (passes []string) {
	w.t.Helper()
	rows := make([]checkpoint.NewResident, people)
	for i := range rows {
		rows[i] = checkpoint.NewResident{Name: "王小明", IDNumber: newDocument(), Site: "V1", Door: fmt.Sprintf("%d-%d", i/8+1, i%8+1)}
	}
	var enrolled []checkpoint.EnrolResult
	for len(rows) > 0 {
		some := rows[:min(500, len(rows))]
		rows = rows[len(some):]
		res, err := w.store.Enrol(w.t.Context(), some)
		w.must(err)
		enrolled = append(enrolled, res...)
	}
	signer, err := w.ring.Signer(w.clock.Now())
	w.must(err)
	for _, res := range enrolled {
		w.must(res.Err)
		_, text, err := signer.IssueCompact(codes.Request{Person: res.ID, Kind: codes.KindPaper, Home: "V1", NotBefore: w.clock.Now()})
		w.must(err)
		passes = append(passes, text)
	}
	return passes
}

// sendScans sends scans one after the other over one connection, taking numbers
// from next until it reaches the end.
func (w *world) sendScans(device string, passes []string, next *atomic.Int64, until int64) error {
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var request, body []byte
	for {
		n := next.Add(1) - 1
		if n >= until {
			return nil
		}
		at := utcTime(w.clock.Now().UnixMilli() - n/int64(len(passes)))
		body = fmt.Appendf(body[:0], `{"id":"bench-%010d","occurred_at":"%s","pass":"%s","direction":"in","temperature":36.5,"temperature_method":"forehead"}`,
			n, at, passes[n%int64(len(passes))])
		request = fmt.Appendf(request[:0], "POST /v1/scans HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", w.deviceToken(device), len(body))
		if _, err := conn.Write(append(request, body...)); err != nil {
			return err
		}
		answer, err := readAnswer(in)
		if err != nil {
			return err
		}
		if !bytes.Contains(answer, []byte(`"decision":"pass"`)) {
			return fmt.Errorf("answered %s", answer)
		}
	}
}

// readAnswer reads one answer with a Content-Length and gives its body.
func readAnswer(in *bufio.Reader) ([]byte, error) {
	length := -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte(http.CanonicalHeaderKey("content-length")+": ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, err
			}
		}
	}
	if length < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	body := make([]byte, length)
	_, err := io.ReadFull(in, body)
	return body, err
}

// cpuTime is what this process has used, in user and system mode.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
