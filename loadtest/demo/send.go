package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// sent is a scan that was answered, and what the answer has to be for ever.
type sent struct {
	scan   *scan
	answer string
}

// exchange is one sending of a scan.
type exchange struct {
	answer    string // as scanAnswer.String puts it, or what went wrong
	duplicate bool
	tries     int
	person    string
}

// exchange sends a body to /v1/scans and reads the answer. The error ends the
// run; a wrong answer does not.
func (r *run) exchange(ctx context.Context, s *scan, body []byte) (exchange, error) {
	q := request{method: http.MethodPost, path: "/v1/scans", token: r.devices[s.device].token, body: body}
	start := time.Now()
	res, tries, err := r.c.persist(ctx, q)
	r.speed.took(time.Since(start))
	r.retries.Add(int64(tries - 1))
	x := exchange{tries: tries}
	switch {
	case ctx.Err() != nil:
		return x, ctx.Err()
	case err != nil:
		x.answer = err.Error()
	case res.status != http.StatusOK:
		x.answer = res.failed(q).Error()
	default:
		var a scanAnswer
		if err := json.Unmarshal(res.body, &a); err != nil {
			x.answer = fmt.Sprintf("unreadable answer %q", cut(string(res.body)))
			break
		}
		x.take(&a)
	}
	return x, nil
}

func (x *exchange) take(a *scanAnswer) {
	x.answer, x.duplicate = a.String(), a.Duplicate
	if a.Person != nil {
		x.person = a.Person.ID
	}
}

// present sends a scan for the first time, with a twin at the same moment if
// twice, and compares what comes back with the prediction.
func (r *run) present(ctx context.Context, s *scan, twice bool) (*sent, error) {
	v := r.oracle.judge(s)
	r.scans.Add(1)
	if s.unreadable != "" {
		r.refusals.Add(1)
	}
	twin := make(chan exchange, 1)
	if twice {
		r.resent.Add(1)
		go func() {
			x, err := r.exchange(ctx, s, s.body)
			if err != nil {
				x.answer = err.Error()
			}
			twin <- x
		}()
	}
	x, err := r.exchange(ctx, s, s.body)
	if err != nil {
		return nil, err
	}
	prior := r.compare(s, v, x)
	if !twice {
		if x.tries == 1 {
			r.ledger.same("answers.first is new", s.name(), "duplicate false", fmt.Sprint("duplicate ", x.duplicate))
		}
		return prior, nil
	}
	y := <-twin
	if x.tries+y.tries == 2 {
		r.ledger.same("answers.one of two at once is new", s.name(),
			prior.answer+" and one duplicate",
			y.answer+map[bool]string{true: " and one duplicate", false: " and two the same kind"}[x.duplicate != y.duplicate])
	}
	return prior, nil
}

// compare holds an answer against the prediction and counts it under its kind.
func (r *run) compare(s *scan, v verdict, x exchange) *sent {
	if s.unreadable == "" {
		// A walk-in's ID is the server's own; from now on it must stay.
		if p := &r.oracle.people[s.person]; p.kind == "walk_in" && p.id == "" {
			p.id = x.person
		}
	}
	want := r.oracle.expected(s, v)
	kind := v.decision + " " + v.reason
	agrees := r.ledger.same("answers."+kind, "scan "+s.name(), want, x.answer)
	r.mu.Lock()
	defer r.mu.Unlock()
	if words := strings.Fields(x.answer); len(words) > 2 {
		r.decisions[words[1]+" "+words[2]]++
	}
	for i, word := range flagWords {
		if agrees && v.flags&(1<<i) != 0 {
			r.flagged[word]++
		}
	}
	return &sent{s, want}
}

// sendAgain repeats a scan: the same answer, marked as a duplicate.
func (r *run) sendAgain(ctx context.Context, p *sent, when string) error {
	r.resent.Add(1)
	x, err := r.exchange(ctx, p.scan, p.scan.body)
	if err != nil {
		return err
	}
	r.ledger.same("answers."+when, "scan "+p.scan.name(), p.answer+" duplicate true",
		fmt.Sprint(x.answer, " duplicate ", x.duplicate))
	return nil
}

