package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"

	"passgate/loadtest/town"
)

type gridBody struct {
	ID     string `json:"id"`
	Parent string `json:"parent,omitempty"`
	Name   string `json:"name"`
	Level  int    `json:"level"`
}

type siteBody struct {
	Code          string `json:"code"`
	Name          string `json:"name"`
	Kind          string `json:"kind"`
	Grid          string `json:"grid"`
	Closed        bool   `json:"closed"`
	TemperatureOn string `json:"temperature_on"`
	AntiPassback  string `json:"anti_passback"`
	Outings       int    `json:"outings,omitempty"`
	Disinfection  bool   `json:"disinfection,omitempty"`
}

type gateBody struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Site string `json:"site"`
	Open bool   `json:"open"`
}

// bodyOf gives a site its rules. Some of those where people live have a limit of
// outings, or disinfect vehicles, as their codes have it.
func bodyOf(s town.Site) siteBody {
	body := siteBody{
		Code: s.Code, Name: s.Name, Kind: s.Kind, Grid: s.Grid, Closed: s.Closed,
		TemperatureOn: s.TemperatureOn, AntiPassback: s.AntiPassback,
	}
	if share := crc32.ChecksumIEEE([]byte(s.Code)) % 16; s.Residential() {
		body.Disinfection = share%4 == 0
		if share%8 == 1 {
			body.Outings = outingsADay
		}
	}
	return body
}

// outingsADay is the limit of a household's outings where there is one.
const outingsADay = 2

// setUp signs in and puts the town on the server.
func (r *run) setUp(ctx context.Context) error {
	if err := r.setClock(ctx, r.cfg.Start.Add(-leadTime)); err != nil {
		return err
	}
	var in struct {
		Grid  []gridBody `json:"grid"`
		Sites []siteBody `json:"sites"`
		Gates []gateBody `json:"gates"`
	}
	for _, n := range town.Grid() {
		in.Grid = append(in.Grid, gridBody(n))
	}
	for _, s := range town.Sites() {
		in.Sites = append(in.Sites, bodyOf(s))
	}
	for _, g := range town.Gates() {
		in.Gates = append(in.Gates, gateBody(g))
	}
	var out struct {
		Grid  int `json:"grid"`
		Sites int `json:"sites"`
		Gates int `json:"gates"`
	}
	if err := r.c.call(ctx, "POST", "/v1/setup", in, &out); err != nil {
		return err
	}
	r.ledger.count("setup.grid", len(in.Grid), out.Grid)
	r.ledger.count("setup.sites", len(in.Sites), out.Sites)
	r.ledger.count("setup.gates", len(in.Gates), out.Gates)
	return nil
}

// device is a guard's phone.
type device struct {
	gate              int
	code, token, lane string
}

// enrolDevices gives every gate that is used a phone, and a second one where
// there are two lanes. Each phone signs itself in by its one-time code, which
// must then be void.
func (r *run) enrolDevices(ctx context.Context) error {
	r.crowd = r.foresee()
	r.lanes = make([][]int, len(r.oracle.gates))
	for gate := range r.oracle.gates {
		if !r.crowd.uses[gate] {
			continue
		}
		lanes := 1
		if r.oracle.sites[r.oracle.gates[gate].site].kind == town.KindMall {
			lanes = 2
		}
		for lane := range lanes {
			r.oracle.deviceGate = append(r.oracle.deviceGate, gate)
			r.lanes[gate] = append(r.lanes[gate], len(r.devices))
			r.devices = append(r.devices, device{gate: gate, lane: fmt.Sprintf("%d道", lane+1)})
		}
	}
	// Every device changes what all gates go by, twice; many at once only wait
	// for each other.
	return r.parallelBy(ctx, 2, "devices", len(r.devices), func(ctx context.Context, i int) error {
		for tries := 1; ; tries++ {
			err := r.enrolDevice(ctx, &r.devices[i], i)
			var p *problem
			if err == nil || tries == maxTries || !errors.As(err, &p) || p.status != http.StatusServiceUnavailable {
				return err
			}
			// Whether the code was spent is not known, and the token is lost:
			// have another one made.
			r.retries.Add(1)
		}
	})
}

func (r *run) enrolDevice(ctx context.Context, d *device, i int) error {
	gate := r.oracle.gates[d.gate].code
	var made struct {
		Code      string `json:"code"`
		EnrolCode string `json:"enrol_code"`
	}
	if err := r.c.call(ctx, "POST", "/v1/devices", map[string]string{"gate": gate, "lane": d.lane}, &made); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"code": made.EnrolCode})
	if err != nil {
		return fmt.Errorf("demo: enrol code: %w", err)
	}
	var got struct {
		Token  string `json:"token"`
		Device string `json:"device"`
		Gate   string `json:"gate"`
		Lane   string `json:"lane"`
		Site   string `json:"site"`
	}
	enrol := request{method: "POST", path: "/v1/devices/enrol", token: "-", body: body}
	res, err := r.c.send(ctx, enrol)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if p := res.failed(enrol); p != nil {
		return fmt.Errorf("demo: %w", p)
	}
	if err := json.Unmarshal(res.body, &got); err != nil {
		return fmt.Errorf("demo: device: %w", err)
	}
	d.code, d.token = got.Device, got.Token
	site := r.oracle.sites[r.oracle.gates[d.gate].site].code
	r.ledger.same("devices.enrolled", "device "+made.Code,
		fmt.Sprint(made.Code, gate, d.lane, site), fmt.Sprint(got.Device, got.Gate, got.Lane, got.Site))
	if i%50 != 0 {
		return nil
	}
	var again *problem
	if err := r.c.into(ctx, enrol, nil); !errors.As(err, &again) {
		r.ledger.differ("devices.code_once", "device "+made.Code, "403 code_used", fmt.Sprint(err))
		return nil
	}
	r.ledger.same("devices.code_once", "device "+made.Code, "403 code_used", fmt.Sprint(again.status, " ", again.Code))
	return nil
}

