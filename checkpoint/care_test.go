package checkpoint

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patient enrols somebody and puts them into quarantine by staff number 7, for
// as long as 14 days.
func patient(t testing.TB, s *Store, n int) Resident {
	t.Helper()
	id := mustEnrol(t, s, resident(n, "v-01"))[0]
	decide(t, s, id, StatusChange{StatusQuarantine, "close_contact", s.now() + days(14), "与确诊者同乘", 7, "area-1", 0, "", ""})
	who, _ := statusOf(t, s, id)
	return who
}

func refusedField(t testing.TB, err error, field string) {
	t.Helper()
	var bad *FieldError
	if !errors.As(err, &bad) || bad.Field != field {
		t.Errorf("%v, want a word about %q", err, field)
	}
}

func refusedWith(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

func TestAContestIsAnsweredBySomebodyElse(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	who := patient(t, s, 1)
	clock.Advance(time.Hour)
	c, err := s.OpenContest(t.Context(), &who, "contest-1", "我没有坐过那趟车。\n<script>alert(1)</script>")
	must(t, err)
	if c.State != ContestOpen || c.DueAt() != clock.Now().Add(48*time.Hour).UnixMilli() || c.About.By != 7 || c.About.Evidence != "与确诊者同乘" {
		t.Errorf("opened %+v", c)
	}
	clock.Advance(time.Minute)
	again, err := s.OpenContest(t.Context(), &who, "contest-1", c.Text)
	if err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	_, err = s.OpenContest(t.Context(), &who, "contest-1", "另一句")
	refusedWith(t, err, ErrOtherRecord)
	_, err = s.OpenContest(t.Context(), &who, "contest-2", "还有一句")
	refusedWith(t, err, ErrContested)

	_, err = s.AnswerContest(t.Context(), who.ID, "contest-1", ContestUpheld, "车票在案", 7)
	refusedWith(t, err, ErrOwnDecision)
	_, err = s.AnswerContest(t.Context(), who.ID, "contest-1", ContestChanged, "已更正", 8)
	refusedField(t, err, "state") // nothing was changed
	_, err = s.AnswerContest(t.Context(), who.ID, "contest-1", ContestUpheld, " ", 8)
	refusedField(t, err, "answer")
	decide(t, s, who.ID, StatusChange{Status: StatusGreen, Ground: GroundCorrection, By: 7, Office: "area-1"})
	_, err = s.AnswerContest(t.Context(), who.ID, "contest-1", ContestUpheld, "车票在案", 8)
	refusedField(t, err, "state") // it was changed
	done, err := s.AnswerContest(t.Context(), who.ID, "contest-1", ContestChanged, "查实不是本人,已更正", 8)
	if err != nil || done.State != ContestChanged || done.AnsweredBy != 8 || done.AnsweredAt != clock.Now().UnixMilli() {
		t.Errorf("answered %+v, %v", done, err)
	}
	same, err := s.AnswerContest(t.Context(), who.ID, "contest-1", ContestChanged, done.Answer, 8)
	if err != nil || !reflect.DeepEqual(same, done) {
		t.Errorf("answered again: %+v, %v", same, err)
	}
	_, err = s.AnswerContest(t.Context(), who.ID, "contest-1", ContestChanged, "别的话", 9)
	refusedWith(t, err, ErrAnswered)
	who, _ = statusOf(t, s, who.ID)
	_, err = s.OpenContest(t.Context(), &who, "contest-3", "我是绿码")
	refusedField(t, err, "resident")
	if found := holding(t, s, "script"); len(found) > 0 {
		t.Errorf("the words are in the clear in %q", found)
	}
}

func TestContestsAreListedByWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	var opened []uint64
	for n := range 3 {
		who := patient(t, s, n+1)
		_, err := s.OpenContest(t.Context(), &who, "contest-1", "不是我")
		must(t, err)
		opened = append(opened, who.ID)
		clock.Advance(time.Hour)
	}
	people := func(list []Contest, _ string, err error) (ids []uint64) {
		t.Helper()
		must(t, err)
		for _, c := range list {
			ids = append(ids, c.Person)
		}
		return ids
	}
	if got := people(s.OpenContests(t.Context(), CareQuery{})); !slices.Equal(got, opened) {
		t.Errorf("open: %x, want %x", got, opened)
	}
	if got := people(s.OverdueContests(t.Context(), CareQuery{})); got != nil {
		t.Errorf("overdue after 3 hours: %x", got)
	}
	clock.Advance(46 * time.Hour)
	if got := people(s.OverdueContests(t.Context(), CareQuery{})); !slices.Equal(got, opened[:2]) {
		t.Errorf("overdue: %x, want %x", got, opened[:2])
	}
	_, err := s.AnswerContest(t.Context(), opened[0], "contest-1", ContestUpheld, "查实", 8)
	must(t, err)
	if got := people(s.OverdueContests(t.Context(), CareQuery{})); !slices.Equal(got, opened[1:2]) {
		t.Errorf("overdue after an answer: %x", got)
	}
	now := clock.Now().UnixMilli()
	if got := people(s.AnsweredContests(t.Context(), now, now+1, CareQuery{})); !slices.Equal(got, opened[:1]) {
		t.Errorf("answered: %x", got)
	}
}

