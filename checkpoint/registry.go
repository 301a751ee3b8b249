package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Registry is one version of everything that the town decides about its gates:
// sites with their rules, gates, devices, grid, staff and policies. It is small (about a
// thousand records), held in memory by every gateway and never changed in
// place: a change makes a new version.
type Registry struct {
	Version int64

	sites    map[string]*Site
	siteNum  map[uint32]*Site
	gates    map[string]*Gate
	gateNum  map[uint32]*Gate
	devices  map[string]*Device
	devNum   map[uint32]*Device
	tokens   map[string]*Device // by token hash
	grid     map[string]*GridNode
	staff    map[string]*Staff
	staffNum map[uint32]*Staff // by number
	badges   map[string]*Staff // by badge hash
	policies map[string]*Policy
	bySite   map[uint32][]*kindPolicy // what touches a site, by its number; nil: not worked out
	next     map[string]uint32        // last number given, by record type

	texts []map[string]string // what the records were read from, by registryHashes
}

// Site finds a site by its code.
func (r *Registry) Site(code string) (*Site, bool) { s, ok := r.sites[code]; return s, ok }

// SiteByNum finds a site by the number in events.
func (r *Registry) SiteByNum(num uint32) (*Site, bool) { s, ok := r.siteNum[num]; return s, ok }

// Gate finds a gate by its code.
func (r *Registry) Gate(code string) (*Gate, bool) { g, ok := r.gates[code]; return g, ok }

// GateByNum finds a gate by the number in events.
func (r *Registry) GateByNum(num uint32) (*Gate, bool) { g, ok := r.gateNum[num]; return g, ok }

// Device finds a device by its code.
func (r *Registry) Device(code string) (*Device, bool) { d, ok := r.devices[code]; return d, ok }

// DeviceByNum finds a device by the number in events.
func (r *Registry) DeviceByNum(num uint32) (*Device, bool) { d, ok := r.devNum[num]; return d, ok }

// DeviceByToken finds the device whose token has this hash, revoked or not.
func (r *Registry) DeviceByToken(hash []byte) (*Device, bool) {
	d, ok := r.tokens[string(hash)]
	return d, ok
}

// Staff finds an account by its login.
func (r *Registry) Staff(login string) (*Staff, bool) { s, ok := r.staff[login]; return s, ok }

// StaffByNum finds an account by the number in events.
func (r *Registry) StaffByNum(num uint32) (*Staff, bool) { s, ok := r.staffNum[num]; return s, ok }

// StaffByBadge finds the account whose badge has this hash, disabled or not.
func (r *Registry) StaffByBadge(hash []byte) (*Staff, bool) {
	s, ok := r.badges[string(hash)]
	return s, ok
}

// Grid finds a node of the grid.
func (r *Registry) Grid(id string) (*GridNode, bool) { n, ok := r.grid[id]; return n, ok }

// Within tells whether node lies in the subtree of root (or is it). The empty
// root stands for the whole town.
func (r *Registry) Within(node, root string) bool {
	if root == "" {
		return true
	}
	for range maxGridDepth {
		if node == root {
			return true
		}
		n, ok := r.grid[node]
		if !ok || n.Parent == "" {
			return false
		}
		node = n.Parent
	}
	return false
}

const maxGridDepth = 8

// emergencyNumber is called where the town has given no number: the ambulance.
const emergencyNumber = "120"

// DutyPhone is the number to call about somebody who is held at a gate below
// this node: the nearest one given on the way to the root.
func (r *Registry) DutyPhone(node string) string {
	for range maxGridDepth {
		n, ok := r.grid[node]
		if !ok {
			break
		}
		if n.Phone != "" {
			return n.Phone
		}
		node = n.Parent
	}
	return emergencyNumber
}

// Sites lists all sites by code.
func (r *Registry) Sites() []*Site { return sorted(r.sites, func(s *Site) string { return s.Code }) }

// Gates lists all gates by code.
func (r *Registry) Gates() []*Gate { return sorted(r.gates, func(g *Gate) string { return g.Code }) }

// Devices lists all devices by code.
func (r *Registry) Devices() []*Device {
	return sorted(r.devices, func(d *Device) string { return d.Code })
}

// GridNodes lists the whole grid by ID.
func (r *Registry) GridNodes() []*GridNode {
	return sorted(r.grid, func(n *GridNode) string { return n.ID })
}

// StaffList lists all accounts by login.
func (r *Registry) StaffList() []*Staff {
	return sorted(r.staff, func(s *Staff) string { return s.Login })
}

