package codes

import (
	"cmp"
	"slices"
	"strconv"
)

// Heights on the sheet in mm, as sheet.html has them: two households of four on a
// page, or three of two.
const (
	sheetRoom   = 262 // of an A4 page, between its header and its footer
	sheetRow    = 48  // two passes side by side
	sheetTall   = 35  // what a household keeps, with an activation code
	sheetShort  = 12  // the same without one
	sheetAcross = 2
)

// inDeliveryOrder sorts households as somebody walks from door to door; who has
// no door comes last, by name.
func inDeliveryOrder(homes []SheetHousehold) []SheetHousehold {
	homes = slices.Clone(homes)
	slices.SortStableFunc(homes, func(a, b SheetHousehold) int {
		if (a.Door == "") != (b.Door == "") {
			return cmp.Compare(b.Door, a.Door)
		}
		return cmp.Or(compareDoors(a.Door, b.Door), cmp.Compare(firstName(a), firstName(b)))
	})
	return homes
}

func firstName(home SheetHousehold) string {
	if len(home.Passes) == 0 {
		return ""
	}
	return home.Passes[0].Name
}

// paginate lays blocks onto pages in their order. Whoever does not fit on the
// rest of a page begins another one; only what is larger than a page is split.
func paginate(blocks []sheetBlock) []sheetPage {
	var pages []sheetPage
	room := 0
	for _, block := range blocks {
		parts := split(block)
		for _, part := range parts {
			if height(part) > room {
				pages, room = append(pages, sheetPage{}), sheetRoom
			}
			last := &pages[len(pages)-1]
			last.Blocks = append(last.Blocks, part)
			room -= height(part)
		}
	}
	for i := range pages {
		pages[i].Number, pages[i].Of = i+1, len(pages)
	}
	return pages
}

func height(b sheetBlock) int { return headOf(b) + (len(b.Cards)+sheetAcross-1)/sheetAcross*sheetRow }

func headOf(b sheetBlock) int {
	if b.Activation != "" {
		return sheetTall
	}
	return sheetShort
}

// split cuts a household into parts of at most a page each. The code is on the
// first.
func split(b sheetBlock) []sheetBlock {
	var parts []sheetBlock
	cards := b.Cards
	for first := true; first || len(cards) > 0; first = false {
		part := b
		if !first {
			part.Activation, part.QR = "", ""
		}
		n := min(len(cards), (sheetRoom-headOf(part))/sheetRow*sheetAcross)
		part.Cards, cards = cards[:n], cards[n:]
		parts = append(parts, part)
	}
	for i := range parts {
		parts[i].Part, parts[i].Of = i+1, len(parts)
	}
	return parts
}

// compareDoors orders numbers within the text by their value: 2-9 before 2-10.
func compareDoors(a, b string) int {
	for a != "" && b != "" {
		numA, restA := leadingNumber(a)
		numB, restB := leadingNumber(b)
		if restA != a && restB != b {
			if c := cmp.Compare(numA, numB); c != 0 {
				return c
			}
			a, b = restA, restB
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(a, b)
}

// leadingNumber cuts the digits off the start of s; up to 18 of them.
func leadingNumber(s string) (number uint64, rest string) {
	digits := 0
	for digits < len(s) && digits < 18 && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	number, _ = strconv.ParseUint(s[:digits], 10, 64) // no digits: 0, and rest is s
	return number, s[digits:]
}
