package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
	"passgate/checkpoint/redisd/redistest"
	"passgate/codes"
)

// The tests run on a real Redis of their own (see redistest), each under a prefix
// of its own, and ask a real listener.
var (
	testRedis    redis.UniversalOptions
	testPrefixes atomic.Int64
)

func TestMain(m *testing.M) {
	hashMemory = 64 // KiB: what a password costs is seen by one test
	status := redistest.Main(m, func(r redistest.Redis) {
		testRedis = redis.UniversalOptions{Addrs: r.Addrs, MasterName: r.Master}
	})
	if status == 0 {
		if err := checkTownRows(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// testClock only moves when told.
type testClock struct{ ms atomic.Int64 }

func (c *testClock) Now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *testClock) Advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// testStart is a Tuesday noon in Shanghai.
var testStart = time.Date(2020, 2, 11, 4, 0, 0, 0, time.UTC)

const testPassword = "correct horse battery staple"

var testPHC = sync.OnceValues(func() (string, error) { return HashPassword(testPassword) })

// world is a small town behind a running server:
//
//	grid     XS ─ A1 ─ V1C, MLC    XS ─ A2 ─ V2C
//	sites    V1 (village, V1C)  V2 (village, V2C)  ML (mall, MLC)
//	gates    G1 of V1, G2 of V2, M1 and M2 of ML
//	devices  D1 at G1, D2 at G2, E1 at M1, E2 at M2
//	staff    one for each role, named like it, for the whole town;
//	         tracer-a2, leader-a2, enroller-a2 for A2 only
//	people   wang of V1, li of V2
type world struct {
	t      testing.TB
	clock  *testClock
	store  *checkpoint.Store
	prefix string // of the store's keys
	ring   *codes.Ring
	server *Server
	url    string
	http   *http.Client
	redis  redis.UniversalClient
	logs   *lockedBuffer
	people map[string]uint64
	kase   string // an open case of the whole town, under which staff ask
	scans  atomic.Int64
}

// lockedBuffer collects what the server logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldAt(t, testRedis, 10*time.Second) // a loaded machine is no failure here
}

// newWorldOn builds the town on a Redis of the caller's, with the timeout of
// its commands, 0 for the real one.
func newWorldOn(t testing.TB, srv *redisd.Server, timeout time.Duration) *world {
	t.Helper()
	return newWorldAt(t, redis.UniversalOptions{Addrs: []string{srv.Socket()}}, timeout)
}

func newWorldAt(t testing.TB, at redis.UniversalOptions, timeout time.Duration) *world {
	t.Helper()
	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	w := &world{t: t, clock: clock, logs: &lockedBuffer{}, people: map[string]uint64{}}
	o := checkpoint.Tune(&at)
	if timeout > 0 {
		o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.DialTimeout = timeout, timeout, timeout, timeout
	}
	w.redis, w.prefix = checkpoint.Connect(o), fmt.Sprintf("w%d:", testPrefixes.Add(1))
	t.Cleanup(func() { _ = w.redis.Close() })

	var err error
	w.store, err = checkpoint.Open(t.Context(), w.storeConfig(w.redis))
	w.must(err)
	w.ring, err = codes.CreateRing(t.TempDir()+"/keys", clock.Now())
	w.must(err)
	w.found()
	w.serve()
	kase, err := w.store.OpenCase(t.Context(), checkpoint.Case{Kind: checkpoint.CaseOther, Title: "测试", Grid: "XS"}, "medic")
	w.must(err)
	w.kase = kase.Code
	w.people["wang"] = w.enrol("王小明", "V1", "1-101")
	w.people["li"] = w.enrol("李四", "V2", "2-202")
	return w
}

func (w *world) storeConfig(client redis.UniversalClient) checkpoint.Config {
	return checkpoint.Config{
		Client: client, Prefix: w.prefix, Clock: w.clock.Now,
		FieldKey: bytes.Repeat([]byte{1}, 32), IndexKey: bytes.Repeat([]byte{2}, 32),
	}
}

// another is the same town behind a second gateway, which has nothing in common
// with the first but Redis and the key ring.
func (w *world) another() *world {
	w.t.Helper()
	at := testRedis
	o := checkpoint.Tune(&at)
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.DialTimeout = 10*time.Second, 10*time.Second, 10*time.Second, 10*time.Second
	other := &world{
		t: w.t, clock: w.clock, prefix: w.prefix, ring: w.ring, logs: w.logs, people: w.people, kase: w.kase, redis: checkpoint.Connect(o),
	}
	w.t.Cleanup(func() { _ = other.redis.Close() })
	var err error
	other.store, err = checkpoint.Open(w.t.Context(), w.storeConfig(other.redis))
	w.must(err)
	other.serve()
	return other
}

// serve starts a server on loopback until the test ends. add can give it more
// routes.
func (w *world) serve(add ...func(*Server)) {
	w.t.Helper()
	signer, err := checkpoint.NewAuditSigner(bytes.Repeat([]byte{5}, 32), "gw-test")
	w.must(err)
	server, err := New(Config{
		AuditSigner: signer, Store: w.store, Ring: w.ring, SessionKey: bytes.Repeat([]byte{3}, 32), Clock: w.clock.Now,
		Logger: slog.New(slog.NewTextHandler(w.logs, nil)),
	})
	w.must(err)
	w.server = server // a world can start another one
	for _, fn := range add {
		fn(server)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.url = "http://" + ln.Addr().String()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	w.http = &http.Client{Transport: transport, Timeout: 30 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	w.t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			w.t.Errorf("shut down: %v", err)
		}
		if err := <-done; err != nil {
			w.t.Errorf("serve: %v", err)
		}
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// found writes the registry.
func (w *world) found() {
	w.t.Helper()
	phc, err := testPHC()
	w.must(err)
	w.change(func(d *checkpoint.Draft) error {
		return firstError(
			d.PutGridNode(checkpoint.GridNode{ID: "XS", Name: "许商街道", Level: 1}),
			d.PutGridNode(checkpoint.GridNode{ID: "A1", Parent: "XS", Name: "一管区", Level: 2}),
			d.PutGridNode(checkpoint.GridNode{ID: "A2", Parent: "XS", Name: "二管区", Level: 2}),
			d.PutGridNode(checkpoint.GridNode{ID: "V1C", Parent: "A1", Name: "一村", Level: 3}),
			d.PutGridNode(checkpoint.GridNode{ID: "V2C", Parent: "A2", Name: "二村", Level: 3}),
			d.PutGridNode(checkpoint.GridNode{ID: "MLC", Parent: "A1", Name: "商场", Level: 3}),
			d.PutSite(checkpoint.Site{Code: "V1", Name: "一村", Kind: checkpoint.Village, Grid: "V1C"}),
			d.PutSite(checkpoint.Site{Code: "V2", Name: "二村", Kind: checkpoint.Village, Grid: "V2C"}),
			d.PutSite(checkpoint.Site{Code: "ML", Name: "商场", Kind: checkpoint.Mall, Grid: "MLC"}),
			d.PutGate(checkpoint.Gate{Code: "G1", Name: "村口", Site: "V1", Open: true}),
			d.PutGate(checkpoint.Gate{Code: "G2", Name: "村口", Site: "V2", Open: true}),
			d.PutGate(checkpoint.Gate{Code: "M1", Name: "东门", Site: "ML", Open: true}),
			d.PutGate(checkpoint.Gate{Code: "M2", Name: "西门", Site: "ML", Open: true}),
			d.PutDevice(w.device("D1", "G1")), d.PutDevice(w.device("D2", "G2")),
			d.PutDevice(w.device("E1", "M1")), d.PutDevice(w.device("E2", "M2")),
		)
	})
	account := func(login string, role checkpoint.Role, grid string) checkpoint.Staff {
		return checkpoint.Staff{Login: login, Name: "某某", Role: role, Grid: grid, PasswordHash: phc}
	}
	w.change(func(d *checkpoint.Draft) error {
		for _, role := range append([]checkpoint.Role{checkpoint.RoleAdmin}, everyRole()...) {
			if err := d.PutStaff(account(string(role), role, "")); err != nil {
				return err
			}
		}
		return firstError(
			d.PutStaff(account("tracer-a2", checkpoint.RoleTracer, "A2")),
			d.PutStaff(account("leader-a2", checkpoint.RoleLeader, "A2")),
			d.PutStaff(account("enroller-a2", checkpoint.RoleEnroller, "A2")),
		)
	})
}

// everyRole lists all roles but admin.
func everyRole() []checkpoint.Role {
	return []checkpoint.Role{
		checkpoint.RoleLeader, checkpoint.RoleEnroller, checkpoint.RoleGrid, checkpoint.RoleMedic,
		checkpoint.RolePharmacist, checkpoint.RoleInspector, checkpoint.RoleTracer, checkpoint.RoleAuditor,
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) change(fn func(*checkpoint.Draft) error) {
	w.t.Helper()
	w.must(w.store.Change(w.t.Context(), fn))
}

// changeSite edits a site's rules.
func (w *world) changeSite(code string, edit func(*checkpoint.Site)) {
	w.t.Helper()
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Site(code)
		site := *old
		edit(&site)
		return d.PutSite(site)
	})
}

func (w *world) device(code, gate string) checkpoint.Device {
	at := w.clock.Now().Add(-30 * 24 * time.Hour).UnixMilli()
	return checkpoint.Device{
		Code: code, Gate: gate, Lane: "车道-" + code, TokenHash: hashToken([]byte(w.deviceToken(code))),
		EnrolledAt: at, CreatedAt: at,
	}
}

// deviceToken is the token of a device of found, the same in every world.
func (w *world) deviceToken(code string) string { return deviceToken(sha256.Sum256([]byte(code))) }

// revokeDevice takes a device out of use.
func (w *world) revokeDevice(code string) {
	w.t.Helper()
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Device(code)
		dev := *old
		dev.RevokedAt = d.Now()
		return d.PutDevice(dev)
	})
}

