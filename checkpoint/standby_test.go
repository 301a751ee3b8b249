package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint/journal"
	"passgate/checkpoint/redisd"
)

// newStandby makes a Standby with a journal in dir, which runs if running.
func newStandby(t testing.TB, s *Store, dir string, cfg StandbyConfig) *Standby {
	t.Helper()
	var err error
	cfg.Journal, err = journal.Open(journal.Options{Dir: dir, Key: bytes.Repeat([]byte{3}, 32), Now: s.clock, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { must(t, cfg.Journal.Close()) })
	cfg.Logger = slog.New(slog.DiscardHandler)
	b, err := s.NewStandby(t.Context(), cfg)
	must(t, err)
	return b
}

// run lets a Standby do its work until the test ends.
func (b *Standby) run(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// cutAll makes a Standby believe that Redis answers for nothing. Unless it runs,
// it stays so.
func (b *Standby) cutAll() {
	for p := range b.down {
		b.down[p].Store(true)
	}
}

// back ends cutAll and records what is owed.
func (b *Standby) back(t testing.TB) {
	t.Helper()
	for p := range b.down {
		b.down[p].Store(false)
	}
	b.Settle(t.Context())
	if n := b.journal.OwedCount(); n != 0 {
		t.Fatalf("%d scans are still owed", n)
	}
}

func TestGatesStayOpenWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	s, clock, srv := storeOnOwnRedis(t, redisd.Options{Persist: true})
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	must(t, s.SetStatus(t.Context(), ids[1], StatusQuarantine))
	b := newStandby(t, s, t.TempDir(), StandbyConfig{})
	b.run(t)
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")

	online := home.request(ids[0], Out, 36_5)
	first, err := b.Scan(t.Context(), online)
	must(t, err)
	must(t, srv.Kill())
	<-srv.Done()

	again, err := b.Scan(t.Context(), online)
	if err != nil || !again.Duplicate || again.Outcome != first.Outcome || again.Flags&FlagDegraded != 0 {
		t.Errorf("the repeat of a scan that was answered before: %+v, %v", again, err)
	}
	clock.Advance(time.Minute)
	entry := mall.request(ids[0], In, 36_5)
	told, err := b.Scan(t.Context(), entry)
	must(t, err)
	want(t, told, Pass, ReasonOK, Admit, FlagDegraded)
	if told.Person == nil || told.Person.NameMasked != "王*明" {
		t.Errorf("person %+v", told.Person)
	}
	confined, err := b.Scan(t.Context(), home.request(ids[1], Out, 36_5))
	must(t, err)
	want(t, confined, Deny, ReasonQuarantine, SendBack, FlagBreach|FlagDegraded)
	forged, err := b.Refuse(t.Context(), home.request(0, In, 36_5), ReasonBadSignature)
	must(t, err)
	want(t, forged, Deny, ReasonBadSignature, SendBack, FlagDegraded)
	if same, err := b.Scan(t.Context(), entry); err != nil || !same.Duplicate || same.Outcome != told.Outcome {
		t.Errorf("the repeat of a degraded scan: %+v, %v", same, err)
	}
	if _, err := s.Scan(t.Context(), entry); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without a Standby: %v", err)
	}
	if st := b.Stats(); st.Down != Partitions || st.Owed != 3 || st.Degraded != 3 {
		t.Errorf("stats %+v", st)
	}

	clock.Advance(3 * time.Hour) // an outage may be long
	must(t, srv.Restart(t.Context()))
	eventually(t, "what was told is recorded", func() bool { return b.Stats().Owed == 0 && b.Stats().Down == 0 })
	same, err := b.Scan(t.Context(), entry)
	if err != nil || !same.Duplicate || same.Outcome != told.Outcome || same.RecordedAt != told.RecordedAt {
		t.Errorf("after the outage: %+v, told %+v, %v", same, told, err)
	}
	trail := trailOf(t, s, ids[0])
	if len(trail) != 2 || trail[1].Outcome != told.Outcome {
		t.Errorf("trail %+v", trail)
	}
	if n, err := s.rdb.XLen(t.Context(), s.keys.log(partitionOf(ids[0]))).Result(); err != nil || n < 2 {
		t.Errorf("%d entries in the log, %v", n, err)
	}
}

