package checkpoint

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// household makes n rows of one home, with documents from first on.
func household(first, n int, door string) []NewResident {
	rows := make([]NewResident, n)
	for i := range rows {
		rows[i] = NewResident{
			Name: "王小" + string(rune('一'+i)), IDNumber: idNumber(first + i),
			Phone: fmt.Sprintf("138%08d", first+i), Site: "v-01", Door: door,
		}
	}
	return rows
}

// enrolled enrols rows of which none may fail.
func enrolled(t *testing.T, s *Store, rows ...NewResident) []EnrolResult {
	t.Helper()
	results, err := s.Enrol(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("row %d: %v", i+1, r.Err)
		}
	}
	return results
}

func TestEnrolledPersonIsFoundAndRead(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	row := NewResident{
		Name: "欧阳小明", IDNumber: "１１０１０５１９４９１２３１００２ｘ", Phone: "+86 138 0013 8000",
		Site: "v-01", Door: "3－2－501", Grid: "mg-1", Status: StatusYellow,
	}
	got := enrolled(t, s, row)[0]
	if !got.Created || got.Changed {
		t.Fatalf("enrolling gave %+v", got)
	}
	person, err := s.Resident(t.Context(), got.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := Resident{
		ID: got.ID, Kind: KindResident, Name: "欧阳小明", NameMasked: "欧阳**", IDNumber: "11010519491231002X",
		Phone: "13800138000", Site: "v-01", Door: "3-2-501", Grid: "mg-1", Status: StatusYellow, CreatedAt: s.now(),
		Household: s.seal.blind("household", "v-01\x003-2-501"),
	}
	if person != want {
		t.Fatalf("read\n%+v, want\n%+v", person, want)
	}
	if id, err := s.FindByDocument(t.Context(), "１１０１０５１９４９１２３１００２Ｘ"); err != nil || id != got.ID {
		t.Fatalf("found by document: %x, %v", id, err)
	}
	if ids, err := s.FindByPhone(t.Context(), "138-0013-8000"); err != nil || !slices.Equal(ids, []uint64{got.ID}) {
		t.Fatalf("found by phone: %x, %v", ids, err)
	}
	views, err := s.Views(t.Context(), []uint64{got.ID, got.ID ^ 1})
	if err != nil || len(views) != 1 || views[got.ID] != (PersonView{got.ID, "欧阳**", KindResident, "v-01", nil, want.Grid}) {
		t.Fatalf("views: %+v, %v", views, err)
	}
}

func TestEnrollingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	rows := household(0, 30, "1-101")
	rows = append(rows, NewResident{Name: "李雷", IDNumber: idNumber(99), Site: "c-01"}) // no phone, no door
	first := enrolled(t, s, rows...)
	before := contents(t, s)
	for i, r := range enrolled(t, s, rows...) {
		if r.ID != first[i].ID || r.Created || r.Changed {
			t.Fatalf("row %d again: %+v, first %+v", i+1, r, first[i])
		}
	}
	if after := contents(t, s); before != after {
		t.Fatal("the second import changed what is stored")
	}
}

func TestHouseholdSharesPartition(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	used := map[int]bool{}
	for h := range 40 {
		results := enrolled(t, s, household(10*h, 4, fmt.Sprintf("%d-%d", h/10, h))...)
		for _, r := range results {
			if partitionOf(r.ID) != partitionOf(results[0].ID) {
				t.Fatal("one household lies in two partitions")
			}
		}
		used[partitionOf(results[0].ID)] = true
	}
	if len(used) < 15 {
		t.Fatalf("40 households lie in %d partitions", len(used))
	}
}

