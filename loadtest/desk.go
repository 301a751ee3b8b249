package loadtest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// desk asks a server where people were and who passed its gates, as its staff
// has to: a tracer asks, under cases that a medic opens and whose caps a leader
// lifts. The accounts are disabled and the cases closed when it closes.
type desk struct {
	base, admin string
	http        *http.Client
	root        string            // node of the grid that all others lie in
	run         string            // in the logins: an account that there is takes no new password from a session
	tokens      map[string]string // by role

	mu     sync.Mutex
	cases  []string
	people int // asked about so far
}

const (
	why         = "load test: every acknowledged scan is looked up"
	caseHolds   = 5000 // people: the most that a lift gives
	deskTimeout = 2 * time.Minute
	deskTries   = 12
)

var deskRoles = []string{"medic", "leader", "tracer"}

// openDesk makes the accounts, as an administrator.
func openDesk(ctx context.Context, base, admin string) (*desk, error) {
	d := &desk{
		base: base, admin: admin, tokens: map[string]string{}, run: strings.ToLower(rand.Text()[:8]),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * askers, DisableCompression: true}},
	}
	var grid struct {
		Nodes []struct{ ID, Parent string } `json:"nodes"`
	}
	if err := d.call(ctx, http.MethodGet, "/v1/grid", admin, nil, &grid); err != nil {
		return nil, err
	}
	for _, n := range grid.Nodes {
		if n.Parent == "" {
			d.root = n.ID
		}
	}
	for _, role := range deskRoles {
		password := rand.Text()
		if err := d.putAccount(ctx, role, password, false); err != nil {
			return nil, err
		}
		var session struct{ Token string }
		in := map[string]string{"login": d.loginOf(role), "password": password}
		if err := d.call(ctx, http.MethodPost, "/v1/login", "", in, &session); err != nil {
			return nil, err
		}
		d.tokens[role] = session.Token
	}
	_, err := d.caseFor(ctx) // windows are asked for under the first
	return d, err
}

func (d *desk) loginOf(role string) string { return "loadtest-" + role + "-" + d.run }

func (d *desk) putAccount(ctx context.Context, role, password string, disabled bool) error {
	login := d.loginOf(role)
	in := map[string]any{"login": login, "name": "load test", "role": role, "grid": d.root, "disabled": disabled}
	if password != "" {
		in["password"] = password
	}
	return d.call(ctx, http.MethodPut, "/v1/staff/"+login, d.admin, in, nil)
}

// close closes the cases and disables the accounts.
func (d *desk) close(ctx context.Context) error {
	var errs []error
	for _, code := range d.cases {
		errs = append(errs, d.call(ctx, http.MethodPost, "/v1/cases/"+code+"/close", d.tokens["medic"], map[string]string{"outcome": "mistaken"}, nil))
	}
	for _, role := range deskRoles {
		errs = append(errs, d.putAccount(ctx, role, "", true))
	}
	d.http.CloseIdleConnections()
	return errors.Join(errs...)
}

// caseFor is the case under which one more person is asked about.
func (d *desk) caseFor(ctx context.Context) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.people / caseHolds; n < len(d.cases) {
		d.people++
		return d.cases[n], nil
	}
	var made struct{ Code string }
	if err := d.call(ctx, http.MethodPost, "/v1/cases", d.tokens["medic"], map[string]string{"kind": "other", "title": "load test"}, &made); err != nil {
		return "", err
	}
	lift := map[string]any{
		"people": caseHolds, "days": 61, "hops": 1, "reason": why, "until": time.Now().UTC().Add(24 * time.Hour).Format(wireTime),
	}
	path := "/v1/cases/" + made.Code + "/lifts"
	if err := d.call(ctx, http.MethodPost, path, d.tokens["tracer"], lift, nil); err != nil {
		return "", err
	}
	if err := d.call(ctx, http.MethodPost, path+"/0/approve", d.tokens["leader"], struct{}{}, nil); err != nil {
		return "", err
	}
	d.cases = append(d.cases, made.Code)
	d.people++
	return made.Code, nil
}

const wireTime = "2006-01-02T15:04:05.000Z"

