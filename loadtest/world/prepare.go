package world

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/town"
)

// Config says which town to put where.
type Config struct {
	URL    string // of the server, like http://127.0.0.1:8080
	Token  string // session of an administrator
	Seed   uint64
	People int // residents, 1 to MaxPeople
	// Rate is the most scans/s that are to be sent; 0 means 10,000. The server
	// takes 200 scans/s from one phone, so a gate gets as many as it may need.
	Rate   int
	Ring   *codes.Ring  // the server's keys, for signing passes
	Client *http.Client // http.DefaultClient if nil
	// Progress, if not nil, is told how far a step is.
	Progress func(step string, done, total int)
}

// MaxPeople is the largest town.
const MaxPeople = 10_000_000

const (
	// devicesAtOnce: every phone changes what all gates go by, twice; many at
	// once only wait for each other.
	devicesAtOnce = 2
	// busiest is the share of all scans that the busiest gate may see, and
	// perDevice what the server takes from one phone, in scans/s.
	busiest   = 0.012
	perDevice = 200
)

// Prepare puts a town on a server, which may hold other people but no made-up
// town of another seed: the ID numbers of the two would collide. Doing it again
// adds phones and changes nothing else. It takes about as long as the server
// needs to enrol the people.
func Prepare(ctx context.Context, c Config) (*World, error) {
	if c.People < 1 || c.People > MaxPeople {
		return nil, fmt.Errorf("world: %d people: give 1 to %d", c.People, MaxPeople)
	}
	if c.Ring == nil { // before the minutes that the rest takes
		return nil, errNoRing
	}
	if c.Client == nil {
		c.Client = http.DefaultClient
	}
	if c.Rate == 0 {
		c.Rate = 10_000
	}
	if c.Progress == nil {
		c.Progress = func(string, int, int) {}
	}
	p := &preparation{
		Config: c, api: &api{base: strings.TrimRight(c.URL, "/"), token: c.Token, http: c.Client},
		world: &World{People: c.People, Seed: c.Seed, ring: c.Ring, ids: make([]uint64, c.People)},
	}
	for _, step := range []func(context.Context) error{p.putPlaces, p.enrolDevices, p.enrolPeople, p.learnIDs} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.world.build(); err != nil {
		return nil, err
	}
	return p.world, p.confine(ctx)
}

// preparation is Prepare at work.
type preparation struct {
	Config
	api   *api
	world *World
}

type (
	gridBody struct {
		ID     string `json:"id"`
		Parent string `json:"parent,omitempty"`
		Name   string `json:"name"`
		Level  int    `json:"level"`
	}
	siteBody struct {
		Code          string `json:"code"`
		Name          string `json:"name"`
		Kind          string `json:"kind"`
		Grid          string `json:"grid"`
		Closed        bool   `json:"closed"`
		TemperatureOn string `json:"temperature_on"`
		AntiPassback  string `json:"anti_passback"`
	}
	gateBody struct {
		Code string `json:"code"`
		Name string `json:"name"`
		Site string `json:"site"`
		Open bool   `json:"open"`
	}
)

// putPlaces enters the grid, the sites and the gates.
func (p *preparation) putPlaces(ctx context.Context) error {
	var in struct {
		Grid  []gridBody `json:"grid"`
		Sites []siteBody `json:"sites"`
		Gates []gateBody `json:"gates"`
	}
	sites, gates := townPlaces()
	for _, n := range town.Grid() {
		in.Grid = append(in.Grid, gridBody(n))
	}
	for _, s := range sites {
		in.Sites = append(in.Sites, siteBody{
			Code: s.Code, Name: s.Name, Kind: s.Kind, Grid: s.Grid, Closed: s.Closed,
			TemperatureOn: s.TemperatureOn, AntiPassback: s.AntiPassback,
		})
	}
	for _, g := range gates {
		in.Gates = append(in.Gates, gateBody(g))
	}
	return p.api.call(ctx, http.MethodPost, "/v1/setup", in, nil)
}

// enrolDevices puts phones at the gates that are open.
func (p *preparation) enrolDevices(ctx context.Context) error {
	_, gates := townPlaces()
	type lane struct{ gate, name string }
	var at []lane
	for _, g := range gates {
		if !g.Open {
			continue
		}
		for i := range 1 + int(busiest*float64(p.Rate)/perDevice) {
			at = append(at, lane{g.Code, fmt.Sprintf("%d道", i+1)})
		}
	}
	p.world.Devices = make([]loadtest.Device, len(at))
	done := 0
	var mu sync.Mutex
	err := sideBySide(ctx, devicesAtOnce, len(at), func(ctx context.Context, i int) error {
		d, err := p.enrolDevice(ctx, at[i].gate, at[i].name)
		mu.Lock()
		defer mu.Unlock()
		p.world.Devices[i] = d
		done++
		p.Progress("devices", done, len(at))
		return err
	})
	p.world.readyAt = time.Now().UnixMilli()
	return err
}

// enrolDevice makes a phone and signs it in. If the answer with its token is
// lost the code is spent, and another phone is made.
func (p *preparation) enrolDevice(ctx context.Context, gate, lane string) (loadtest.Device, error) {
	for try := 1; ; try++ {
		var made struct {
			Code      string `json:"code"`
			EnrolCode string `json:"enrol_code"`
		}
		if err := p.api.call(ctx, http.MethodPost, "/v1/devices", map[string]string{"gate": gate, "lane": lane}, &made); err != nil {
			return loadtest.Device{}, err
		}
		var got struct {
			Token string `json:"token"`
		}
		err := p.api.call(ctx, http.MethodPost, "/v1/devices/enrol", map[string]string{"code": made.EnrolCode}, &got)
		var no *problem
		if err == nil || try == 3 || !errors.As(err, &no) || no.Code != "code_used" {
			return loadtest.Device{Code: made.Code, Gate: gate, Token: got.Token}, err
		}
	}
}

// sideBySide does n things, some of them at the same time, until one fails.
func sideBySide(ctx context.Context, atOnce, n int, do func(ctx context.Context, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo := make(chan int)
	var wait sync.WaitGroup
	for range atOnce {
		wait.Go(func() {
			for i := range todo {
				if err := do(ctx, i); err != nil {
					stop(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case todo <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(todo)
	wait.Wait()
	return context.Cause(ctx)
}
