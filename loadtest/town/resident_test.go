package town_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"passgate/loadtest/town"
)

// checkCharacter follows GB 11643's own table of weights.
func checkCharacter(first17 string) byte {
	weights := [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += w * int(first17[i]-'0')
	}
	return "10X98765432"[sum%11]
}

func TestIDNumbersAreValidUniqueAndNobodys(t *testing.T) {
	t.Parallel()
	if c := checkCharacter("11010519491231002"); c != 'X' { // the standard's own example
		t.Fatalf("the test's own formula gives %c, want X", c)
	}
	const n = 200_000
	census := time.Date(2020, 2, 3, 0, 0, 0, 0, time.UTC)
	seen := make(map[string]bool, n)
	sexes := [2]int{}
	for r := range town.Residents(11, n) {
		id := r.IDNumber
		if len(id) != 18 || seen[id] {
			t.Fatalf("ID number %q has the wrong length or comes twice", id)
		}
		seen[id] = true
		if got, want := id[17], checkCharacter(id[:17]); got != want {
			t.Fatalf("ID number %s ends in %c, want %c", id, got, want)
		}
		if !strings.HasPrefix(id, "990") {
			t.Fatalf("ID number %s is outside the reserved area", id)
		}
		born, err := time.Parse("20060102", id[6:14])
		if err != nil {
			t.Fatalf("ID number %s: %v", id, err)
		}
		if born.AddDate(r.Age, 0, 0).After(census) || !born.AddDate(r.Age+1, 0, 0).After(census) {
			t.Fatalf("%s is said to be %d on %s", id, r.Age, census.Format(time.DateOnly))
		}
		if id[14:17] == "000" {
			t.Fatalf("ID number %s has the order code 000", id)
		}
		sexes[(id[16]-'0')%2]++
	}
	if len(seen) != n || sexes[0] < n*2/5 || sexes[1] < n*2/5 {
		t.Errorf("%d people, women and men %v", len(seen), sexes)
	}
}

func TestNamesAndPhonesAreSafeAndNobodys(t *testing.T) {
	t.Parallel()
	phones := regexp.MustCompile(`^154\d{8}$`)
	owner := map[string]string{}
	var rare, two, dotted, extension, without, shared int
	for r := range town.Residents(12, 50_000) {
		if r.Name == "" || strings.ContainsAny(r.Name[:1], "=+-@") {
			t.Fatalf("name %q is empty or begins a formula", r.Name)
		}
		for _, c := range r.Name {
			if unicode.IsControl(c) || unicode.IsSpace(c) || c == unicode.ReplacementChar {
				t.Fatalf("name %q holds %U", r.Name, c)
			}
			if c > 0xFFFF {
				rare++
			}
		}
		two += strings.Count(r.Name, "欧阳")
		dotted += strings.Count(r.Name, "·")
		extension += strings.Count(r.Name, "㛃")
		switch home, taken := owner[r.Phone]; {
		case r.Phone == "" && r.Age < 75:
			t.Fatalf("%s, %d, has no phone", r.Name, r.Age)
		case r.Phone == "":
			without++
		case !phones.MatchString(r.Phone):
			t.Fatalf("phone %q", r.Phone)
		case taken && (home != r.Household || r.Age >= 14):
			t.Fatalf("phone %s of %s, %d, is somebody else's", r.Phone, r.Name, r.Age)
		case taken:
			shared++
		}
		owner[r.Phone] = r.Household
	}
	if rare == 0 || two == 0 || dotted == 0 || extension == 0 || without == 0 || shared == 0 {
		t.Errorf("above U+FFFF %d, 欧阳 %d, dotted %d, 㛃 %d, without phone %d, sharing %d: want some of each",
			rare, two, dotted, extension, without, shared)
	}
}