func TestPastTheLimitNobodyEntersButHomeAndEmergencies(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	b := newStandby(t, s, t.TempDir(), StandbyConfig{Limit: time.Nanosecond})
	b.cutAll()
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	scan := func(req ScanRequest) ScanResult {
		res, err := b.Scan(t.Context(), req)
		must(t, err)
		return res
	}
	want(t, scan(mall.request(person, In, 36_5)), Deny, ReasonCutOff, SendBack, FlagDegraded)
	want(t, scan(mall.request(person, Out, 36_5)), Pass, ReasonOK, Admit, FlagDegraded)
	want(t, scan(home.request(person, In, 36_5)), Pass, ReasonOK, Admit, FlagDegraded)
	emergency := mall.request(person, In, 36_5)
	emergency.Override = OverrideFire
	want(t, scan(emergency), Pass, ReasonCutOff, Admit, FlagOverride|FlagDegraded)
	if st := b.Stats(); !st.CutOff {
		t.Errorf("stats %+v", st)
	}

	b.cfg.EnterPastLimit = true
	clock.Advance(time.Second)
	want(t, scan(mall.request(person, In, 36_5)), Pass, ReasonOK, Admit, FlagAlreadyInside|FlagDegraded)

	b.back(t)
	var conflicts int
	for _, e := range trailOf(t, s, person) {
		if e.Flags&FlagConflict != 0 {
			conflicts++
		}
	}
	if conflicts != 1 { // the entry that Redis would not have refused
		t.Errorf("%d conflicts, want 1", conflicts)
	}
}

// A gateway that is killed after it answered has its answers on the disk, and
// the next one goes on from them.
func TestDegradedAnswersSurviveTheGateway(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	dir := t.TempDir()
	mall := post(t, s, clock, "mall-01")
	hot := mall.request(person, In, 38_0)

	j, err := journal.Open(journal.Options{Dir: dir, Key: bytes.Repeat([]byte{3}, 32), Now: s.clock})
	must(t, err)
	b, err := s.NewStandby(t.Context(), StandbyConfig{Journal: j, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	b.cutAll()
	first, err := b.Scan(t.Context(), hot)
	must(t, err)
	want(t, first, Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh|FlagDegraded)
	must(t, j.Close())

	b = newStandby(t, s, dir, StandbyConfig{})
	b.cutAll()
	if again, err := b.Scan(t.Context(), hot); err != nil || !again.Duplicate || again.Outcome != first.Outcome {
		t.Errorf("after a restart: %+v, %v", again, err)
	}
	clock.Advance(time.Minute)
	second, err := b.Scan(t.Context(), mall.request(person, In, 38_1))
	must(t, err)
	want(t, second, Deny, ReasonFever, HoldHere, FlagTemperatureHigh|FlagDegraded)
	b.back(t)
	trail := trailOf(t, s, person)
	if len(trail) != 2 || trail[0].Outcome != first.Outcome || trail[1].Outcome != second.Outcome {
		t.Errorf("trail %+v", trail)
	}
	fevers, err := s.openFevers(t.Context())
	if err != nil || len(fevers) != 1 || fevers[0].Person != person {
		t.Errorf("fever cases %+v, %v", fevers, err)
	}
}

// Redis recorded a scan, its answer was lost, and the gateway told another one:
// what was told stands, and the other answer is taken back.
func TestWhatAGateWasToldStandsAgainstALostAnswer(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	b := newStandby(t, s, t.TempDir(), StandbyConfig{})
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("mall-01")
		closed := *site
		closed.AntiPassback = StrictDeny
		return d.PutSite(closed)
	}))
	mall := post(t, s, clock, "mall-01")
	mall.send(mall.request(person, In, 36_5))
	clock.Advance(time.Minute)
	req := mall.request(person, In, 36_5)
	lost := mall.send(req)
	want(t, lost, Deny, ReasonAlreadyInside, SendBack, 0)
	b.cutAll()
	told, err := b.Scan(t.Context(), req) // where the person was is not in the copy
	must(t, err)
	want(t, told, Pass, ReasonOK, Admit, FlagDegraded)
	b.back(t)
	for range 2 {
		var counting []ScanEvent
		for _, e := range trailOf(t, s, person) {
			if e.Counts() {
				counting = append(counting, e)
			}
		}
		if len(counting) != 2 || counting[1].Decision != Pass || counting[1].Flags != FlagDegraded|FlagConflict {
			t.Fatalf("counting events %+v", counting)
		}
		entry := journalEntry{Request: req}
		entry.tell(&told)
		_, err := s.Scan(t.Context(), entry.Request) // once more changes nothing
		must(t, err)
	}
}

