package town

import (
	"bytes"
	_ "embed" // the real list of villages and committees
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Kinds of sites.
const (
	KindVillage    = "village"
	KindCompound   = "compound"
	KindMall       = "mall"
	KindMarket     = "market"
	KindShop       = "shop"
	KindEnterprise = "enterprise"
	KindPharmacy   = "pharmacy"
)

// RootGrid is the ID of the grid's only level-1 node, the subdistrict.
const RootGrid = "xushang"

// Site is a place with gates: one where people live, or a public one.
type Site struct {
	Code          string // unique; a village's official 12 digits, a compound's committee code and a number, or mall-01
	Name          string // as people say it
	Kind          string // village, compound, mall, market, shop, enterprise or pharmacy
	Grid          string // ID of the level-3 grid node that answers for it
	Committee     string // official code of the residents' committee; compounds only, else empty
	TemperatureOn string // the directions in which a temperature is taken: in, out, both or none
	AntiPassback  string // what a second entry without an exit leads to: off, warn or deny
	Closed        bool   // nobody may enter
}

// Residential says whether people live at the site.
func (s Site) Residential() bool { return s.Kind == KindVillage || s.Kind == KindCompound }

// takesTemperature says whether a reading is due in the direction.
func (s Site) takesTemperature(direction string) bool {
	return s.TemperatureOn == "both" || s.TemperatureOn == direction
}

// Gate is an entrance of a site. A residential site has exactly one.
type Gate struct {
	Code string // unique: the site's code and -g1, -g2
	Name string
	Site string // the site's code
	Open bool   // shut only at a closed site
}

// GridNode is a node of the four-level grid.
type GridNode struct {
	ID     string // unique; that of a village or compound is its site code
	Parent string // ID of the node above; empty for the root
	Name   string
	Level  int // 1 subdistrict, 2 area, 3 community, village or compound, 4 micro-grid
}

// Sites gives all sites: villages, then compounds, then public ones. The slice
// is the caller's own; the index of a site in it is the same in every run.
func Sites() []Site { return slices.Clone(thePlace().sites) }

// Gates gives all gates, in the order of their sites.
func Gates() []Gate { return slices.Clone(thePlace().gates) }

// Grid gives all grid nodes; a parent always comes before its children.
func Grid() []GridNode { return slices.Clone(thePlace().grid) }

// place is the whole town, read-only once built.
type place struct {
	sites []Site
	gates []Gate
	grid  []GridNode

	residential int       // the first so many sites are where people live
	settle      []float64 // cumulative share of the households, by residential site
	microGrids  []int     // how many micro-grids, by residential site
	gateCodes   [][]string
	public      map[string][]int // indexes of the open public sites, by kind
}

//go:embed data/xushang_370126001_villages.csv
var villagesCSV []byte

// thePlace builds the town once. Its only input is embedded, so a fault in it
// is a fault of the build and not of whoever calls.
var thePlace = sync.OnceValue(func() *place {
	committees, villages, err := readNeighbourhoods(villagesCSV)
	if err != nil {
		panic(fmt.Sprintf("town: embedded data: %v", err))
	}
	p := &place{public: make(map[string][]int)}
	p.grid = append(p.grid, GridNode{ID: RootGrid, Name: "许商街道", Level: 1})
	for i, numeral := range areaNumerals {
		p.grid = append(p.grid, GridNode{ID: areaID(i), Parent: RootGrid, Name: "第" + numeral + "管区", Level: 2})
	}
	communities := p.addCommunities(committees)
	p.addVillages(villages)
	p.addCompounds(committees)
	p.residential = len(p.sites)
	p.settlePeople()
	p.addMicroGrids()
	p.addPublicSites(communities)
	p.addGates()
	return p
})

// neighbourhood is a row of the official list.
type neighbourhood struct{ code, name string }

// readNeighbourhoods parts the official list into residents' committees, named
// like 力诺社区, and villages, named like 佟道口村.
func readNeighbourhoods(list []byte) (committees, villages []neighbourhood, err error) {
	rows, err := csv.NewReader(bytes.NewReader(list)).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("list of villages: %w", err)
	}
	for _, row := range rows[min(1, len(rows)):] {
		code, name := row[0], row[1]
		if short, ok := strings.CutSuffix(name, "村民委员会"); ok {
			// 商南新村 ends in 村 already and is not called 商南新村村.
			villages = append(villages, neighbourhood{code, strings.TrimSuffix(short, "村") + "村"})
			continue
		}
		short, ok := strings.CutSuffix(name, "居民委员会")
		if !ok {
			return nil, nil, fmt.Errorf("list of villages: %s is neither a village nor a committee", name)
		}
		committees = append(committees, neighbourhood{code, short})
	}
	return committees, villages, nil
}
