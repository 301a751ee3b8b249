package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// permitNotes are the particulars of a permit or an exemption that no scan
// needs. They are kept sealed.
type permitNotes struct {
	Ground   string `json:"g"`
	Until    int64  `json:"z"`
	Entries  int    `json:"e,omitempty"`
	Plate    string `json:"l,omitempty"`
	Purpose  string `json:"p,omitempty"`
	IssuedAt int64  `json:"t"`
	IssuedBy string `json:"b,omitempty"`
	Device   string `json:"d,omitempty"`
}

// issuing is a permit or an exemption on its way to the script.
type issuing struct {
	kind    byte // 'v' visit, 'x' exemption
	person  uint64
	host    uint64
	site    uint32
	from    int64
	plate   [4]byte
	request [12]byte // hash 8 and digest 4 of the request
	late    error    // why it can no longer be issued anew
	notes   permitNotes
}

// IssuePermit lets an outsider into a residential site for a time. It is in
// force for the next scan at any gate. A visitor who is on record, by document
// or by name and phone, gets it on their own record; anybody else is entered as
// a person of the kind visitor and found by document and phone from then on.
// The same request again gives the same permit; again tells so. Errors:
// *FieldError, ErrNotFound (no such person), ErrOtherContent, ErrUnavailable.
func (s *Store) IssuePermit(ctx context.Context, in NewPermit) (permit Permit, again bool, err error) {
	site, err := in.check(s.Registry())
	if err != nil {
		return Permit{}, false, err
	}
	if err := s.checkHost(ctx, in.Host, site); err != nil {
		return Permit{}, false, err
	}
	now := s.now()
	p := issuing{kind: 'v', host: in.Host, site: site.Num, from: in.From, request: in.identity(), late: in.inTime(now, freshWindow.Milliseconds())}
	if p.from == 0 {
		p.from = now
	}
	if in.Plate != "" {
		p.plate = plateHash(in.Plate)
	}
	p.notes = permitNotes{
		Ground: string(in.Ground), Until: in.Until, Entries: in.Entries, Plate: in.Plate, Purpose: in.Purpose,
		IssuedAt: now, IssuedBy: in.By, Device: in.Device,
	}
	if p.person, err = s.permitHolder(ctx, &in, site, p.late); err != nil {
		return Permit{}, false, err
	}
	number, again, err := s.issue(ctx, &p)
	if err != nil {
		return Permit{}, false, err
	}
	permit, err = s.Permit(ctx, number)
	return permit, again, err
}

// WithdrawPermit ends a permit now: it lets nobody in any more. by is the login
// or the code of the device that withdraws it. One that is over already stays
// as it is. The permit is returned as it is afterwards. Errors: *FieldError,
// ErrNotFound, ErrUnavailable.
func (s *Store) WithdrawPermit(ctx context.Context, number uint32, by string) (Permit, error) {
	if !validCode(by) {
		return Permit{}, &FieldError{"by", "must be the login of an account or the code of a device"}
	}
	permit, err := s.Permit(ctx, number)
	if err != nil {
		return Permit{}, err
	}
	if err := s.endPermit(ctx, number, permit.Person, by); err != nil {
		return Permit{}, err
	}
	return s.Permit(ctx, number)
}

// checkHost tells why somebody cannot have visitors at a site. Host 0 is none.
func (s *Store) checkHost(ctx context.Context, host uint64, site *Site) error {
	if host == 0 {
		return nil
	}
	records, err := s.readPeople(ctx, []uint64{host})
	if err != nil {
		return err
	}
	r := &records[0]
	if !r.exists || r.home != uint64(site.Num) || Status(r.status) == StatusGone { //nolint:gosec // written from a Status
		return &FieldError{"host", "is no resident of this site"}
	}
	return nil
}

// permitHolder gives the person whom a permit is for, and makes them if they
// are new.
func (s *Store) permitHolder(ctx context.Context, in *NewPermit, site *Site, late error) (uint64, error) {
	id, field, err := in.Person, "person", error(nil)
	if in.Visitor != nil {
		field = "visitor"
		if id, err = s.visitor(ctx, *in.Visitor, in.Host, late); err != nil {
			return 0, err
		}
	}
	records, err := s.readPeople(ctx, []uint64{id})
	if err != nil {
		return 0, err
	}
	r := &records[0]
	switch {
	case !r.exists:
		return 0, notFound("person", FormatPersonID(id))
	case r.home == uint64(site.Num):
		return 0, &FieldError{field, "lives at this site and needs no permit"}
	case Status(r.status) == StatusGone: //nolint:gosec // written from a Status
		return 0, &FieldError{field, "is on record as moved away or deceased: have that corrected first"}
	}
	if r.kind == KindWalkIn { // known to be a resident by now?
		known, err := s.rdb.HGet(ctx, s.keys.person(id), "r").Result()
		if err != nil && !isNil(err) {
			return 0, unavailable(err)
		}
		if len(known) == 8 {
			return s.permitHolder(ctx, &NewPermit{Person: fromRaw(known)}, site, late)
		}
	}
	return id, nil
}

