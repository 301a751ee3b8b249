package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// figureOn is the value of a series on the metrics page; false: it is not there.
func (w *world) figureOn(page, series string) (float64, bool) {
	w.t.Helper()
	for line := range strings.Lines(page) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == series {
			n, err := strconv.ParseFloat(value, 64)
			w.must(err)
			return n, true
		}
	}
	return 0, false
}

// gathered gathers the town's figures and fails the test unless they are these.
func (w *world) gathered(town *TownWatch, when string, want map[string]float64) {
	w.t.Helper()
	w.must(town.Gather(w.t.Context()))
	page := w.metrics()
	for series, n := range want {
		if got, ok := w.figureOn(page, series); !ok || got != n {
			w.t.Errorf("%s: %s is %v (there: %v), want %v", when, series, got, ok, n)
		}
	}
}

// takesList has a device ask for the revocation list, and what is noted of it written down.
func (w *world) takesList(device string) {
	w.t.Helper()
	w.do(http.MethodGet, "/v1/revocations", w.deviceToken(device), nil).ok(http.StatusOK)
	w.server.writeContacts()
}

// TestTheTownsFiguresAreRight on a day with a few scans, a fever and phones that were
// switched off.
func TestTheTownsFiguresAreRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	town := w.server.WatchTown()
	if got, _ := w.figureOn(w.metrics(), "passgate_gather_age_seconds"); got != -1 {
		t.Errorf("before anything was gathered its age is %v", got)
	}
	w.scan("D1", w.newScan(w.people["wang"])).decided("pass", "ok")
	w.takesList("D1")
	w.clock.Advance(20 * time.Minute)
	w.scan("D2", w.newScan(w.people["li"])).decided("pass", "ok")
	w.takesList("D2")
	eventually(t, "both scans are in the index", func() bool {
		w.must(town.Gather(t.Context()))
		page := w.metrics()
		active, _ := w.figureOn(page, `passgate_gates{state="active"}`)
		silent, _ := w.figureOn(page, `passgate_gates{state="silent"}`)
		return active+silent == 2
	})
	w.gathered(town, "after two scans", map[string]float64{
		`passgate_gates{state="active"}`: 1, `passgate_gates{state="silent"}`: 1, `passgate_gates{state="closed"}`: 2,
		`passgate_devices{state="fresh"}`: 1, `passgate_devices{state="stale"}`: 1, `passgate_devices{state="expired"}`: 2,
		"passgate_device_revocation_age_seconds_max": 1200,
		`passgate_inside{site_kind="village"}`:       2, `passgate_inside{site_kind="mall"}`: 0,
		"passgate_fevers_open": 0, "passgate_fevers_today": 0, "passgate_fevers_overdue": 0, "passgate_observations_open": 0,
		"passgate_data_format":          checkpoint.DataFormat,
		`passgate_redis_up{server="0"}`: 1,
		`passgate_scans_total{decision="pass",reason="ok",site_kind="village"}`: 2,
	})
	began, _ := w.figureOn(w.metrics(), "passgate_backup_timestamp_seconds")
	if began == 0 {
		t.Error("there was no backup yet: the time since when there is none must be told")
	}
	for _, at := range []int64{1_600_000_000_000, 1_500_000_000_000} { // the second, older, ended later
		w.must(checkpoint.NoteBackup(t.Context(), w.redis, w.prefix, at))
	}
	w.gathered(town, "after a backup", map[string]float64{"passgate_backup_timestamp_seconds": 1_600_000_000})
	page := w.metrics()
	if used, _ := w.figureOn(page, `passgate_redis_memory_bytes{server="0"}`); used < 100_000 {
		t.Errorf("Redis is said to use %v bytes", used)
	}
	if offset, ok := w.figureOn(page, "passgate_clock_offset_seconds"); !ok || offset < -5 || offset > 5 {
		t.Errorf("on one machine the clocks are said to differ by %v s", offset)
	}
	if age, ok := w.figureOn(page, `passgate_key_age_seconds{use="pass"}`); !ok || age != 1200 {
		t.Errorf("the key signs since %v s, want 1200", age)
	}

	w.closedSite("V1") // it is not silent any more: nobody should come
	w.high("E1", w.people["wang"])
	w.fever("E1", w.people["wang"])
	w.must(w.server.office.SettleFevers(t.Context()))
	w.clock.Advance(11 * time.Minute) // a report is due after ten
	w.gathered(town, "with a fever", map[string]float64{
		`passgate_gates{state="silent"}`: 0,
		"passgate_fevers_open":           1, "passgate_fevers_today": 1, "passgate_fevers_overdue": 1,
		`passgate_scans_total{decision="deny",reason="fever",site_kind="mall"}`: 1,
	})
	path := "/v1/fevers/" + w.openFevers("medic")[0]["id"].(string)
	w.handedOver(path)
	w.do(http.MethodPost, path+"/close", w.as("medic"), fields{"outcome": "handed_over"}).ok(http.StatusOK)
	w.gathered(town, "when the case is closed", map[string]float64{
		"passgate_fevers_open": 0, "passgate_fevers_today": 1, "passgate_fevers_overdue": 0,
	})
	w.clock.Advance(24 * time.Hour)
	w.revokeDevice("E1") // not in use any more
	w.gathered(town, "a day later", map[string]float64{
		`passgate_gates{state="active"}`: 0, `passgate_gates{state="silent"}`: 0, `passgate_gates{state="closed"}`: 4,
		`passgate_devices{state="fresh"}`: 0, `passgate_devices{state="stale"}`: 0, `passgate_devices{state="expired"}`: 3,
		"passgate_device_revocation_age_seconds_max": 0, // none called within the day
		"passgate_fevers_today":                      0,
	})
}

