package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// Draft is a registry that is being changed. Reads see the changes made so
// far; nothing reaches Redis before Change commits it.
type Draft struct {
	*Registry
	writes []registryWrite
	now    int64
}

type registryWrite struct {
	hash         int // index in registryHashes
	field, value string
}

// Now is the time of the change, UTC ms.
func (d *Draft) Now() int64 { return d.now }

// Change applies fn to the newest registry and puts the result in force: when
// it returns nil, every scan in every partition is judged by the new version
// or a later one, at whichever gateway it arrives. fn may run more than once
// and must only use the draft. An error of fn is returned as it is.
func (s *Store) Change(ctx context.Context, fn func(*Draft) error) error {
	for range 50 {
		if err := s.reload(ctx); err != nil {
			return err
		}
		base := s.Registry()
		d := &Draft{Registry: base.clone(), now: s.now()}
		if err := fn(d); err != nil {
			return err
		}
		if len(d.writes) == 0 {
			return nil
		}
		if err := d.checkRoom(base); err != nil {
			return err
		}
		version, err := s.commit(ctx, base.Version, d.writes)
		if err != nil {
			return err
		}
		if version == 0 {
			continue // somebody else changed it first
		}
		if err := s.raiseRules(ctx, version); err != nil {
			return err
		}
		return s.reload(ctx)
	}
	return fmt.Errorf("checkpoint: the registry is being changed too often: %w", ErrUnavailable)
}

// maxRecords bounds each kind of record: every gateway holds all of them in
// memory, and each change copies them. A town of 100,000 has a few thousand.
const maxRecords = 20_000

// checkRoom refuses more records of a kind than maxRecords.
func (d *Draft) checkRoom(base *Registry) error {
	for _, kind := range []struct {
		name          string
		before, after int
	}{
		{"sites", len(base.sites), len(d.sites)},
		{"gates", len(base.gates), len(d.gates)},
		{"devices", len(base.devices), len(d.devices)},
		{"accounts", len(base.staff), len(d.staff)},
		{"grid nodes", len(base.grid), len(d.grid)},
	} {
		if kind.after > maxRecords && kind.after > kind.before {
			return &FieldError{"code", fmt.Sprintf("is one too many: there are %d %s, as many as a town may have", kind.before, kind.name)}
		}
	}
	return nil
}

func (s *Store) commit(ctx context.Context, base int64, writes []registryWrite) (int64, error) {
	keys := make([]string, len(registryHashes))
	for i, h := range registryHashes {
		keys[i] = s.keys.registry(h)
	}
	args := []any{base}
	for _, w := range writes {
		args = append(args, w.hash+1, w.field, w.value)
	}
	reply, err := s.run(ctx, s.rdb, registryScript, keys, args...)
	if err != nil {
		return 0, err
	}
	version, ok := reply.(int64)
	if !ok {
		return 0, fmt.Errorf("checkpoint: registry script replied %T", reply)
	}
	return version, nil
}

// raiseRules makes every partition refuse scans that bring an older version.
func (s *Store) raiseRules(ctx context.Context, version int64) error {
	calls := make([]call, Partitions)
	for p := range calls {
		calls[p] = call{raiseScript, []string{s.keys.partition(p)}, []any{version}}
	}
	_, err := s.runAll(ctx, calls)
	return err
}

// clone copies the maps, not the records: records are replaced, never edited.
func (r *Registry) clone() *Registry {
	c := *r
	c.sites, c.siteNum = maps.Clone(r.sites), maps.Clone(r.siteNum)
	c.gates, c.gateNum = maps.Clone(r.gates), maps.Clone(r.gateNum)
	c.devices, c.devNum, c.tokens = maps.Clone(r.devices), maps.Clone(r.devNum), maps.Clone(r.tokens)
	c.staff, c.staffNum, c.badges = maps.Clone(r.staff), maps.Clone(r.staffNum), maps.Clone(r.badges)
	c.grid, c.policies, c.next = maps.Clone(r.grid), maps.Clone(r.policies), maps.Clone(r.next)
	return &c
}

// number gives the next number of a record type and remembers it.
func (d *Draft) number(what string) uint32 {
	field := "last_" + what
	d.next[field]++
	d.writes = append(d.writes, registryWrite{0, field, strconv.FormatUint(uint64(d.next[field]), 10)})
	return d.next[field]
}

func (d *Draft) write(hash int, field string, rec any) error {
	b, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("checkpoint: registry record %q: %w", field, err)
	}
	d.writes = append(d.writes, registryWrite{hash, field, string(b)})
	return nil
}

// PutSite adds a site or replaces one of the same code. Its number stays.
func (d *Draft) PutSite(site Site) error {
	site, err := site.withDefaults()
	if err != nil {
		return err
	}
	if _, ok := d.grid[site.Grid]; !ok {
		return &FieldError{"grid", fmt.Sprintf("there is no grid node %.40q", site.Grid)}
	}
	if old, ok := d.sites[site.Code]; ok {
		if old.Kind.Residential() != site.Kind.Residential() {
			return &FieldError{"kind", "a residential site cannot become another kind, nor the reverse: people live there"}
		}
		site.Num = old.Num
	} else {
		site.Num = d.number("site")
	}
	d.sites[site.Code], d.siteNum[site.Num] = &site, &site
	d.bySite = nil
	return d.write(1, site.Code, site)
}