// identity names the request (8 bytes) and digests its content (4 bytes), taken
// over what was asked for: a retry after a change of shift is the same request.
func (in *NewPermit) identity() (q [12]byte) {
	issuer := "staff " + in.By
	if in.Device != "" {
		issuer = "device " + in.Device
	}
	name := sha256.Sum256([]byte("passgate permit\x00" + issuer + "\x00" + in.ID))
	copy(q[:], name[:8])
	var visitor Visitor
	if in.Visitor != nil {
		visitor = *in.Visitor
	}
	content := sha256.Sum256(fmt.Appendf(nil, "%x %q %q %x %q %d %d %d %q %q",
		in.Person, visitor, in.Site, in.Host, in.Ground, in.From, in.Until, in.Entries, in.Plate, in.Purpose))
	copy(q[8:], content[:4])
	return q
}

// issue has the script write a permit or an exemption and gives its number.
func (s *Store) issue(ctx context.Context, p *issuing) (number uint32, again bool, err error) {
	notes, err := json.Marshal(p.notes)
	if err != nil {
		return 0, false, fmt.Errorf("checkpoint: particulars of a permit: %w", err)
	}
	record := append(appendUint32([]byte{p.kind}, p.site), logHeadOf(0, p.from)[8:]...)
	record = append(record, logHeadOf(0, p.notes.Until)[8:]...)
	record = append(append(record, byte(p.notes.Entries), 0), p.plate[:]...) //nolint:gosec // at most MaxPermitEntries
	member := binary.BigEndian.AppendUint64([]byte{p.kind}, p.person)
	member = binary.BigEndian.AppendUint64(appendUint32(member, p.site), p.host)
	member = append(member, logHeadOf(0, p.from)[8:]...)
	by := p.notes.IssuedBy
	if by == "" {
		by = p.notes.Device
	}
	now, part := s.now(), partitionOf(p.person)
	reply, err := s.run(ctx, s.rdb, permitScript, s.permitKeys(p.person),
		"issue", now, now-s.retention.Milliseconds(), part, record, member, p.notes.Until, p.request[:],
		s.seal.seal(fromRaw(string(p.request[:8])), notes), bit(p.late == nil), by)
	if err != nil {
		return 0, false, err
	}
	verdict, rest, err := scanReply(reply)
	if err != nil {
		return 0, false, err
	}
	switch verdict {
	case "new", "again":
		if len(rest) != 1 || len(rest[0]) != 4 {
			return 0, false, errPermit
		}
		return binary.BigEndian.Uint32([]byte(rest[0])), verdict == "again", nil
	case "unknown":
		return 0, false, notFound("person", FormatPersonID(p.person))
	case "other":
		return 0, false, ErrOtherContent
	case "late":
		return 0, false, p.late
	case "full":
		return 0, false, &FieldError{"person", fmt.Sprintf("has %d permits that are not over: withdraw one first", permitsAtOnce)}
	}
	return 0, false, fmt.Errorf("checkpoint: permit script replied %q", verdict)
}

// endPermit has the script end a permit or an exemption, if it is not over.
func (s *Store) endPermit(ctx context.Context, number uint32, person uint64, by string) error {
	now := s.now()
	reply, err := s.run(ctx, s.rdb, permitScript, s.permitKeys(person),
		"end", now, now-s.retention.Milliseconds(), appendUint32(nil, number), by)
	if err != nil {
		return err
	}
	verdict, _, err := scanReply(reply)
	if err != nil {
		return err
	}
	switch verdict {
	case "ended", "over":
		return nil
	case "none":
		return notFound("permit", FormatPermit(number))
	}
	return fmt.Errorf("checkpoint: permit script replied %q", verdict)
}

func (s *Store) permitKeys(person uint64) []string {
	p := partitionOf(person)
	return []string{s.keys.person(person), s.keys.partition(p), s.keys.permits(p), s.keys.people(p)}
}
