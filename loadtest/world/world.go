package world

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/town"
)

// World is a town that a server knows. It never changes and is safe for
// concurrent use.
type World struct {
	// Devices are the phones at the gates; Scan.Device is an index into them.
	Devices []loadtest.Device
	// People is how many residents there are, Seed who they are.
	People int
	Seed   uint64

	readyAt    int64    // UTC ms by the server's clock at which all phones were enrolled
	ids        []uint64 // of the people, by number
	breakers   []int    // numbers of those in quarantine at home, ascending
	documents  []string // ID numbers of the first people of the town
	ring       *codes.Ring
	population *town.Population
	places     []place // by site, schools last
	homes      int     // the first so many sites are where people live
	schools    int     // index of the first school
}

// place is a site with gates.
type place struct {
	code  string
	in    bool    // a temperature is taken at the entrance
	out   bool    // and at the exit
	lanes [][]int // by gate: indexes of its phones
}

// description is what Save writes beside the IDs.
type description struct {
	People    int               `json:"people"`
	Seed      uint64            `json:"seed"`
	ReadyAt   int64             `json:"ready_at"`
	Breakers  []int             `json:"in_quarantine"`
	Documents []string          `json:"documents"`
	Devices   []loadtest.Device `json:"devices"`
}

const (
	descriptionFile = "world.json"
	idsFile         = "people"
)

// Save writes the world into a folder of its own, which is made if there is none.
func (w *World) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("world: save: %w", err)
	}
	ids := make([]byte, 8*len(w.ids))
	for i, id := range w.ids {
		binary.BigEndian.PutUint64(ids[8*i:], id)
	}
	text, err := json.Marshal(description{w.People, w.Seed, w.readyAt, w.breakers, w.documents, w.Devices}) // #nosec G117 -- the tokens are what is saved
	if err == nil {
		err = errors.Join(
			os.WriteFile(filepath.Join(dir, idsFile), ids, 0o600),
			os.WriteFile(filepath.Join(dir, descriptionFile), text, 0o600),
		)
	}
	if err != nil {
		return fmt.Errorf("world: save: %w", err)
	}
	return nil
}

// Load reads what Save wrote. ring is the key ring of the server.
func Load(dir string, ring *codes.Ring) (*World, error) {
	text, err := os.ReadFile(filepath.Join(dir, descriptionFile)) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, fmt.Errorf("world: load: %w", err)
	}
	var d description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("world: load %s: %w", filepath.Join(dir, descriptionFile), err)
	}
	ids, err := os.ReadFile(filepath.Join(dir, idsFile)) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, fmt.Errorf("world: load: %w", err)
	}
	if d.People < 1 || len(ids) != 8*d.People {
		return nil, fmt.Errorf("world: load %s: it holds %d IDs for %d people", dir, len(ids)/8, d.People)
	}
	w := &World{
		People: d.People, Seed: d.Seed, readyAt: d.ReadyAt, breakers: d.Breakers, documents: d.Documents,
		Devices: d.Devices, ids: make([]uint64, d.People), ring: ring,
	}
	for i := range w.ids {
		w.ids[i] = binary.BigEndian.Uint64(ids[8*i:])
	}
	return w, w.build()
}

var errNoRing = errors.New("world: the server's key ring is missing")

// build makes what follows from the rest.
func (w *World) build() error {
	if w.ring == nil {
		return errNoRing
	}
	if _, err := w.ring.Signer(time.Now()); err != nil {
		return fmt.Errorf("world: %w", err)
	}
	w.population = town.NewPopulation(w.Seed, w.People)
	sites, gates := townPlaces()
	w.places, w.schools = make([]place, len(sites)), len(sites)-town.SchoolCount
	at := map[string]int{}
	for i, s := range sites {
		at[s.Code] = i
		if s.Residential() {
			w.homes = i + 1
		}
		w.places[i] = place{
			code: s.Code,
			in:   s.TemperatureOn == "in" || s.TemperatureOn == "both",
			out:  s.TemperatureOn == "out" || s.TemperatureOn == "both",
		}
	}
	type door struct{ site, gate int }
	doors := map[string]door{}
	for _, g := range gates {
		p := &w.places[at[g.Site]]
		doors[g.Code] = door{at[g.Site], len(p.lanes)}
		p.lanes = append(p.lanes, nil)
	}
	for i, d := range w.Devices {
		door, known := doors[d.Gate]
		if !known {
			return fmt.Errorf("world: device %s is at gate %q, which the town does not have", d.Code, d.Gate)
		}
		lanes := &w.places[door.site].lanes[door.gate]
		*lanes = append(*lanes, i)
	}
	return nil
}

// townPlaces are the sites and gates of the town and its schools, in this order.
var townPlaces = sync.OnceValues(func() ([]town.Site, []town.Gate) {
	sites, gates := town.Sites(), town.Gates()
	schools, entrances := town.Schools()
	return append(sites, schools...), append(gates, entrances...)
})