func TestHouseholdsFillTheTownAsStated(t *testing.T) {
	t.Parallel()
	const n = 100_000
	type home struct {
		people int
		first  town.Resident
	}
	homes := map[string]*home{}
	grids := map[string]int{}
	villagers := 0
	for r := range town.Residents(13, n) {
		h := homes[r.Household]
		if h == nil {
			h = &home{first: r}
			homes[r.Household] = h
		}
		h.people++
		if r.Site != h.first.Site || r.Door != h.first.Door || r.Grid != h.first.Grid || r.Household != r.Site+"/"+r.Door {
			t.Fatalf("%+v and %+v share a household", r, h.first)
		}
		if !strings.HasPrefix(r.Grid, r.Site+"-m") {
			t.Fatalf("%+v: the micro-grid is not the site's", r)
		}
		if len(r.Site) == 12 {
			villagers++
		}
		grids[r.Grid]++
	}
	if mean := n / float64(len(homes)); mean < 2.5 || mean > 2.7 {
		t.Errorf("%.2f people a household, want 2.6", mean)
	}
	for name, h := range homes {
		if h.people > 6 {
			t.Errorf("%d people in %s", h.people, name)
		}
	}
	if share := float64(villagers) / n; share < 0.34 || share > 0.36 {
		t.Errorf("%.3f of the people live in villages, want 0.35", share)
	}
	known := map[string]bool{}
	for _, g := range town.Grid() {
		known[g.ID] = true
		if g.Level == 4 && (grids[g.ID] < 40 || grids[g.ID] > 300) {
			t.Errorf("micro-grid %s has %d of 100,000 people, want about 117", g.ID, grids[g.ID])
		}
	}
	for id := range grids {
		if !known[id] {
			t.Errorf("people live in %s, which is not in the grid", id)
		}
	}
}

func TestResidentsFollowFromTheSeed(t *testing.T) {
	t.Parallel()
	write := func(seed uint64, n int) string {
		var b bytes.Buffer
		if err := town.WriteCSV(&b, town.Residents(seed, n)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	once := write(14, 3000)
	if once != write(14, 3000) {
		t.Error("the same seed gives other residents")
	}
	if !strings.HasPrefix(once, write(14, 1234)) {
		t.Error("a smaller population is not the beginning of a larger one")
	}
	if once == write(15, 3000) {
		t.Error("another seed gives the same residents")
	}
	if write(14, 0) != write(14, -1) || strings.Count(write(14, 0), "\n") != 1 {
		t.Error("no residents are more than a header")
	}
}

func TestTheEnrolmentFileReadsBack(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := town.WriteCSV(&b, town.Residents(16, 500)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if header := strings.Join(rows[0], ","); header != "name,id_number,phone,site,door,grid" {
		t.Errorf("header %s", header)
	}
	i := 1
	for r := range town.Residents(16, 500) {
		if want := []string{r.Name, r.IDNumber, r.Phone, r.Site, r.Door, r.Grid}; !slices.Equal(rows[i], want) {
			t.Errorf("row %d is %q, want %q", i, rows[i], want)
		}
		i++
	}
	if i != len(rows) {
		t.Errorf("%d rows, want %d", len(rows), i)
	}
}

type fullDisk struct{ room int }

var errFull = errors.New("disk full")

func (d *fullDisk) Write(p []byte) (int, error) {
	d.room -= len(p)
	if d.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAFailingWriterIsReported(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 10_000} {
		if err := town.WriteCSV(&fullDisk{room}, town.Residents(17, 5000)); !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes the error is %v, want the disk's", room, err)
		}
	}
}

func TestHomeSitesAreTheResidentsOwn(t *testing.T) {
	t.Parallel()
	sites := town.Sites()
	homes := town.HomeSites(18, 5000)
	i := 0
	for r := range town.Residents(18, 5000) {
		if got := sites[homes[i]].Code; got != r.Site {
			t.Fatalf("resident %s lives at %s, HomeSites says %s", strconv.Itoa(i), r.Site, got)
		}
		i++
	}
	if i != len(homes) {
		t.Errorf("%d homes for %d residents", len(homes), i)
	}
}

func BenchmarkResidents(b *testing.B) {
	b.ReportAllocs()
	for range town.Residents(1, b.N) {
	}
}
