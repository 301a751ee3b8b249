package checkpoint

import (
	"log/slog"
	"strconv"
	"strings"
	"testing"
)

// loseRules is a fail-over to a replica that had not heard of the last change: a site was
// given a new name.
func loseRules(t *testing.T, s *Store) {
	t.Helper()
	meta, sites := s.keys.registry("meta"), s.keys.registry("sites")
	version := s.Registry().Version
	before, err := s.rdb.HGet(t.Context(), sites, "v-01").Result()
	must(t, err)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("v-01")
		renamed := *site
		renamed.Name = "新名"
		return d.PutSite(renamed)
	}))
	must(t, s.rdb.HSet(t.Context(), sites, "v-01", before).Err())
	must(t, s.rdb.HSet(t.Context(), meta, "version", strconv.FormatInt(version, 10)).Err())
}

// TestLostRulesAreNoticedAndChangedAgain: gateways that hold the lost rules load those
// that are left, the log says what is to do, and rules can be changed again.
func TestLostRulesAreNoticedAndChangedAgain(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	var log strings.Builder
	s.logger = slog.New(slog.NewTextHandler(&log, nil))
	lost := s.Registry().Version + 1
	loseRules(t, s)
	restarted := openStore(t, s.keys.prefix, clock)
	for range 2 {
		must(t, s.refresh(t.Context()))
		must(t, restarted.refresh(t.Context()))
	}
	for name, gateway := range map[string]*Store{"one that had them": s, "one that was started since": restarted} {
		if site, _ := gateway.Registry().Site("v-01"); site.Name == "新名" || gateway.Registry().Version <= lost {
			t.Errorf("%s: version %d, %q: want one above %d, and what Redis has", name, gateway.Registry().Version, site.Name, lost)
		}
	}
	if n := strings.Count(log.String(), "has lost the last changes"); n != 1 {
		t.Errorf("the log says it %d times: %s", n, log.String())
	}
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("v-01")
		renamed := *site
		renamed.Name = "又一名"
		return d.PutSite(renamed)
	}))
}

// TestScansAreDecidedAgainAfterRulesWereLost: a gateway that was started after the loss
// cannot load what the partitions ask for.
func TestScansAreDecidedAgainAfterRulesWereLost(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	loseRules(t, s)
	restarted := openStore(t, s.keys.prefix, clock)
	device, _ := restarted.Registry().Device("v-01-d1")
	scan := func() error {
		_, err := restarted.Scan(t.Context(), ScanRequest{
			ID: "lost-rules-1", Device: device.Num, OccurredAt: clock.Now().UnixMilli(), Direction: Out, Who: ByResident, Person: id, Presented: "x", Temperature: 36_5,
		})
		return err
	}
	if err := scan(); err == nil {
		t.Fatal("decided by rules that are older than the partition asks for")
	}
	must(t, restarted.refresh(t.Context()))
	must(t, scan())
}

// TestWithoutDataNothingIsSettled: an emptied Redis gets no half of a registry.
func TestWithoutDataNothingIsSettled(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	must(t, s.rdb.Del(t.Context(), s.keys.registry("meta")).Err())
	_ = s.refresh(t.Context())
	if n := s.rdb.Exists(t.Context(), s.keys.registry("meta")).Val(); n != 0 {
		t.Error("a registry was begun of which nothing else is there")
	}
}
