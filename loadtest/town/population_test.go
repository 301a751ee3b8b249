package town

import (
	"os"
	"runtime"
	"testing"
)

// TestPersonIsTheResidentOfThatNumber: what is computed on demand is what the
// stream has.
func TestPersonIsTheResidentOfThatNumber(t *testing.T) {
	t.Parallel()
	const people = 3000
	p, sites := NewPopulation(11, people), Sites()
	i, household, before := 0, -1, ""
	for r := range Residents(11, people) {
		if r.Household != before {
			household, before = household+1, r.Household
		}
		v := p.Person(i)
		male := (r.IDNumber[16]-'0')%2 == 1
		if v.Number != i || v.Household != household || sites[v.Site].Code != r.Site || v.Age != r.Age || v.Male != male {
			t.Fatalf("%d is %+v, the stream has %+v", i, v, r)
		}
		i++
	}
}

func TestEverybodyHasAPlaceByAge(t *testing.T) {
	t.Parallel()
	const people = 20_000
	p, sites := NewPopulation(3, people), Sites()
	working, grown, phones := 0.0, 0.0, 0.0
	for i := range people {
		v := p.Person(i)
		school := v.Age >= schoolFrom && v.Age <= schoolTo
		switch {
		case school != (v.Errand == ErrandSchool):
			t.Fatalf("%+v", v)
		case v.Errand == ErrandSchool && v.Place >= SchoolCount, v.Errand == ErrandWork && sites[v.Place].Kind != KindEnterprise:
			t.Fatalf("%+v", v)
		}
		if v.Age >= workFrom && v.Age <= workTo {
			grown++
			if v.Errand == ErrandWork {
				working++
			}
		}
		if v.Phone {
			phones++
		}
	}
	if share := working / grown; share < workingShare-0.02 || share > workingShare+0.02 {
		t.Errorf("%.2f of those of working age work", share)
	}
	if share := phones / people; share < 0.5 || share > appShare {
		t.Errorf("%.2f of all carry a phone of their own", share)
	}
}

// TestMemoryDoesNotGrowWithTheTown enrols nobody, but goes through towns of
// 10,000 to 10 million people as an import does, and asks for some at random.
func TestMemoryDoesNotGrowWithTheTown(t *testing.T) {
	towns := []int{10_000, 100_000}
	if os.Getenv("PASSGATE_LONG") != "" {
		towns = []int{10_000, 1_000_000, 10_000_000}
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	thePlace() // is there once
	for _, people := range towns {
		before := heap()
		p := NewPopulation(1, people)
		number, most := 0, uint64(0)
		for range Residents(1, people) {
			if number++; number%(people/3) == 0 {
				most = max(most, heap())
			}
		}
		for i := range 1000 {
			p.Person(i * (people / 1000))
		}
		// The register of ID numbers, and the marks at about a tenth of a byte each.
		if grown := int64(most) - int64(before); grown > 2<<20+int64(people)/8 {
			t.Errorf("%d people take %d KB", people, grown>>10)
		} else {
			t.Logf("%d people take %d KB", people, grown>>10)
		}
		runtime.KeepAlive(p)
	}
}

func BenchmarkPerson(b *testing.B) {
	p, i := NewPopulation(1, 1_000_000), 0
	for b.Loop() {
		i = (i + 618_033) % 1_000_000
		p.Person(i)
	}
}