// Sizes of the enrolment: rows of one file, people who are looked up again.
const (
	importRows = 2000
	lookedUp   = 50 // an account may search 60 times a minute
)

// imported is the answer to a file.
type imported struct {
	Created   int               `json:"created"`
	Changed   int               `json:"changed"`
	Unchanged int               `json:"unchanged"`
	Errors    []json.RawMessage `json:"errors"`
}

// enrolPeople imports the residents by files and learns their IDs.
func (r *run) enrolPeople(ctx context.Context) error {
	n := r.cfg.Residents
	homes := town.HomeSites(r.cfg.Seed, n)
	r.oracle.people = make([]person, n)
	r.folk = make([]folk, n)
	r.homes = map[*household][]int{}
	households := map[string]*household{}
	var chunks [][]town.Resident
	var all []town.Resident
	for p := range town.Residents(r.cfg.Seed, n) {
		i, home := len(all), households[p.Household]
		if home == nil {
			home = new(household)
			households[p.Household] = home
		}
		r.homes[home] = append(r.homes[home], i)
		r.oracle.people[i] = person{home: int(homes[i]), household: home, kind: "resident", status: "green"}
		r.folk[i] = folkOf(r.cfg.Seed, i, p)
		all = append(all, p)
	}
	for chunk := range slices.Chunk(all, importRows) {
		chunks = append(chunks, chunk)
	}
	// Files go one after the other, as an office would send them.
	for i, chunk := range chunks {
		if err := r.importFile(ctx, i*importRows, chunk); err != nil {
			return err
		}
		r.progress("enrol", min((i+1)*importRows, n), n)
	}
	if err := r.learnIDs(ctx, all); err != nil {
		return err
	}
	return r.lookUp(ctx, all)
}

func (r *run) importFile(ctx context.Context, first int, people []town.Resident) error {
	var file bytes.Buffer
	if err := town.WriteCSV(&file, slices.Values(people)); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	var out imported
	err := r.c.into(ctx, request{
		method: "POST", path: "/v1/residents/import", contentType: "text/csv", body: file.Bytes(),
	}, &out)
	if err != nil {
		return err
	}
	r.ledger.count("enrol.created", len(people), out.Created)
	if out.Changed+out.Unchanged+len(out.Errors) > 0 {
		r.ledger.differ("enrol.clean", fmt.Sprintf("rows from %d", first), "all created",
			fmt.Sprintf("%d changed, %d unchanged, errors %s", out.Changed, out.Unchanged, out.Errors))
	}
	return nil
}

// learnIDs reads the residents of every site as the office would export them.
func (r *run) learnIDs(ctx context.Context, all []town.Resident) error {
	ids, sites := map[string]string{}, map[string]bool{}
	for i := range all {
		sites[all[i].Site] = true
	}
	for site := range sites {
		q := request{method: "GET", path: "/v1/residents?site=" + site, accept: "application/x-ndjson"}
		res, _, err := r.c.persist(ctx, q)
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		if p := res.failed(q); p != nil {
			return fmt.Errorf("demo: %w", p)
		}
		for line := range bytes.Lines(res.body) {
			var one struct {
				ID       string `json:"id"`
				IDNumber string `json:"id_number"`
			}
			if err := json.Unmarshal(line, &one); err != nil {
				return fmt.Errorf("demo: export of %s: %w", site, err)
			}
			ids[one.IDNumber] = one.ID
		}
	}
	for i := range all {
		r.oracle.people[i].id = ids[all[i].IDNumber]
	}
	return nil
}

// lookUp finds a sample of the people by their ID number.
func (r *run) lookUp(ctx context.Context, all []town.Resident) error {
	step := max(1, (len(all)+lookedUp-1)/lookedUp)
	var which []int
	for i := range all {
		if i%step == 0 {
			which = append(which, i)
		}
	}
	return r.parallel(ctx, "look up", len(which), func(ctx context.Context, n int) error {
		i := which[n]
		p, who := &r.oracle.people[i], &all[i]
		var out struct {
			Residents []struct {
				ID     string `json:"id"`
				Kind   string `json:"kind"`
				Site   string `json:"site"`
				Grid   string `json:"grid"`
				Status string `json:"status"`
			} `json:"residents"`
		}
		err := r.c.call(ctx, "POST", "/v1/residents/search", map[string]string{"id_number": who.IDNumber}, &out)
		if err != nil {
			return err
		}
		if len(out.Residents) != 1 {
			return fmt.Errorf("demo: resident %d is found %d times by their ID number", i, len(out.Residents))
		}
		found := out.Residents[0]
		r.ledger.same("enrol.found", fmt.Sprintf("resident %d", i),
			fmt.Sprint(p.id, " resident ", who.Site, who.Grid, " green"),
			fmt.Sprint(found.ID, " ", found.Kind, " ", found.Site, found.Grid, " ", found.Status))
		return nil
	})
}

// householdOf is everybody who lives with somebody.
func (r *run) householdOf(person int) []int { return r.homes[r.oracle.people[person].household] }

// homeGate is the only gate of somebody's home.
func (r *run) homeGate(person int) int {
	for g := range r.oracle.gates {
		if r.oracle.gates[g].site == r.oracle.people[person].home {
			return g
		}
	}
	return 0
}
