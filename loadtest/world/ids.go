package world

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"passgate/loadtest/town"
)

// learnedAtOnce is how many people are matched to their IDs in one go, at 16
// bytes each. In a larger town the residents are gone through again for the
// sites that are left.
const learnedAtOnce = 1 << 20

// numbered is somebody's ID number, packed, and their number in the town.
type numbered struct {
	document uint64
	person   uint32
}

// learnIDs reads the residents of every site, as an office would export them, and
// finds out who is who by the ID number.
func (p *preparation) learnIDs(ctx context.Context) error {
	perSite := make([]int, len(town.Sites()))
	for _, home := range town.HomeSites(p.Seed, p.People) {
		perSite[home]++
	}
	sites, learned := town.Sites(), 0
	for from := 0; from < len(sites); {
		some, to := 0, from
		for ; to < len(sites) && (some == 0 || some+perSite[to] <= learnedAtOnce); to++ {
			some += perSite[to]
		}
		people := make([]numbered, 0, some)
		which := map[string]bool{}
		for _, s := range sites[from:to] {
			which[s.Code] = true
		}
		number := uint32(0)
		for r := range town.Residents(p.Seed, p.People) {
			if which[r.Site] {
				document, err := packDocument(r.IDNumber)
				if err != nil {
					return err
				}
				people = append(people, numbered{document, number})
			}
			number++
		}
		slices.SortFunc(people, func(a, b numbered) int { return cmp.Compare(a.document, b.document) })
		for i := from; i < to; i++ {
			if perSite[i] == 0 {
				continue
			}
			if err := p.learnSite(ctx, sites[i].Code, people); err != nil {
				return err
			}
			learned += perSite[i]
			p.Progress("IDs", learned, p.People)
		}
		from = to
	}
	if i := slices.Index(p.world.ids, 0); i >= 0 {
		return fmt.Errorf("world: the server's export does not hold resident %d", i)
	}
	return nil
}

// learnSite finds the IDs of a site's residents. People whom the town does not
// have are somebody else's.
func (p *preparation) learnSite(ctx context.Context, site string, people []numbered) error {
	lines, err := p.api.send(ctx, http.MethodGet, "/v1/residents?site="+url.QueryEscape(site), "", "application/x-ndjson", nil)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(lines) {
		var one struct {
			ID       string `json:"id"`
			IDNumber string `json:"id_number"`
		}
		if err := decode(line, &one); err != nil {
			return err
		}
		document, err := packDocument(one.IDNumber)
		if err != nil {
			continue // a passport, say
		}
		at, found := slices.BinarySearchFunc(people, document, func(n numbered, d uint64) int { return cmp.Compare(n.document, d) })
		if !found {
			continue
		}
		if p.world.ids[people[at].person], err = strconv.ParseUint(one.ID, 16, 64); err != nil {
			return fmt.Errorf("world: export of %s: ID %q", site, one.ID)
		}
	}
	return nil
}

// packDocument puts an 18-digit ID number into 64 bits; the last digit follows
// from the others.
func packDocument(number string) (uint64, error) {
	if len(number) != 18 {
		return 0, fmt.Errorf("world: an ID number of %d characters", len(number))
	}
	v, err := strconv.ParseUint(number[:17], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("world: an ID number that is no number")
	}
	return v, nil
}

func decode(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("world: the answer is not as expected: %w", err)
	}
	return nil
}