func TestBadRowsKeepNoOtherFromGoingIn(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	good := NewResident{Name: "王明", IDNumber: idNumber(1), Site: "v-01", Door: "1"}
	change := func(fn func(*NewResident)) NewResident {
		r := good
		r.IDNumber = idNumber(2)
		fn(&r)
		return r
	}
	bad := []struct {
		row        NewResident
		field, why string
	}{
		{change(func(r *NewResident) { r.Name = "" }), "name", "missing"},
		{change(func(r *NewResident) { r.IDNumber = "1.1E+17" }), "id_number", "Excel"},
		{change(func(r *NewResident) { r.Phone = "123" }), "phone", "mobile"},
		{change(func(r *NewResident) { r.Site = "" }), "site", "missing"},
		{change(func(r *NewResident) { r.Site = "nowhere" }), "site", "known"},
		{change(func(r *NewResident) { r.Site = "mall-01" }), "site", "nobody lives"},
		{change(func(r *NewResident) { r.Grid = "mg-77" }), "grid", "not a node"},
		{change(func(r *NewResident) { r.Site, r.Grid = "c-01", "mg-2" }), "grid", "below"},
		{change(func(r *NewResident) { r.Door = "1\x00" }), "door", "control"},
		{change(func(r *NewResident) { r.Status = 77 }), "status", "not a status"},
		{change(func(r *NewResident) { r.IDNumber, r.Name = good.IDNumber, "王亮" }), "id_number", "row 1 already"},
	}
	rows := []NewResident{good}
	for _, b := range bad {
		rows = append(rows, b.row)
	}
	last := change(func(r *NewResident) { r.IDNumber = idNumber(3) })
	rows = append(rows, last, last)
	results, err := s.Enrol(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range bad {
		fieldError(t, results[i+1].Err, b.field, b.why)
	}
	first, twin := results[len(rows)-2], results[len(rows)-1]
	if results[0].Err != nil || !results[0].Created || first.Err != nil || !first.Created {
		t.Fatalf("good rows: %+v, %+v", results[0], first)
	}
	if twin.ID != first.ID || twin.Created || twin.Err != nil {
		t.Fatalf("the same row again in one call: %+v, want the person %x", twin, first.ID)
	}
	if n := len(export(t, s)); n != 2 {
		t.Fatalf("%d people are enrolled, want 2", n)
	}
}

func TestRowsOfKnownPeople(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	row := household(0, 1, "5-1")[0]
	id := enrolled(t, s, row)[0].ID
	if err := s.SetStatus(t.Context(), id, StatusObservation); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Revoke(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s.rdb.HSet(t.Context(), s.keys.person(id), "lt", "17", "ld", "i") // where scans keep their state

	moved := row
	moved.Phone, moved.Grid, moved.Door = "13911112222", "mg-1", doorIn(t, s, partitionOf(id), "v-01")
	if r := enrolled(t, s, moved)[0]; r.ID != id || r.Created || !r.Changed {
		t.Fatalf("new phone, grid and door: %+v", r)
	}
	person, err := s.Resident(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if person.Phone != moved.Phone || person.Door != moved.Door || person.Grid != "mg-1" ||
		person.Status != StatusObservation || person.Generation != 1 {
		t.Fatalf("after the change: %+v", person)
	}
	if v := s.rdb.HGet(t.Context(), s.keys.person(id), "lt").Val(); v != "17" {
		t.Fatalf("enrolling again touched the state of scans: lt is %q", v)
	}
	if ids, err := s.FindByPhone(t.Context(), row.Phone); err != nil || len(ids) != 0 {
		t.Fatalf("the old phone still finds %x, %v", ids, err)
	}
	old := s.seal.blind("phone", row.Phone)
	if s.rdb.HExists(t.Context(), s.keys.index(firstVersion, "f", old), raw(old)).Val() {
		t.Fatal("the index still holds the old phone")
	}
	if ids, _ := s.FindByPhone(t.Context(), moved.Phone); !slices.Equal(ids, []uint64{id}) {
		t.Fatalf("the new phone finds %x", ids)
	}

	silent := NewResident{Name: row.Name, IDNumber: row.IDNumber, Site: "v-01"}
	if r := enrolled(t, s, silent)[0]; r.ID != id || r.Changed {
		t.Fatalf("a row that leaves phone, door and grid empty: %+v", r)
	}
	other := moved
	other.Site, other.Door = "c-01", doorIn(t, s, partitionOf(id), "c-01")
	other.Grid = ""
	if r := enrolled(t, s, other)[0]; !r.Changed {
		t.Fatalf("another site in the same partition: %+v", r)
	}
	if got := membersOf(t, s, "v-01"); len(got) != 0 {
		t.Fatalf("the old site still lists %x", got)
	}
	if got := membersOf(t, s, "c-01"); !slices.Equal(got, []uint64{id}) {
		t.Fatalf("the new site lists %x", got)
	}
	far := other
	far.Door = doorIn(t, s, (partitionOf(id)+1)%Partitions, "c-01")
	renamed := other
	renamed.Name = "赵四"
	for _, c := range []struct {
		row        NewResident
		field, why string
	}{{far, "door", "separate operation"}, {renamed, "name", "another name"}} {
		results, err := s.Enrol(t.Context(), []NewResident{c.row})
		if err != nil {
			t.Fatal(err)
		}
		fieldError(t, results[0].Err, c.field, c.why)
	}
}

// doorIn finds a door of a site whose household lies in partition p.
func doorIn(t *testing.T, s *Store, p int, site string) string {
	t.Helper()
	for n := range 10_000 {
		door := fmt.Sprintf("9-%d", n)
		if partitionOf(s.seal.blind("household", site+"\x00"+door)) == p {
			return door
		}
	}
	t.Fatal("no such door")
	return ""
}

func TestConcurrentEnrolmentsMakeOnePerson(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	rows := household(0, 20, "7-7")
	all := make([][]EnrolResult, 8)
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			var err error
			if all[i], err = s.Enrol(t.Context(), rows); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for row := range rows {
		created := 0
		for i, results := range all {
			if results[row].Err != nil || results[row].ID != all[0][row].ID {
				t.Fatalf("call %d, row %d: %+v, call 0 has %+v", i, row, results[row], all[0][row])
			}
			if results[row].Created {
				created++
			}
		}
		if created != 1 {
			t.Fatalf("row %d was created %d times", row, created)
		}
	}
	if n := len(export(t, s)); n != len(rows) {
		t.Fatalf("%d people, want %d", n, len(rows))
	}
}

func TestConcurrentChangesOfOnePersonLeaveOnePhone(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	row := household(0, 1, "1")[0]
	id := enrolled(t, s, row)[0].ID
	var wait sync.WaitGroup
	for n := range 6 {
		wait.Go(func() {
			changed := row
			changed.Phone = fmt.Sprintf("1390000000%d", n)
			if results, err := s.Enrol(t.Context(), []NewResident{changed}); err != nil || results[0].ID != id {
				t.Errorf("%+v, %v", results, err)
			}
		})
	}
	wait.Wait()
	person, err := s.Resident(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		phone := fmt.Sprintf("1390000000%d", n)
		ids, err := s.FindByPhone(t.Context(), phone)
		if err != nil || (len(ids) == 1) != (phone == person.Phone) {
			t.Errorf("phone %d finds %x, %v; the person has %s", n, ids, err, person.Phone)
		}
	}
}

// A second enrolment of the same document may read the store before the first
// has written it and write after it: then it must change nothing blindly.
func TestStaleWritersAreSentBack(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	ctx, row := t.Context(), household(0, 1, "4-4")[0]
	prepared := func(row NewResident) []*enrolment {
		e, err := s.prepareRow(s.Registry(), row, 99)
		if err != nil {
			t.Fatal(err)
		}
		_, cancel, err := s.chooseKeys(ctx, []*enrolment{e})
		must(t, err)
		t.Cleanup(cancel)
		if _, _, err := s.claim(ctx, []*enrolment{e}); err != nil {
			t.Fatal(err)
		}
		return []*enrolment{e}
	}
	results := make([]EnrolResult, 1)
	late := prepared(row)
	id := enrolled(t, s, row)[0].ID
	if err := s.SetStatus(ctx, id, StatusRed); err != nil {
		t.Fatal(err)
	}
	if existed, err := s.create(ctx, KindResident, late, results); err != nil || len(existed) != 1 {
		t.Fatalf("a late creation: %d people existed, %v", len(existed), err)
	}
	if p, err := s.Resident(ctx, id); err != nil || p.Status != StatusRed {
		t.Fatalf("a late creation left status %v, %v", p.Status, err)
	}

	slow, quick := row, row
	slow.Phone, quick.Phone = "13911111111", "13922222222"
	_, changed, err := s.compare(ctx, prepared(slow), results)
	if err != nil || len(changed) != 1 {
		t.Fatalf("a new phone: %d changes, %v", len(changed), err)
	}
	enrolled(t, s, quick)
	if lost, err := s.update(ctx, changed, results); err != nil || len(lost) != 1 {
		t.Fatalf("a late update: %d lost, %v", len(lost), err)
	}
	if p, err := s.Resident(ctx, id); err != nil || p.Phone != quick.Phone {
		t.Fatalf("a late update left phone %s, %v", p.Phone, err)
	}
}

func TestEnrolmentCutOffAfterClaimIsCompleted(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	row := household(0, 1, "2-2")[0]
	e, err := s.prepareRow(s.Registry(), row, 12345)
	if err != nil {
		t.Fatal(err)
	}
	_, cancel, err := s.chooseKeys(t.Context(), []*enrolment{e})
	must(t, err)
	defer cancel()
	if fresh, _, err := s.claim(t.Context(), []*enrolment{e}); err != nil || len(fresh) != 1 {
		t.Fatalf("claim: %d fresh, %v", len(fresh), err)
	}
	if id, err := s.FindByDocument(t.Context(), row.IDNumber); err == nil {
		t.Fatalf("a claim alone made person %x", id)
	}
	r := enrolled(t, s, row)[0]
	if r.ID != e.id || !r.Created {
		t.Fatalf("completed: %+v, want person %x", r, e.id)
	}
	if id, err := s.FindByDocument(t.Context(), row.IDNumber); err != nil || id != e.id {
		t.Fatalf("found %x, %v", id, err)
	}
	if got := membersOf(t, s, "v-01"); !slices.Equal(got, []uint64{e.id}) {
		t.Fatalf("the site lists %x", got)
	}
}

func TestPhoneIsThatOfAtMostSixteen(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	rows := household(0, 17, "3-3")
	for i := range rows {
		rows[i].Phone = "13800138000"
	}
	results, err := s.Enrol(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	fieldError(t, results[16].Err, "phone", "16 people")
	if ids, err := s.FindByPhone(t.Context(), "13800138000"); err != nil || len(ids) != 16 {
		t.Fatalf("the phone finds %d people, %v", len(ids), err)
	}
	rows[16].Phone = ""
	if r := enrolled(t, s, rows...)[16]; !r.Created {
		t.Fatalf("without the phone: %+v", r)
	}
	rows[3].Phone, rows[16].Phone = "13911112222", "13800138000"
	freed := append(enrolled(t, s, rows[3]), enrolled(t, s, rows[16])...)
	ids, err := s.FindByPhone(t.Context(), "13800138000")
	if err != nil || len(ids) != 16 || slices.Contains(ids, freed[0].ID) || !slices.Contains(ids, freed[1].ID) {
		t.Fatalf("after one made room for another the phone finds %x, %v", ids, err)
	}
}

func TestNothingStoredIsInTheClear(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	row := NewResident{Name: "司徒大明白", IDNumber: idNumber(4711), Phone: "13987654321", Site: "v-01", Door: "18-4-1602"}
	id := enrolled(t, s, row)[0].ID
	all := contents(t, s)
	if !strings.Contains(all, MaskName(row.Name)) {
		t.Fatal("the dump of the store does not even show the masked name")
	}
	for _, secret := range []string{row.Name, "大明", row.IDNumber, row.IDNumber[6:14], row.Phone, row.Door} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is stored in the clear", secret)
		}
	}
	other := enrolled(t, s, household(1, 1, "1")...)[0].ID
	blob := s.rdb.Get(t.Context(), s.keys.identity(id)).Val()
	s.rdb.Set(t.Context(), s.keys.identity(other), blob, 0)
	if p, err := s.Resident(t.Context(), other); err == nil {
		t.Fatalf("an identity moved to another person's record was read as %+v", p)
	}
}

// contents is every key of a store with its value, as text.
func contents(t *testing.T, s *Store) string {
	t.Helper()
	ctx := t.Context()
	found := allKeys(t, s)
	slices.Sort(found)
	var b strings.Builder
	for _, k := range found {
		b.WriteString(k + "\n")
		switch kind := s.rdb.Type(ctx, k).Val(); kind {
		case "hash":
			all := s.rdb.HGetAll(ctx, k).Val()
			fields := make([]string, 0, len(all))
			for f, v := range all {
				fields = append(fields, f+"="+v)
			}
			slices.Sort(fields)
			b.WriteString(strings.Join(fields, "\n"))
		case "string":
			b.WriteString(s.rdb.Get(ctx, k).Val())
		case "stream":
			fmt.Fprint(&b, s.rdb.XRange(ctx, k, "-", "+").Val())
		case "zset":
			fmt.Fprint(&b, s.rdb.ZRangeWithScores(ctx, k, 0, -1).Val())
		default:
			t.Fatalf("a key of type %s: say here how to read it", kind)
		}
	}
	return b.String()
}

// BenchmarkEnrol enrols 20,000 new people and writes the same rows as plain
// hashes through a pipeline; the ratio of the two times is the cost of
// checking, sealing, indexing and of never making a person twice.
func BenchmarkEnrol(b *testing.B) {
	const people, portion = 20_000, 5000
	s, _ := newStore(b)
	ctx := context.Background()
	villages := func(d *Draft) error {
		for n := range 180 {
			if err := d.PutSite(Site{Code: fmt.Sprintf("b-%d", n), Name: "村", Kind: Village, Grid: "area-1"}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.Change(ctx, villages); err != nil {
		b.Fatal(err)
	}
	var enrolTime, plainTime time.Duration
	for n := 0; b.Loop(); n++ {
		rows := make([]NewResident, people)
		for i := range rows {
			rows[i] = household(n*people+i, 1, fmt.Sprintf("%d-%d", n, i/3))[0]
			rows[i].Site = fmt.Sprintf("b-%d", i/100%180)
		}
		start := time.Now()
		for at := 0; at < people; at += portion {
			results, err := s.Enrol(ctx, rows[at:at+portion])
			if err != nil || !results[0].Created {
				b.Fatalf("%+v, %v", results[:1], err)
			}
		}
		enrolTime += time.Since(start)
		start = time.Now()
		for at := 0; at < people; at += portion {
			_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, r := range rows[at : at+portion] {
					p.HSet(ctx, s.keys.prefix+"plain:"+r.IDNumber, "name", r.Name, "id_number", r.IDNumber,
						"phone", r.Phone, "site", r.Site, "door", r.Door, "grid", r.Grid, "status", int(r.Status))
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		plainTime += time.Since(start)
	}
	b.ReportMetric(float64(people*b.N)/enrolTime.Seconds(), "rows/s")
	b.ReportMetric(float64(people*b.N)/plainTime.Seconds(), "plain-rows/s")
	b.ReportMetric(float64(enrolTime)/float64(plainTime), "times-plain")
}