// as is a session of a member of staff, without the password's hash.
func (w *world) as(login string) string {
	w.t.Helper()
	staff, ok := w.store.Registry().Staff(login)
	if !ok {
		w.t.Fatalf("no account %s", login)
	}
	token, _, err := w.server.openSession(staff)
	w.must(err)
	return token
}

// login signs in over HTTP.
func (w *world) login(login, password string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/login", "", map[string]any{"login": login, "password": password})
}

var testDocuments atomic.Int64

// newDocument makes a valid identity number that no other call made.
func newDocument() string {
	n := testDocuments.Add(1)
	body := fmt.Sprintf("370126%04d0101%03d", 1930+n/1000%90, n%1000)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(body[i]-'0') * weight
	}
	return body + string("10X98765432"[sum%11])
}

// enrol enters a new person with a document of their own.
func (w *world) enrol(name, site, door string) uint64 {
	w.t.Helper()
	return w.enrolWith(checkpoint.NewResident{Name: name, IDNumber: newDocument(), Site: site, Door: door})
}

func (w *world) enrolWith(row checkpoint.NewResident) uint64 {
	w.t.Helper()
	res, err := w.store.Enrol(w.t.Context(), []checkpoint.NewResident{row})
	w.must(err)
	w.must(res[0].Err)
	return res[0].ID
}