// sendOther repeats a scan's identity with the other direction.
func (r *run) sendOther(ctx context.Context, p *sent) error {
	body := bytes.Replace(p.scan.body, []byte(`"direction":"in"`), []byte(`"direction":"x"`), 1)
	body = bytes.Replace(body, []byte(`"direction":"out"`), []byte(`"direction":"in"`), 1)
	body = bytes.Replace(body, []byte(`"direction":"x"`), []byte(`"direction":"out"`), 1)
	return r.refused(ctx, "answers.other content", p.scan, body, http.StatusConflict, "other_content", "")
}

// refused sends what has to be turned down with a problem.
func (r *run) refused(ctx context.Context, check string, s *scan, body []byte, status int, code, field string) error {
	q := request{method: http.MethodPost, path: "/v1/scans", token: r.devices[s.device].token, body: body}
	res, _, err := r.c.persist(ctx, q)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	got := fmt.Sprintf("%d %s", res.status, cut(string(res.body)))
	if p := res.failed(q); p != nil {
		got = fmt.Sprint(p.status, " ", p.Code, " ", p.Field)
	}
	r.ledger.same(check, "scan "+s.name(), fmt.Sprint(status, " ", code, " ", field), got)
	return nil
}

// batchAnswer is what comes back for what a phone hands in.
type batchAnswer struct {
	Results []struct {
		ID     string      `json:"id"`
		Result *scanAnswer `json:"result"`
		Error  *struct {
			Code   string `json:"code"`
			Field  string `json:"field"`
			Detail string `json:"detail"`
		} `json:"error"`
	} `json:"results"`
}

// handIn uploads what a phone collected, some phones twice.
func (r *run) handIn(ctx context.Context, o *outage) error {
	slices.SortStableFunc(o.scans, func(a, b *scan) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.person, b.person), cmp.Compare(a.id, b.id))
	})
	for scans := range slices.Chunk(o.scans, 1000) {
		var want []*sent
		var verdicts []verdict
		for _, s := range scans {
			s.recorded = r.now.UnixMilli()
			verdicts = append(verdicts, r.oracle.judge(s))
		}
		r.batches++
		r.offlineScans += len(scans)
		got, err := r.upload(ctx, o, scans)
		if err != nil {
			return err
		}
		for i, s := range scans {
			r.scans.Add(1)
			if s.unreadable != "" {
				r.refusals.Add(1)
			}
			want = append(want, r.compare(s, verdicts[i], got[i]))
			r.ledger.same("answers.first is new", s.name(), "duplicate false", fmt.Sprint("duplicate ", got[i].duplicate))
		}
		r.ledger.count("batches.answered", len(scans), len(got))
		if !o.twice {
			continue
		}
		if got, err = r.upload(ctx, o, scans); err != nil {
			return err
		}
		for i, s := range scans {
			r.resent.Add(1)
			r.ledger.same("batches.again", "scan "+s.name(), want[i].answer+" duplicate true",
				fmt.Sprint(got[i].answer, " duplicate ", got[i].duplicate))
		}
	}
	return nil
}

// upload sends one batch. The answers are as many as the scans.
func (r *run) upload(ctx context.Context, o *outage, scans []*scan) ([]exchange, error) {
	bodies := make([]json.RawMessage, len(scans))
	for i, s := range scans {
		bodies[i] = s.body
	}
	body, err := json.Marshal(map[string]any{"scans": bodies})
	if err != nil {
		return nil, fmt.Errorf("demo: batch: %w", err)
	}
	var out batchAnswer
	q := request{method: http.MethodPost, path: "/v1/scans/batch", token: r.devices[o.device].token, body: body}
	if err := r.c.into(ctx, q, &out); err != nil {
		return nil, err
	}
	return out.exchanges(scans), nil
}

// exchanges gives the answers in the order of the scans.
func (b *batchAnswer) exchanges(scans []*scan) []exchange {
	answers := make([]exchange, len(scans))
	for i := range scans {
		if i >= len(b.Results) {
			answers[i].answer = "no result"
			continue
		}
		switch res := b.Results[i]; {
		case res.ID != scans[i].id:
			answers[i].answer = "result of " + res.ID
		case res.Result != nil:
			answers[i].take(res.Result)
		default:
			answers[i].answer = fmt.Sprintf("error %+v", res.Error)
		}
	}
	return answers
}
