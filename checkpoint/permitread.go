package checkpoint

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

var errPermit = errors.New("checkpoint: a stored permit is damaged")

// permitMember is a permit or an exemption in its partition's sorted set: as
// much as lists have to choose by.
type permitMember struct {
	number uint32
	kind   byte
	person uint64
	site   uint32
	host   uint64
	from   int64
	endsAt int64 // the score
}

const permitMemberSize = 4 + 1 + 8 + 4 + 8 + 6

func parsePermitMember(member string, score float64) (permitMember, error) {
	if len(member) != permitMemberSize {
		return permitMember{}, errPermit
	}
	b := []byte(member)
	return permitMember{
		number: binary.BigEndian.Uint32(b), kind: b[4], person: binary.BigEndian.Uint64(b[5:]),
		site: binary.BigEndian.Uint32(b[13:]), host: binary.BigEndian.Uint64(b[17:]), from: time6(b[25:]), endsAt: int64(score),
	}, nil
}

// time6 reads a time in ms that was written with 6 bytes.
func time6(b []byte) int64 { return int64(fromRaw(string(b[:6]))) } //nolint:gosec // 48 bits

// permitHolderState is what a person's hash says of their permits.
type permitHolderState struct {
	records string // field v
	way     byte   // of the last passage, 0 if there is none
	at      int64  // of the last passage
	site    uint32 // of the last passage
}

// uses finds how often a permit was used; ok is false if it is not on the
// person any more.
func (h *permitHolderState) uses(number uint32) (used int, ok bool) {
	for r := []byte(h.records); len(r) >= permitRecord; r = r[permitRecord:] {
		if binary.BigEndian.Uint32(r) == number {
			return int(r[22]), true
		}
	}
	return 0, false
}

// overstays tells that the person came in before a permit ended, is still
// inside and no other permit covers that. It is the rule by which verdict.lua
// flags the exit.
func (h *permitHolderState) overstays(m *permitMember, now int64) bool {
	if m.endsAt > now || m.endsAt <= m.from || h.way != 'i' || h.site != m.site || h.at >= m.endsAt {
		return false
	}
	for r := []byte(h.records); len(r) >= permitRecord; r = r[permitRecord:] {
		if r[4] == 'v' && binary.BigEndian.Uint32(r[5:]) == m.site && time6(r[9:]) <= now && now < time6(r[15:]) {
			return false
		}
	}
	return true
}

// permitHolders reads the state of those who hold the given permits, in their
// order.
func (s *Store) permitHolders(ctx context.Context, members []permitMember) ([]permitHolderState, error) {
	out := make([]permitHolderState, 0, len(members))
	for ; len(members) > 0; members = members[min(pipelineSize, len(members)):] {
		part := members[:min(pipelineSize, len(members))]
		replies := make([]*redis.SliceCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range part {
				replies[i] = p.HMGet(ctx, s.keys.person(part[i].person), "v", "l")
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for _, reply := range replies {
			var h permitHolderState
			h.records, _ = reply.Val()[0].(string)
			if last, _ := reply.Val()[1].(string); len(last) >= 15 {
				b := []byte(last)
				h.way, h.at, h.site = b[0], time6(b[1:]), binary.BigEndian.Uint32(b[7:])
			}
			out = append(out, h)
		}
	}
	return out, nil
}

// readPermits reads permits or exemptions with their particulars; those that
// are not there any more are left out.
func (s *Store) readPermits(ctx context.Context, members []permitMember) ([]Permit, error) {
	holders, err := s.permitHolders(ctx, members)
	if err != nil {
		return nil, err
	}
	now, permits := s.now(), make([]Permit, 0, len(members))
	for start := 0; start < len(members); start += pipelineSize {
		part := members[start:min(start+pipelineSize, len(members))]
		replies := make([]*redis.MapStringStringCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range part {
				replies[i] = p.HGetAll(ctx, s.keys.permit(part[i].number))
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for i := range part {
			if len(replies[i].Val()) == 0 {
				continue
			}
			permit, err := s.parsePermit(&part[i], replies[i].Val(), &holders[start+i])
			if err != nil {
				return nil, err
			}
			permit.Overstayed = holders[start+i].overstays(&part[i], now)
			permits = append(permits, permit)
		}
	}
	return permits, nil
}

// parsePermit reads the hash of a permit, whose fields permit.lua writes.
func (s *Store) parsePermit(m *permitMember, f map[string]string, h *permitHolderState) (Permit, error) {
	p := Permit{Number: m.number, Person: m.person, Host: m.host, From: m.from, WithdrawnBy: f["y"]}
	if len(f["q"]) != 12 {
		return p, fmt.Errorf("%w: %d", errPermit, m.number)
	}
	plain, err := s.seal.open(fromRaw(f["q"]), []byte(f["d"]))
	if err != nil {
		return p, fmt.Errorf("permit %d: %w", m.number, err)
	}
	var notes permitNotes
	if err := json.Unmarshal(plain, &notes); err != nil {
		return p, fmt.Errorf("permit %d: %w", m.number, err)
	}
	p.Ground, p.Until, p.Entries, p.Plate, p.Purpose = PermitGround(notes.Ground), notes.Until, notes.Entries, notes.Plate, notes.Purpose
	p.IssuedAt, p.IssuedBy, p.Device = notes.IssuedAt, notes.IssuedBy, notes.Device
	if site, ok := s.Registry().SiteByNum(m.site); ok {
		p.Site = site.Code
	}
	used, withdrawn := f["u"], f["w"]
	if used == "" {
		p.Used, _ = h.uses(m.number)
	} else if p.Used, err = strconv.Atoi(used); err != nil {
		return p, fmt.Errorf("%w: %d, field u", errPermit, m.number)
	}
	if withdrawn != "" {
		if p.WithdrawnAt, err = strconv.ParseInt(withdrawn, 10, 64); err != nil {
			return p, fmt.Errorf("%w: %d, field w", errPermit, m.number)
		}
	}
	return p, nil
}

// Permit reads one permit; ErrNotFound if there is none.
func (s *Store) Permit(ctx context.Context, number uint32) (Permit, error) {
	member, err := s.permitMember(ctx, number)
	if err != nil {
		return Permit{}, err
	}
	if member.kind != 'v' {
		return Permit{}, notFound("permit", FormatPermit(number))
	}
	return s.readPermit(ctx, member)
}

// permitMember finds the member of one permit or exemption.
func (s *Store) permitMember(ctx context.Context, number uint32) (permitMember, error) {
	missing := notFound("permit", FormatPermit(number))
	rest, err := s.rdb.HGet(ctx, s.keys.permit(number), "m").Result()
	if isNil(err) {
		return permitMember{}, missing
	}
	if err != nil {
		return permitMember{}, unavailable(err)
	}
	member := string(appendUint32(nil, number)) + rest
	score, err := s.rdb.ZScore(ctx, s.keys.permits(permitPartition(number)), member).Result()
	if isNil(err) {
		return permitMember{}, missing
	}
	if err != nil {
		return permitMember{}, unavailable(err)
	}
	return parsePermitMember(member, score)
}

func (s *Store) readPermit(ctx context.Context, m permitMember) (Permit, error) {
	permits, err := s.readPermits(ctx, []permitMember{m})
	if err != nil {
		return Permit{}, err
	}
	if len(permits) == 0 {
		return Permit{}, notFound("permit", FormatPermit(m.number))
	}
	return permits[0], nil
}