func TestARequestIsTakenByOneAndDone(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	opened, err := s.OpenRequest(t.Context(), id, "request-1", "medicine", "降压药,给二楼的张奶奶带一份")
	must(t, err)
	clock.Advance(time.Minute)
	again, err := s.OpenRequest(t.Context(), id, "request-1", "medicine", opened.Text)
	if err != nil || again != opened {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	_, err = s.OpenRequest(t.Context(), id, "request-1", "rubbish", opened.Text)
	refusedWith(t, err, ErrOtherRecord)
	_, err = s.OpenRequest(t.Context(), id, "request-2", "other", "")
	refusedField(t, err, "text")
	_, err = s.OpenRequest(t.Context(), id, "request-2", "gold", "")
	refusedField(t, err, "kind")
	_, err = s.OpenRequest(t.Context(), id, "../x", "rubbish", "")
	refusedField(t, err, "id")

	var wait sync.WaitGroup
	for by := range uint32(8) { // at once
		wait.Go(func() {
			if _, err := s.TakeRequest(t.Context(), id, "request-1", "", by+1); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	taken, err := s.Request(t.Context(), id, "request-1")
	if err != nil || taken.State() != ServiceTaken || taken.TakenBy == 0 {
		t.Errorf("taken %+v, %v", taken, err)
	}
	clock.Advance(time.Hour)
	late := opened
	late.TakenAt, late.TakenBy = s.now(), 99
	if turned, err := s.turnCare(t.Context(), clientRef(id, careRequest, "request-1"), careOpen, careTaken, late, 0); turned || err != nil {
		t.Errorf("who read it before it was taken has taken it, too: %v, %v", turned, err)
	}
	done, err := s.FinishRequest(t.Context(), id, "request-1", "放在门口", 9)
	wanted := taken
	wanted.DoneAt, wanted.DoneBy, wanted.Note = clock.Now().UnixMilli(), 9, "放在门口"
	if err != nil || done != wanted {
		t.Errorf("done %+v, %v\nwant %+v", done, err, wanted)
	}
	clock.Advance(time.Hour)
	same, err := s.FinishRequest(t.Context(), id, "request-1", "again", 8)
	if err != nil || same != wanted {
		t.Errorf("done again: %+v, %v", same, err)
	}
	if back, err := s.TakeRequest(t.Context(), id, "request-1", "", 8); err != nil || back != wanted {
		t.Errorf("taken after it was done: %+v, %v", back, err)
	}
	if waiting, _, err := s.WaitingRequests(t.Context(), CareQuery{}); err != nil || len(waiting) != 0 {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
	if list, _, err := s.DoneRequests(t.Context(), 0, clock.Now().UnixMilli(), CareQuery{}); err != nil || len(list) != 1 || list[0] != wanted {
		t.Errorf("done: %+v, %v", list, err)
	}
	_, err = s.TakeRequest(t.Context(), id, "request-9", "", 8)
	refusedWith(t, err, ErrNotFound)
	if found := holding(t, s, "张奶奶"); len(found) > 0 {
		t.Errorf("a neighbour's name is in the clear in %q", found)
	}
}

func TestFloodingOfOnePersonIsBounded(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	who := patient(t, s, 1)
	flood := func(n int, send func(id string) error) (taken int) {
		t.Helper()
		for i := range n {
			switch err := send(fmt.Sprintf("flood-%04d", i)); {
			case err == nil:
				taken++
			case !errors.Is(err, ErrTooMany) && !errors.Is(err, ErrContested):
				t.Fatal(err)
			}
		}
		return taken
	}
	ask := func(id string) error {
		_, err := s.OpenRequest(t.Context(), who.ID, id, "shopping", strings.Repeat("米", 200))
		return err
	}
	if n := flood(40, ask); n != 10 {
		t.Errorf("%d requests at once, want 10", n)
	}
	if n := flood(40, func(id string) error {
		_, err := s.AddReading(t.Context(), &who, DiaryReading{ID: id, At: s.now(), Temperature: 36_5})
		return err
	}); n != 8 {
		t.Errorf("%d readings on one day, want 8", n)
	}
	if n := flood(20, func(id string) error {
		_, err := s.OpenContest(t.Context(), &who, id, "不服")
		if err == nil {
			_, err = s.AnswerContest(t.Context(), who.ID, id, ContestUpheld, "查实", 8)
		}
		return err
	}); n != 3 {
		t.Errorf("%d contests on one day, want 3", n)
	}
	for i := range 10 {
		_, err := s.FinishRequest(t.Context(), who.ID, fmt.Sprintf("flood-%04d", i), "", 8)
		must(t, err)
	}
	for day := range 20 { // all is done at once, day after day
		clock.Advance(25 * time.Hour)
		for i := range 20 {
			id := fmt.Sprintf("daily-%d-%d", day, i)
			if err := ask(id); err != nil && !errors.Is(err, ErrTooMany) {
				t.Fatal(err)
			}
			if _, err := s.FinishRequest(t.Context(), who.ID, id, "", 8); err != nil && !errors.Is(err, ErrNotFound) {
				t.Fatal(err)
			}
		}
	}
	list, err := s.RequestsOf(t.Context(), []uint64{who.ID})
	if err != nil || len(list) != 60 || !strings.HasPrefix(list[0].ID, "daily-19-") {
		t.Errorf("%d requests are kept, %v; the last is %s", len(list), err, list[0].ID)
	}
	if bytes := s.rdb.MemoryUsage(t.Context(), s.keys.care(who.ID)).Val(); bytes > 100_000 {
		t.Errorf("%d bytes for one person", bytes)
	}
}

func TestCareGoesByRetentionAndWithThePerson(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	write := func(who Resident) {
		t.Helper()
		_, err := s.OpenContest(t.Context(), &who, "contest-1", "不是我")
		must(t, err)
		_, err = s.AnswerContest(t.Context(), who.ID, "contest-1", ContestUpheld, "查实", 8)
		must(t, err)
		_, err = s.OpenRequest(t.Context(), who.ID, "request-1", "rubbish", "")
		must(t, err)
		_, err = s.OpenRequest(t.Context(), who.ID, "request-2", "rubbish", "")
		must(t, err)
		_, err = s.FinishRequest(t.Context(), who.ID, "request-2", "", 8)
		must(t, err)
		_, err = s.AddReading(t.Context(), &who, DiaryReading{ID: "reading-1", At: s.now(), Temperature: 38_0})
		must(t, err)
		_, err = s.OpenContest(t.Context(), &who, "contest-2", "还是不服")
		must(t, err)
	}
	stays, held, goes := patient(t, s, 1), patient(t, s, 2), patient(t, s, 3)
	for _, who := range []Resident{stays, held, goes} {
		write(who)
	}
	mustOpenCase(t, s, Case{People: []uint64{held.ID}})
	decide(t, s, goes.ID, StatusChange{Status: StatusGreen, Ground: GroundCorrection, By: 8}) // who stays at home is not erased
	must(t, s.Erase(t.Context(), goes.ID, "boss"))
	left := func(id uint64) (kinds []string) {
		for _, kind := range kindsOf(holding(t, s, raw(id))) {
			if kind == "k" {
				kinds = append(kinds, kind)
			}
		}
		return kinds
	}
	if got := left(goes.ID); got != nil {
		t.Errorf("of who was erased %d keys of care are left", len(got))
	}
	_, err := s.OpenRequest(t.Context(), goes.ID, "request-3", "rubbish", "")
	refusedWith(t, err, ErrNotFound)

	clock.Advance(s.retention + time.Minute)
	decide(t, s, stays.ID, StatusChange{Status: StatusGreen, Ground: GroundCorrection, By: 8})
	sweep(t, s)
	tables, err := s.careTables(t.Context(), []uint64{stays.ID, held.ID})
	must(t, err)
	counts := func(c careTables) (n [4]int) {
		for i := range c {
			n[i] = len(c[i])
		}
		return n
	}
	if got := counts(tables[0]); got != [4]int{2, 1, 0, 0} { // one contest waits for its answer; the status was in force until now
		t.Errorf("statuses, contests, readings, requests past retention: %v", got)
	}
	if got := counts(tables[1]); got != [4]int{1, 2, 1, 2} {
		t.Errorf("of who is evidence: %v", got)
	}
	clock.Advance(s.retention + time.Minute)
	_, err = s.AnswerContest(t.Context(), stays.ID, "contest-2", ContestChanged, "已更正", 9)
	must(t, err)
	sweep(t, s)
	if tables, err = s.careTables(t.Context(), []uint64{stays.ID}); err != nil || counts(tables[0]) != [4]int{1, 1, 0, 0} {
		t.Errorf("later: %v, %v", counts(tables[0]), err)
	}
	if list, _, err := s.WaitingRequests(t.Context(), CareQuery{}); err != nil || len(list) != 1 || list[0].Person != held.ID {
		t.Errorf("lists name what is gone: %+v, %v", list, err)
	}
}

// A record cannot be put in the place of another one, not even of the same person.
func TestARecordOfCareOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	who := patient(t, s, 1)
	for _, id := range []string{"request-1", "request-2"} {
		_, err := s.OpenRequest(t.Context(), who.ID, id, "rubbish", id)
		must(t, err)
	}
	one, two := clientRef(who.ID, careRequest, "request-1"), clientRef(who.ID, careRequest, "request-2")
	key := s.keys.care(who.ID)
	must(t, s.rdb.HSet(t.Context(), key, one.field(), s.rdb.HGet(t.Context(), key, two.field()).Val()).Err())
	if r, err := s.Request(t.Context(), who.ID, "request-1"); err == nil {
		t.Errorf("opened as %+v", r)
	}
}

func TestCareIsSealedAnewWithTheFieldKey(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	who := patient(t, s, 1)
	asked, err := s.OpenRequest(t.Context(), who.ID, "request-1", "counsel", "睡不着")
	must(t, err)
	operator, err := Open(t.Context(), Config{
		Client: testClient(t, Tune), Prefix: s.keys.prefix, FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now, NewerKeys: []FieldKey{secondKey},
	})
	must(t, err)
	operator.barrier = 0
	must(t, operator.RotateFieldKey(t.Context(), 2, nil))
	count, err := operator.CountSealed(t.Context())
	if err != nil || count[1][SealedCare] != 0 || count[2][SealedCare] != 2 {
		t.Errorf("sealed: %v, %v", count, err)
	}
	if r, err := operator.Request(t.Context(), who.ID, "request-1"); err != nil || r != asked {
		t.Errorf("read %+v, %v", r, err)
	}
}