// pass issues an app pass for now in its compact form.
func (w *world) pass(person uint64) string {
	w.t.Helper()
	return w.passOf(person, codes.KindApp, w.clock.Now())
}

func (w *world) passOf(person uint64, kind codes.Kind, from time.Time) string {
	w.t.Helper()
	who, err := w.store.Resident(w.t.Context(), person)
	w.must(err)
	signer, err := w.ring.Signer(w.clock.Now())
	w.must(err)
	_, text, err := signer.IssueCompact(codes.Request{
		Person: person, Generation: who.Generation, Kind: kind, Home: who.Site, NotBefore: from,
	})
	w.must(err)
	return text
}

// fields are the members of a JSON object.
type fields map[string]any

// with gives a copy with members added, changed or (nil) taken out.
func (f fields) with(more fields) fields {
	out := fields{}
	for k, v := range f {
		out[k] = v
	}
	for k, v := range more {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

// newScan is a good scan of a person by resident ID, on the way in, now.
func (w *world) newScan(person uint64) fields {
	return fields{
		"id": fmt.Sprintf("scan-%08d", w.scans.Add(1)), "occurred_at": utcTime(w.clock.Now().UnixMilli()),
		"resident": checkpoint.FormatPersonID(person), "direction": "in",
		"temperature": 36.5, "temperature_method": "forehead",
	}
}

// scan sends a scan from a device.
func (w *world) scan(device string, scan fields) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/scans", w.deviceToken(device), scan)
}

// answer is what the server said.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// do sends one request. body: nil, a string or []byte as it is, else JSON.
func (w *world) do(method, path, token string, body any, headers ...string) answer {
	w.t.Helper()
	res, err := w.send(method, path, token, body, headers...)
	w.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	w.must(err)
	return answer{w.t, res.StatusCode, res.Header, text}
}

// send is do without reading the answer.
func (w *world) send(method, path, token string, body any, headers ...string) (*http.Response, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if token != "" && !strings.HasPrefix(token, devicePrefix) { // a member of staff: on other routes they change nothing
		req.Header.Set(headerCase, w.kase)
		req.Header.Set(headerReason, url.PathEscape("核实行程"))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.http.Do(req)
	if err == nil && res.StatusCode < 300 {
		note(w.t, method, path)
	}
	return res, err
}

// json reads the answer as an object.
func (a answer) json() fields {
	a.t.Helper()
	var out fields
	if err := json.Unmarshal(a.body, &out); err != nil {
		a.t.Fatalf("status %d, not a JSON object: %v\n%.300s", a.status, err, a.body)
	}
	return out
}

// ok fails the test unless the status is the given one.
func (a answer) ok(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %.400s", a.status, status, a.body)
	}
	return a
}

// problem fails the test unless the answer is a problem of this status, code
// and field ("" for none).
func (a answer) problem(status int, code, field string) {
	a.t.Helper()
	p := a.json()
	got, _ := p["field"].(string)
	if a.status != status || p["code"] != code || got != field || p["status"] != float64(status) ||
		a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Errorf("got %d %v %q (%s), want %d %s %q", a.status, p["code"], got, a.header.Get("Content-Type"), status, code, field)
	}
}

// decided fails the test unless the answer is this decision for this reason.
func (a answer) decided(decision, reason string) fields {
	a.t.Helper()
	got := a.ok(http.StatusOK).json()
	if got["decision"] != decision || got["reason"] != reason {
		a.t.Errorf("decided %v for %v, want %s for %s", got["decision"], got["reason"], decision, reason)
	}
	return got
}

// project runs the projector until the test ends.
func (w *world) project() {
	w.t.Helper()
	at := testRedis
	reader := checkpoint.Connect(checkpoint.TuneReader(&at))
	p := w.store.NewProjector(reader, slog.New(slog.DiscardHandler))
	p.Observe = w.server.Metrics().ObserveProjection
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	w.t.Cleanup(func() { cancel(); <-done; _ = reader.Close() })
}

// eventually waits until what holds, at most 20 s.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("in 20 s it did not happen that %s", what)
}