// PutGate adds or replaces a gate. A residential site keeps at most one gate
// open: whoever opens a second one has to close the first.
func (d *Draft) PutGate(gate Gate) error {
	site, ok := d.sites[gate.Site]
	switch {
	case !validCode(gate.Code):
		return &FieldError{"code", "must be 1 to 40 letters, digits, '-' or '_'"}
	case !ok:
		return &FieldError{"site", fmt.Sprintf("there is no site %.40q", gate.Site)}
	case len(gate.Name) > 120:
		return &FieldError{"name", "must have at most 120 bytes"}
	}
	if old, ok := d.gates[gate.Code]; ok {
		if old.Site != gate.Site {
			return &FieldError{"site", "a gate stays with its site: make a new gate instead"}
		}
		gate.Num = old.Num
	} else {
		gate.Num = d.number("gate")
	}
	if gate.Open && site.Kind.Residential() {
		for _, other := range d.gates {
			if other.Site == gate.Site && other.Open && other.Code != gate.Code {
				return &FieldError{"open", fmt.Sprintf("%s has gate %s open already: a residential site keeps one entrance, close that one first", site.Code, other.Code)}
			}
		}
	}
	d.gates[gate.Code], d.gateNum[gate.Num] = &gate, &gate
	return d.write(2, gate.Code, gate)
}

// PutDevice adds or replaces a device; the gateway makes codes and tokens.
func (d *Draft) PutDevice(dev Device) error {
	if _, ok := d.gates[dev.Gate]; !ok {
		return &FieldError{"gate", fmt.Sprintf("there is no gate %.40q", dev.Gate)}
	}
	if !validCode(dev.Code) {
		return &FieldError{"code", "must be 1 to 40 letters, digits, '-' or '_'"}
	}
	if dev.Lane == "" || len(dev.Lane) > 60 {
		return &FieldError{"lane", "must have 1 to 60 bytes"}
	}
	if dev.Paper && len(dev.EnrolHash)+len(dev.TokenHash) > 0 {
		return &FieldError{"code", "is the gate's paper log: no phone becomes it"}
	}
	if old, ok := d.devices[dev.Code]; ok {
		dev.Num = old.Num
		delete(d.tokens, string(old.TokenHash))
	} else {
		dev.Num = d.number("device")
	}
	d.devices[dev.Code], d.devNum[dev.Num] = &dev, &dev
	if len(dev.TokenHash) > 0 {
		d.tokens[string(dev.TokenHash)] = &dev
	}
	return d.write(3, dev.Code, dev)
}

// PutGridNode adds or replaces a node. Its parent has to exist and not to lie
// below it; a compound and its community are both of level 3.
func (d *Draft) PutGridNode(n GridNode) error {
	switch {
	case !validCode(n.ID):
		return &FieldError{"id", "must be 1 to 40 letters, digits, '-' or '_'"}
	case n.Name == "" || len(n.Name) > 120:
		return &FieldError{"name", "must have 1 to 120 bytes"}
	case n.Level < 1 || n.Level > 4:
		return &FieldError{"level", "must be 1 (subdistrict) to 4 (micro-grid)"}
	}
	if len(n.Phone) > 20 || strings.Trim(n.Phone, "+0123456789 -") != "" {
		return &FieldError{"phone", "must have at most 20 digits, blanks and dashes"}
	}
	if n.Parent == "" && n.Level != 1 || n.Parent != "" && n.Level == 1 {
		return &FieldError{"parent", "the level-1 node has no parent, every other node has one"}
	}
	if parent, ok := d.grid[n.Parent]; n.Parent != "" && (!ok || parent.Level > n.Level || d.Within(n.Parent, n.ID)) {
		return &FieldError{"parent", fmt.Sprintf("%.40q is no node that can lie above %.40q", n.Parent, n.ID)}
	}
	d.grid[n.ID] = &n
	d.bySite = nil
	return d.write(4, n.ID, n)
}

// PutStaff adds or replaces an account. A guard has no password; everybody else
// has one.
func (d *Draft) PutStaff(st Staff) error {
	if !validCode(st.Login) {
		return &FieldError{"login", "must be 1 to 40 letters, digits, '-' or '_'"}
	}
	if _, ok := d.grid[st.Grid]; st.Grid != "" && !ok {
		return &FieldError{"grid", fmt.Sprintf("there is no grid node %.40q", st.Grid)}
	}
	switch {
	case st.Role == RoleGuard && st.PasswordHash != "":
		return &FieldError{"password", "a guard holds a badge and never signs in: leave the password out"}
	case st.Role != RoleGuard && st.PasswordHash == "":
		return errors.New("checkpoint: an account without a password hash")
	}
	if old, ok := d.staff[st.Login]; ok {
		st.Num = old.Num
		delete(d.badges, string(old.BadgeHash))
	} else {
		st.Num = d.number("staff")
	}
	d.staff[st.Login], d.staffNum[st.Num] = &st, &st
	if len(st.BadgeHash) > 0 {
		d.badges[string(st.BadgeHash)] = &st
	}
	return d.write(5, st.Login, st)
}
