package limits

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// Share is a part of the gateway's CPU time.
type Share struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"` // of 1
	US    float64 `json:"us_per_scan"`
}

// profileSeconds is how long the profile is.
const profileSeconds = 4

// profile saturates the gateway once more and asks it where its time goes. That
// load is in no other figure.
func (m *measurement) profile(ctx context.Context, runs []Run) ([]Share, error) {
	rate := spreadOf(runs, func(r *Run) float64 { return r.ScansPerSecond }).Max
	scans := m.take(int(rate * (profileSeconds + 1)))
	type taken struct {
		text []byte
		err  error
	}
	done := make(chan taken, 1)
	requests := Requests(m.rig.URL, scans, m.world.Devices)
	url := strings.TrimSuffix(m.rig.MetricsURL, "/metrics") + fmt.Sprintf("/debug/pprof/profile?seconds=%d", profileSeconds)
	go func() {
		text, err := read(ctx, url)
		done <- taken{text, err}
	}()
	load := &Load{m.rig.URL, requests, m.Connections, 0}
	_, err := load.Drive(ctx)
	got := <-done
	if err != nil {
		return nil, err
	}
	if got.err != nil {
		return nil, got.err
	}
	p, err := profile.Parse(bytes.NewReader(got.text))
	if err != nil {
		return nil, fmt.Errorf("limits: profile: %w", err)
	}
	return sharesOf(p, spreadOf(runs, func(r *Run) float64 { return r.Gateway.Total }).Median), nil
}

// areas say to what a sample belongs: the first area one of whose prefixes begins
// the name of a function of the stack, looked for from the innermost function
// outwards and then area by area. What the runtime does on behalf of a caller
// (copying, maps) is the caller's; allocation, collection and scheduling stand
// for themselves.
var areas = []struct {
	name     string
	prefixes []string
}{
	{"system calls", []string{"internal/runtime/syscall.", "syscall.", "runtime/internal/syscall."}},
	{"collector", []string{"runtime.gc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.sweepone", "runtime.wbBuf", "runtime.scanobject", "runtime.greyobject"}},
	{"allocation", []string{"runtime.mallocgc", "runtime.newobject", "runtime.makeslice", "runtime.growslice", "runtime.makemap"}},
	{"scheduler", []string{
		"runtime.schedule", "runtime.findRunnable", "runtime.park_m", "runtime.mcall", "runtime.goready", "runtime.ready", "runtime.netpoll",
		"runtime.futex", "runtime.notewakeup", "runtime.notesleep", "runtime.wakep", "runtime.chansend", "runtime.chanrecv", "runtime.selectgo",
		"runtime.gopark", "runtime.sysmon", "runtime.mstart", "runtime.lock", "runtime.unlock", "runtime.sema", "sync.", "internal/sync.",
		"runtime.newproc", "runtime.goexit0", "runtime.gosched", "runtime.morestack", "runtime.newstack", "runtime.copystack",
		"runtime.timer", "runtime.(*timer", "time.", "runtime.(*timers", "context.", "internal/runtime/exithook",
	}},
	{"signature", []string{"crypto/internal/fips140/ed", "crypto/ed25519", "crypto/internal/fips140/sha512", "crypto/sha512", "filippo.io/edwards25519", "passgate/codes.(*extended)", "passgate/codes.(*affine)", "passgate/codes.(*multiples)", "github.com/golang-jwt/"}},
	{"pass", []string{"passgate/codes", "crypto/"}},
	{"JSON", []string{"encoding/json", "passgate/gateway.decode", "passgate/gateway.checkMembers", "reflect."}},
	{"metrics", []string{"github.com/prometheus/"}},
	{"projector", []string{"passgate/checkpoint.(*Projector)", "passgate/checkpoint.(*projection", "passgate/checkpoint.(*lane"}},
	{"Redis client", []string{"github.com/redis/"}},
	{"store", []string{"passgate/checkpoint"}},
	{"gateway", []string{"passgate/gateway"}},
	{"HTTP", []string{"github.com/valyala/fasthttp", "github.com/gofiber/", "net.", "internal/poll", "bufio."}},
}

// sharesOf sorts the profile's samples into areas, the largest first.
func sharesOf(p *profile.Profile, gateway float64) []Share {
	const cpu = 1 // sample values are count and nanoseconds
	sums, all := map[string]int64{}, int64(0)
	for _, s := range p.Sample {
		sums[areaOf(s)] += s.Value[cpu]
		all += s.Value[cpu]
	}
	var shares []Share
	for name, sum := range sums {
		share := float64(sum) / float64(max(all, 1))
		shares = append(shares, Share{name, share, share * gateway})
	}
	slices.SortFunc(shares, func(a, b Share) int { return int(b.Share*1e6) - int(a.Share*1e6) })
	return shares
}

func areaOf(s *profile.Sample) string {
	for _, location := range s.Location {
		for _, line := range location.Line {
			for _, area := range areas {
				for _, prefix := range area.prefixes {
					if strings.HasPrefix(line.Function.Name, prefix) {
						return area.name
					}
				}
			}
		}
	}
	return "other"
}
