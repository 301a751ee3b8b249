package town

import "sort"

// Population gives any person of a town by number, without those before them. It
// is for towns that are too large to be listed: a million people take 100 KB.
// It never changes and is safe for concurrent use.
type Population struct {
	seed   uint64
	people int
	place  *place
	marks  []uint32 // number of the first person of every marked household
}

// homesPerMark is the distance of the marks in households. To find somebody, half
// as many households are looked at, in about half a microsecond.
const homesPerMark = 16

// Person is what follows from a person's number.
type Person struct {
	Number    int
	Household int  // number of the household, counted over the whole town
	Site      int  // home, as an index into Sites
	Age       int  // as Resident has it
	Male      bool // as the ID number has it
	Phone     bool // carries a phone of their own that shows a pass; the others carry paper
	// Place is where the person spends working days, as an index into Sites or
	// Schools by Errand: None for those who stay at home.
	Errand Errand
	Place  int
}

// Errand is what somebody goes out for on a working day.
type Errand uint8

// The errands.
const (
	ErrandNone Errand = iota
	ErrandWork
	ErrandSchool
)

// What people do, by age. The shares are assumptions for a county town.
const (
	schoolFrom, schoolTo = 6, 17
	workFrom, workTo     = 18, 59
	workingShare         = 0.6 // of those of working age, at one of the enterprises
	// appShare of those with a phone of their own show a pass on it.
	appShare = 0.7
)

// NewPopulation is the population of the seed. people is at least 0 and at most
// 10 million, as for Residents, which has the same people by the same numbers.
func NewPopulation(seed uint64, people int) *Population {
	p := &Population{seed: seed, people: max(people, 0), place: thePlace()}
	for household, first := 0, 0; first < p.people; household++ {
		if household%homesPerMark == 0 {
			p.marks = append(p.marks, uint32(first)) // #nosec G115 -- at most 10 million
		}
		first += settle(p.place, seed, household).size
	}
	return p
}

// People is how many there are.
func (p *Population) People() int { return p.people }

// Person gives one of them; number is from 0 to People()-1.
func (p *Population) Person(number int) Person {
	mark := sort.Search(len(p.marks), func(i int) bool { return int(p.marks[i]) > number }) - 1
	household, first := mark*homesPerMark, int(p.marks[mark])
	h := settle(p.place, p.seed, household)
	for number >= first+h.size {
		first += h.size
		household++
		h = settle(p.place, p.seed, household)
	}
	d := h.dice
	member := h.parts(&d)[number-first]
	v := Person{Number: number, Household: household, Site: h.site, Age: member.age, Male: member.male}
	p.live(&v)
	return v
}

// live draws where somebody belongs, from a sequence of their own.
func (p *Population) live(v *Person) {
	d := roll(saltHabits, p.seed, uint64(v.Number)) // #nosec G115 -- an index
	v.Phone = v.Age >= phoneFromAge && d.chance(appShare)
	switch {
	case v.Age >= schoolFrom && v.Age <= schoolTo:
		v.Errand, v.Place = ErrandSchool, v.Site%SchoolCount
	case v.Age >= workFrom && v.Age <= workTo && d.chance(workingShare):
		works := p.place.public[KindEnterprise]
		w := roll(saltWorkplace, p.seed, uint64(v.Number)) // #nosec G115 -- an index
		v.Errand, v.Place = ErrandWork, works[w.below(len(works))]
	}
}

// Shop gives the site of a walk to the shops, the mall or the pharmacy, as an
// index into Sites, by a number that the caller draws.
func (p *Population) Shop(draw uint64) (site int) {
	d := roll(saltPublicSite, p.seed, draw)
	sites := p.place.public[errands[d.pick(errandShare)]]
	return sites[d.below(len(sites))]
}