func TestAnsweredScansAreSentAgainToANewMaster(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	b := newStandby(t, s, t.TempDir(), StandbyConfig{Window: time.Minute})
	home := post(t, s, clock, "v-01")
	began := clock.Now().UnixMilli()
	var answers []ScanResult
	for _, id := range ids {
		clock.Advance(time.Second)
		res, err := b.Scan(t.Context(), home.request(id, Out, 36_5))
		must(t, err)
		answers = append(answers, res)
	}
	// The new master has forgotten one of the two.
	p := s.keys.person(ids[0])
	must(t, s.rdb.Del(t.Context(), s.keys.trail(ids[0])+":0").Err())
	must(t, s.rdb.HDel(t.Context(), p, "c", "l").Err())
	if n := len(trailOf(t, s, ids[0])); n != 0 {
		t.Fatalf("%d events are left", n)
	}
	for range 2 {
		sent, _, err := b.Resend(t.Context(), []int{partitionOf(ids[0]), partitionOf(ids[1])}, began)
		if partitionOf(ids[0]) == partitionOf(ids[1]) {
			sent /= 2
		}
		if err != nil || sent != 2 {
			t.Errorf("sent %d, %v", sent, err)
		}
		for i, id := range ids {
			trail := trailOf(t, s, id)
			if len(trail) != 1 || trail[0].Outcome != answers[i].Outcome || trail[0].RecordedAt != answers[i].RecordedAt {
				t.Errorf("trail %+v, answer %+v", trail, answers[i])
			}
		}
	}
	// One of whom nothing can be written keeps nobody else's back.
	must(t, s.rdb.Del(t.Context(), p, s.keys.trail(ids[1])+":0").Err())
	must(t, s.rdb.Set(t.Context(), p, "no record", 0).Err())
	must(t, s.rdb.HDel(t.Context(), s.keys.person(ids[1]), "c", "l").Err())
	_, done, err := b.Resend(t.Context(), []int{partitionOf(ids[0]), partitionOf(ids[1])}, began)
	if err == nil || !slices.Equal(done, []int{partitionOf(ids[1])}) {
		t.Errorf("all was sent for partitions %v, %v; want that of the other alone", done, err)
	}
	if trail := trailOf(t, s, ids[1]); len(trail) != 1 {
		t.Errorf("the other's trail is %+v", trail)
	}
}

// More refusals than are tried in one go wait for their gate; another gate's are recorded
// meanwhile, and theirs when they can be.
func TestWhatWaitsInTheJournalKeepsNobodyElseBack(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	b := newStandby(t, s, t.TempDir(), StandbyConfig{})
	b.once = standbySend
	mall, home := post(t, s, clock, "mall-01"), post(t, s, clock, "v-01")
	owe := func(req ScanRequest) {
		res := ScanResult{Outcome: Outcome{Decision: Deny, Reason: ReasonBadSignature, Action: SendBack, Flags: FlagDegraded}, RecordedAt: s.now()}
		must(t, b.owe(t.Context(), 0, &req, ReasonBadSignature, &res))
	}
	var writing sync.WaitGroup
	for range standbySend + 1 {
		req := mall.request(0, In, 36_5)
		writing.Go(func() { owe(req) })
	}
	writing.Wait()
	owe(home.request(0, In, 36_5))

	gate, _ := s.Registry().Gate("mall-01-g1")
	base := s.keys.refusals(gate.Num, dayOf(s.now()))
	must(t, s.rdb.HSet(t.Context(), base, "no", "table").Err())
	b.Settle(t.Context())
	b.Settle(t.Context())
	if n := b.journal.OwedCount(); n != standbySend+1 {
		t.Errorf("%d scans are owed, want those of the gate that cannot be written: %d", n, standbySend+1)
	}
	must(t, s.rdb.Del(t.Context(), base).Err())
	for range 4 {
		b.Settle(t.Context())
	}
	if n := b.journal.OwedCount(); n != 0 {
		t.Errorf("%d scans are still owed", n)
	}
}

// What a guard took back stays taken back when the master that knew it is lost, with the
// scan or without.
func TestAnAnnulmentIsSentAgainBehindItsScan(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	b := newStandby(t, s, t.TempDir(), StandbyConfig{Window: time.Minute})
	home := post(t, s, clock, "v-01")
	req := home.request(person, Out, 36_5)
	_, err := b.Scan(t.Context(), req)
	must(t, err)
	clock.Advance(time.Second)
	_, err = b.Annul(t.Context(), AnnulRequest{
		ID: "annul-0001", Device: home.device, Scan: req.ID, OccurredAt: req.OccurredAt, At: clock.Now().UnixMilli(), Person: person,
	})
	must(t, err)
	before := trailOf(t, s, person)
	if len(before) != 2 {
		t.Fatalf("trail %+v", before)
	}
	chunk := s.keys.trail(person) + ":0"
	members := s.rdb.ZRange(t.Context(), chunk, 0, -1).Val()
	annulment := slices.IndexFunc(members, func(m string) bool {
		e, err := parseTrail(person, req.OccurredAt, m)
		must(t, err)
		return e.IsAnnulment()
	})
	for _, lost := range [][]string{members, {members[annulment]}} {
		for _, m := range lost {
			must(t, s.rdb.ZRem(t.Context(), chunk, m).Err())
		}
		clock.Advance(time.Hour) // the master may be away for long
		for range 2 {
			_, _, err := b.Resend(t.Context(), []int{partitionOf(person)}, req.OccurredAt)
			must(t, err)
			if after := trailOf(t, s, person); !slices.Equal(before, after) {
				t.Errorf("%d are lost: the trail is %+v, was %+v", len(lost), after, before)
			}
		}
	}
}