func sorted[T any](m map[string]*T, key func(*T) string) []*T {
	out := make([]*T, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	sort.Slice(out, func(i, j int) bool { return key(out[i]) < key(out[j]) })
	return out
}

// Registry is the newest version that this process has loaded.
func (s *Store) Registry() *Registry { return s.registry.Load() }

// The hashes of the registry, in the order in which registry.lua gets them.
var registryHashes = []string{"meta", "sites", "gates", "devices", "grid", "staff", "policies"}

// policyHash is the place of the policies among them.
const policyHash = 6

// reload reads the whole registry in one transaction and makes it current,
// unless a newer version has become current meanwhile. It notes whether the data is
// still for this program, see Outdated.
func (s *Store) reload(ctx context.Context) error {
	replies := make([]*redis.MapStringStringCmd, len(registryHashes))
	_, err := s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for i, h := range registryHashes {
			replies[i] = p.HGetAll(ctx, s.keys.registry(h))
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	texts := make([]map[string]string, len(replies))
	for i := range replies {
		texts[i] = replies[i].Val()
	}
	r, err := decodeRegistry(texts, s.registry.Load())
	if err != nil {
		if errors.Is(err, ErrFormat) {
			s.outdated.Store(true)
		}
		return err
	}
	s.outdated.Store(false)
	s.confirmed.Store(time.Now().UnixNano())
	for {
		old := s.registry.Load()
		if old != nil && old.Version > r.Version || s.registry.CompareAndSwap(old, r) {
			return nil
		}
	}
}

// decodeRegistry makes a registry of what Redis holds. A change touches a record or
// two of thousands: the others are taken over from before, which may be nil.
func decodeRegistry(texts []map[string]string, before *Registry) (*Registry, error) {
	r := &Registry{next: map[string]uint32{}, texts: texts}
	if before == nil {
		before = &Registry{texts: make([]map[string]string, len(texts))}
	}
	for field, v := range texts[0] {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("checkpoint: registry meta %s: %w", field, err)
		}
		if field == "version" {
			r.Version = n
		} else {
			r.next[field] = uint32(n) //nolint:gosec // counters of records
		}
	}
	if oldest := r.next["format"]; oldest > DataFormat { // since this process was started
		return nil, fmt.Errorf("%w: the data is for programs that know format %d or a newer one, this one knows up to %d: start a newer one", ErrFormat, oldest, DataFormat)
	}
	var err error
	if r.sites, err = decodeAll(texts[1], before.texts[1], before.sites); err != nil {
		return nil, err
	}
	if r.gates, err = decodeAll(texts[2], before.texts[2], before.gates); err != nil {
		return nil, err
	}
	if r.devices, err = decodeAll(texts[3], before.texts[3], before.devices); err != nil {
		return nil, err
	}
	if r.grid, err = decodeAll(texts[4], before.texts[4], before.grid); err != nil {
		return nil, err
	}
	if r.staff, err = decodeAll(texts[5], before.texts[5], before.staff); err != nil {
		return nil, err
	}
	if r.policies, err = decodeAll(texts[policyHash], before.texts[policyHash], before.policies); err != nil {
		return nil, err
	}
	r.siteNum = map[uint32]*Site{}
	for _, v := range r.sites {
		r.siteNum[v.Num] = v
	}
	r.gateNum = map[uint32]*Gate{}
	for _, v := range r.gates {
		r.gateNum[v.Num] = v
	}
	r.devNum, r.tokens = map[uint32]*Device{}, map[string]*Device{}
	for _, v := range r.devices {
		r.devNum[v.Num] = v
		if len(v.TokenHash) > 0 {
			r.tokens[string(v.TokenHash)] = v
		}
	}
	r.staffNum, r.badges = map[uint32]*Staff{}, map[string]*Staff{}
	for _, v := range r.staff {
		r.staffNum[v.Num] = v
		if len(v.BadgeHash) > 0 {
			r.badges[string(v.BadgeHash)] = v
		}
	}
	r.bySite = r.indexPolicies()
	return r, nil
}

// decodeAll reads the records of a hash. One whose text is that of before is the
// record of before: records are replaced, never edited.
func decodeAll[T any](texts, textsBefore map[string]string, before map[string]*T) (map[string]*T, error) {
	out := make(map[string]*T, len(texts))
	for k, text := range texts {
		if old, known := textsBefore[k]; known && old == text {
			out[k] = before[k]
			continue
		}
		rec := new(T)
		if err := json.Unmarshal([]byte(text), rec); err != nil {
			return nil, fmt.Errorf("checkpoint: registry record %q: %w", k, err)
		}
		out[k] = rec
	}
	return out, nil
}