// row is an event as the API shows it.
type row struct {
	OccurredAt time.Time `json:"occurred_at"`
	Person     *struct {
		ID string `json:"id"`
	} `json:"person"`
	Direction string `json:"direction"`
	Decision  string `json:"decision"`
	Reason    string `json:"reason"`
	Device    string `json:"device"`
	Annulment bool   `json:"annulment"`
}

func windowQuery(from, until int64) string {
	return "?" + url.Values{
		"from": {time.UnixMilli(from).UTC().Format(wireTime)}, "to": {time.UnixMilli(until).UTC().Format(wireTime)},
	}.Encode()
}

// gateWindow hands every event of a gate to do, or, of what is "refusals", those
// that name nobody.
func (d *desk) gateWindow(ctx context.Context, gate, what string, from, until int64, do func(*row) error) error {
	d.mu.Lock()
	kase := d.cases[0]
	d.mu.Unlock()
	path := "/v1/gates/" + url.PathEscape(gate) + "/" + what + windowQuery(from, until)
	res, err := d.ask(ctx, http.MethodGet, path, d.tokens["tracer"], kase, "application/x-ndjson", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end, or given up
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("loadtest: audit: %s of gate %s: %w", what, gate, err)
		}
		if err := do(&r); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("loadtest: audit: %s of gate %s: %w", what, gate, err)
	}
	return nil
}

// trail gives the events of a person.
func (d *desk) trail(ctx context.Context, person uint64, kase string, from, until int64) ([]row, error) {
	path := "/v1/residents/" + formatPerson(person) + "/trajectory" + windowQuery(from, until)
	res, err := d.ask(ctx, http.MethodGet, path, d.tokens["tracer"], kase, "application/json", nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var out struct {
		Events []row `json:"events"`
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return nil, fmt.Errorf("loadtest: audit: trail of %s: %w", formatPerson(person), err)
	}
	return out.Events, nil
}

// formatPerson writes what ParsePerson reads.
func formatPerson(id uint64) string { return fmt.Sprintf("%016x", id) }

// call sends in as JSON, if it is not nil, and reads the answer into out.
func (d *desk) call(ctx context.Context, method, path, token string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("loadtest: audit: %w", err)
		}
	}
	res, err := d.ask(ctx, method, path, token, "", "application/json", body)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("loadtest: audit: %s %s: %w", method, path, err)
	}
	return nil
}

// ask sends a request, again while the server is away or busy: it sheds reads
// first, and may still be recovering.
func (d *desk) ask(ctx context.Context, method, path, token, kase, accept string, body []byte) (*http.Response, error) {
	for try := 1; ; try++ {
		res, pause, err := d.once(ctx, method, path, token, kase, accept, body)
		if err == nil || pause == 0 || try == deskTries {
			return res, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
	}
}

// once sends a request. If it may be sent again, pause is when.
func (d *desk) once(ctx context.Context, method, path, token, kase, accept string, body []byte) (_ *http.Response, pause time.Duration, _ error) {
	ctx, cancel := context.WithTimeout(ctx, deskTimeout)
	req, err := http.NewRequestWithContext(ctx, method, d.base+path, bytes.NewReader(body))
	if err != nil {
		cancel()
		return nil, 0, fmt.Errorf("loadtest: audit: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if kase != "" {
		req.Header.Set("Trace-Case", kase)
		req.Header.Set("Trace-Reason", url.PathEscape(why))
	}
	res, err := d.http.Do(req)
	if err != nil {
		cancel()
		return nil, 500 * time.Millisecond, fmt.Errorf("loadtest: audit: %w", err)
	}
	if res.StatusCode/100 == 2 {
		res.Body = &bodyWithEnd{res.Body, cancel}
		return res, 0, nil
	}
	defer cancel()
	defer res.Body.Close()                                          //nolint:errcheck // given up
	answer, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer)) // a problem
	if res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		pause = time.Duration(min(max(seconds, 1), 10)) * time.Second
	}
	return nil, pause, errors.Join(fmt.Errorf("loadtest: audit: %s %s: status %d %s", method, path, res.StatusCode, answer), err)
}

// bodyWithEnd ends its request's time limit when it is closed.
type bodyWithEnd struct {
	io.ReadCloser
	end context.CancelFunc
}

// Close closes the body.
func (b *bodyWithEnd) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