// TestAnUpgradeMakesNoListOld: the release before noted no lists, so that for a day
// nothing is said of phones that have none on record, unless they came later.
func TestAnUpgradeMakesNoListOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	town := w.server.WatchTown()
	setAge := func(when string, want float64) {
		t.Helper()
		w.do(http.MethodGet, "/v1/gate/sync", w.deviceToken("D1"), nil).ok(http.StatusOK) // it calls and takes no list
		w.server.writeContacts()
		w.gathered(town, when, map[string]float64{"passgate_device_revocation_age_seconds_max": want})
	}
	upgrade := func(at time.Time) {
		w.must(w.redis.HSet(t.Context(), w.prefix+"{reg}:format", "at", at.UnixMilli()).Err())
	}
	d, _ := w.store.Registry().Device("D1")
	enrolled := time.UnixMilli(d.EnrolledAt)
	upgrade(enrolled.Add(-time.Hour))
	setAge("enrolled after an upgrade", w.clock.Now().Sub(enrolled).Seconds())
	upgrade(w.clock.Now())
	w.clock.Advance(time.Hour)
	setAge("after an upgrade", 0)
	w.clock.Advance(24 * time.Hour)
	setAge("more than a day after it", w.clock.Now().Sub(enrolled).Seconds())
}

// TestACertificateThatWasReplacedIsForgotten: one of other names took its place, and the
// first one's end is no news any more.
func TestACertificateThatWasReplacedIsForgotten(t *testing.T) {
	t.Parallel()
	served, now := servedCertificates{seen: map[string]servedCertificate{}}, testStart
	shown := func(name string, ends time.Time) {
		served.note(&tls.Certificate{Leaf: &x509.Certificate{DNSNames: []string{name}, NotAfter: ends}}, now)
	}
	for i := range maxCertificates {
		shown(strconv.Itoa(i)+".old.example", testStart.Add(48*time.Hour))
	}
	now = now.Add(certificateInUse)
	if got := served.first(now); !got.Equal(testStart.Add(48 * time.Hour)) {
		t.Errorf("the first ends at %s", got)
	}
	now = now.Add(time.Second)
	ends := testStart.Add(90 * 24 * time.Hour)
	shown("new.example", ends) // there was no room
	if got := served.first(now); !got.Equal(ends) {
		t.Errorf("the first ends at %s, want %s", got, ends)
	}
}

// closedSite closes a site.
func (w *world) closedSite(code string) {
	w.t.Helper()
	w.changeSite(code, func(site *checkpoint.Site) { site.Closed = true })
}

// TestFiguresWithoutRedis: the server is shown as down, and nothing is made up.
func TestFiguresWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t).another()
	town := w.server.WatchTown()
	w.must(w.redis.Close())
	if err := town.Gather(t.Context()); err == nil {
		t.Error("gathering without Redis is no error")
	}
	page := w.metrics()
	if up, ok := w.figureOn(page, `passgate_redis_up{server="0"}`); !ok || up != 0 {
		t.Errorf("passgate_redis_up is %v (there: %v), want 0", up, ok)
	}
	if failures, _ := w.figureOn(page, "passgate_gather_failures_total"); failures != 1 {
		t.Errorf("%v failures are counted, want 1", failures)
	}
	for _, unknown := range []string{"passgate_gates{", "passgate_fevers_open", "passgate_redis_memory_bytes", "passgate_clock_offset_seconds"} {
		if strings.Contains(page, "\n"+unknown) {
			t.Errorf("the page tells of %s, which nobody knows", unknown)
		}
	}
}

// TestFiguresOfTheMachine: of folders, the version, and no label that nobody bounds.
func TestFiguresOfTheMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Metrics().WatchBuild("v1.2.3")
	w.server.Metrics().WatchFolders(map[string]string{"data": t.TempDir(), "journal": "/nowhere"})
	w.must(w.server.WatchTown().Gather(t.Context()))
	page := w.metrics()
	free, ok := w.figureOn(page, `passgate_disk_free_bytes{folder="data"}`)
	if size, _ := w.figureOn(page, `passgate_disk_size_bytes{folder="data"}`); !ok || free <= 0 || free > size {
		t.Errorf("%v of %v bytes are free (there: %v)", free, size, ok)
	}
	if !strings.Contains(page, `version="v1.2.3"`) || strings.Contains(page, `{folder="journal"}`) {
		t.Error("the version is missing, or there is a figure of a folder that is not there")
	}
	closed := regexp.MustCompile(`^(active|silent|closed|fresh|stale|expired|village|compound|mall|market|shop|enterprise|pharmacy|pass|list|feed|data|[0-9]|go1\..*|v1\.2\.3)$`)
	label := regexp.MustCompile(`="([^"]*)"`)
	for line := range strings.Lines(page) {
		if !regexp.MustCompile(`^passgate_(gates|devices|inside|redis_[a-z_]*|key|disk|build|clock|fevers|observations)[a-z_]*\{`).MatchString(line) || strings.HasPrefix(line, "passgate_redis_pool") {
			continue
		}
		for _, m := range label.FindAllStringSubmatch(line, -1) {
			if !closed.MatchString(m[1]) {
				t.Errorf("a label that is not of a closed list: %s", line)
			}
		}
	}
}
