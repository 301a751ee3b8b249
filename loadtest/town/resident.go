package town

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
)

// Resident is one made-up person.
type Resident struct {
	Name      string // never empty; may hold characters above U+FFFF or a middle dot
	IDNumber  string // 18 digits, valid by GB 11643, unique; the area is assigned to nobody
	Phone     string // 11 digits, unassigned; a child has a parent's, some of the old have none (empty)
	Site      string // code of the village or compound
	Door      string // unique to the household within its site
	Grid      string // ID of the micro-grid
	Household string // site code, a slash and the door
	Age       int    // completed years on 3 February 2020
}

// Ages that change what someone has.
const (
	phoneFromAge = 14 // younger children are reached by a parent's phone
	oldFromAge   = 75 // from here on one in three has no phone
)

// householdSizes are cumulative shares of households with 1 to 6 people, near
// those of China about 2020; the mean is 2.6.
var householdSizes = []float64{0.25, 0.55, 0.76, 0.89, 0.955, 1}

// Households that share a building of a compound, and a row of a village. A
// building or a row belongs to one micro-grid.
const (
	perBuilding = 48 // 4 entrances × 6 floors × 2 doors
	perRow      = 12
)

// Residents streams the first n residents of the population that belongs to the
// seed, household by household: 35 % of the households in villages, 65 % in
// compounds. n is at most 10 million, the number for which unique ID numbers
// are certain; a negative n gives none. It can be ranged over again.
func Residents(seed uint64, n int) iter.Seq[Resident] {
	return func(yield func(Resident) bool) {
		p := thePlace()
		issued := new(register)
		doors := make([]int, p.residential)
		for household, index := 0, 0; index < n; household++ {
			h := settle(p, seed, household)
			home := Resident{Site: p.sites[h.site].Code}
			home.Door, home.Grid = p.door(h.site, doors[h.site])
			home.Household = home.Site + "/" + home.Door
			doors[h.site]++
			for _, r := range h.people(issued, index, home) {
				if index == n {
					return
				}
				if !yield(r) {
					return
				}
				index++
			}
		}
	}
}

// HomeSites gives the home of each of the first n residents as an index into
// Sites: the compact view of a population that Movements needs. It is much
// faster than going through Residents.
func HomeSites(seed uint64, n int) []uint16 {
	p := thePlace()
	homes := make([]uint16, 0, max(n, 0))
	for household := 0; len(homes) < n; household++ {
		h := settle(p, seed, household)
		for range min(h.size, n-len(homes)) {
			homes = append(homes, uint16(h.site)) // #nosec G115 -- a town has a few hundred sites
		}
	}
	return homes
}

// household is where one is and how many live there, and the dice that say who.
type household struct {
	site, size int
	dice       dice
}

func settle(p *place, seed uint64, number int) household {
	d := roll(saltHousehold, seed, uint64(number)) // #nosec G115 -- counts up from 0
	site := d.pick(p.settle)
	return household{site: site, size: 1 + d.pick(householdSizes), dice: d}
}

// door gives the address of a site's k-th household and its micro-grid. The
// micro-grids fill evenly, each with buildings or rows of its own.
func (p *place) door(site, k int) (door, microGrid string) {
	many := p.microGrids[site]
	at, in := k%many, k/many
	microGrid = microGridID(p.sites[site].Code, at)
	if p.sites[site].Kind == KindVillage {
		return fmt.Sprintf("%d排%d号", in/perRow*many+at+1, in%perRow+1), microGrid
	}
	building, room := in/perBuilding*many+at+1, in%perBuilding
	entrance, floor := room/12+1, room%12/2+1
	return fmt.Sprintf("%d号楼%d单元%d%02d", building, entrance, floor, room%2+1), microGrid
}

// part is somebody's place in a household.
type part struct {
	age       int
	male      bool
	marriedIn bool // keeps a surname of their own
}

// people fills a household: somebody alone, a couple, then children, then the
// husband's parents. Resident numbers count on from first.
func (h household) people(issued *register, first int, home Resident) []Resident {
	d := h.dice
	parts := h.parts(&d)
	surname, minority := d.surname(), d.chance(minorityShare)
	people := make([]Resident, len(parts))
	for i, member := range parts {
		r := home
		r.Age = member.age
		family := surname
		if member.marriedIn {
			family = d.surname()
		}
		if minority {
			r.Name = d.minorityName(member.male)
		} else {
			r.Name = family + d.givenName(member.male)
		}
		// Born 1 to 363 days before the birthday that completed the years:
		// clear of the birthday itself, whichever of the years were leap years.
		days := (member.age*1461+3)/4 + 1 + d.below(363)
		r.IDNumber = issued.idNumber(days, member.male)
		switch {
		case member.age < phoneFromAge:
			r.Phone = people[0].Phone
		case member.age >= oldFromAge && d.chance(1.0/3):
			r.Phone = ""
		default:
			r.Phone = phone(first + i)
		}
		people[i] = r
	}
	return people
}

func (h household) parts(d *dice) []part {
	if h.size == 1 {
		return []part{{age: 20 + d.below(70), male: d.chance(0.5)}}
	}
	if h.size == 2 {
		age := 24 + d.below(62)
		return []part{{age: age, male: true}, {age: max(20, age-d.below(5)), marriedIn: true}}
	}
	age := 26 + d.below(26)
	parts := []part{{age: age, male: true}, {age: max(20, age-d.below(5)), marriedIn: true}}
	children := min(h.size-2, 1+d.below(2))
	for range children {
		parts = append(parts, part{age: d.below(age - 22), male: d.chance(0.52)})
	}
	for i := range h.size - 2 - children {
		// The grandfather first, then the grandmother, then a great-grandmother.
		older := 22 + d.below(5)
		switch i {
		case 0:
			parts = append(parts, part{age: age + older, male: true})
		case 1:
			parts = append(parts, part{age: age + older - 1, marriedIn: true})
		default:
			parts = append(parts, part{age: min(maxAge, age+older+21), marriedIn: true})
		}
	}
	return parts
}

// WriteCSV writes residents as the enrolment file: UTF-8, the header
// name,id_number,phone,site,door,grid and one row each. An error is w's own.
func WriteCSV(w io.Writer, residents iter.Seq[Resident]) error {
	out := csv.NewWriter(w) // buffers, and keeps the first error until the end
	row := []string{"name", "id_number", "phone", "site", "door", "grid"}
	if err := out.Write(row); err != nil {
		return fmt.Errorf("write residents: %w", err)
	}
	for r := range residents {
		row[0], row[1], row[2], row[3], row[4], row[5] = r.Name, r.IDNumber, r.Phone, r.Site, r.Door, r.Grid
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write residents: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write residents: %w", err)
	}
	return nil
}
