package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Matters are all that the street office sees to and writes down: one form of
// record for every register. Each belongs to a node of the grid, has a state, maybe
// a deadline, and tells who took which step. What is in it is the business of the
// kind; it is sealed at rest. They lie together under one hash tag, so that several
// can change at once (matter.lua).

// MatterKind is a kind of matter, such as "dispatch": 1 to 20 of a to z and '_'.
type MatterKind string

// MatterID names a matter within its kind.
type MatterID uint64

// String gives the form of the APIs: 16 lower-case hex digits.
func (id MatterID) String() string { return FormatPersonID(uint64(id)) }

// ParseMatterID reads what String wrote and nothing else. The error is a
// *FieldError for "id".
func ParseMatterID(s string) (MatterID, error) {
	id, err := ParsePersonID(s)
	if err != nil {
		return 0, &FieldError{"id", "must be the ID of a record: 16 digits and letters a to f"}
	}
	return MatterID(id), nil
}

// NewMatterID names a matter by a text that is another one for each: the ID that a
// client made, or what the program makes it of. The same text names the same matter.
func NewMatterID(kind MatterKind, text string) MatterID {
	sum := sha256.Sum256([]byte("passgate matter\x00" + string(kind) + "\x00" + text))
	return MatterID(binary.BigEndian.Uint64(sum[:]))
}

// Matter is one of them.
type Matter struct {
	ID   MatterID   `json:"-"`
	Kind MatterKind `json:"-"`

	Node   string `json:"n"`           // of the grid; lists of a node hold those of its subtree
	Person uint64 `json:"p,omitempty"` // whom it is about, 0: nobody
	State  string `json:"s"`           // one of the kind's own
	Owner  uint32 `json:"w,omitempty"` // number of the member of staff who has it, 0: nobody

	OpenedAt int64  `json:"o"`           // UTC ms
	OpenedBy uint32 `json:"b,omitempty"` // number of the member of staff, 0: the program
	DueAt    int64  `json:"d,omitempty"` // UTC ms: by when its next step is due, 0: never
	ClosedAt int64  `json:"c,omitempty"` // UTC ms, 0 while it is open

	Body  json.RawMessage `json:"x,omitempty"` // of the kind, at most MaxMatterBody
	Steps []MatterStep    `json:"t,omitempty"` // oldest first, at most maxMatterSteps

	Digest []byte `json:"g,omitempty"` // of what it was added as
	// As Redis holds it: "" if it is not there yet, node, person.
	stored, was string
	wasAbout    uint64
}

// MatterStep is what somebody did about it.
type MatterStep struct {
	At    int64  `json:"a"`           // UTC ms
	By    uint32 `json:"b,omitempty"` // number of the member of staff, 0: the program
	State string `json:"s"`           // from then on
	Note  string `json:"n,omitempty"`
}

// Open tells that nobody has closed it yet.
func (m *Matter) Open() bool { return m.ClosedAt == 0 }

// There tells that it is stored: one that TurnMatters makes anew is not yet.
func (m *Matter) There() bool { return m.stored != "" }

// Late tells that its next step is overdue at a time (UTC ms).
func (m *Matter) Late(now int64) bool { return m.Open() && m.DueAt != 0 && m.DueAt < now }

// Bounds of matters.
const (
	MaxMatterBody  = 40 << 10 // bytes; a list of 2,000 people fits
	maxMatterSteps = 60       // the first and the last ones
	maxMatterNote  = 500      // characters
	maxOpenMatters = 20_000   // of one kind at one node
	maxMattersOnce = 8        // changed at once
	matterTries    = 20       // before somebody who is always slower is told so
)

func validMatterKind(kind MatterKind) bool {
	return kind != "" && len(kind) <= 20 && strings.Trim(string(kind), "abcdefghijklmnopqrstuvwxyz_") == ""
}

func (m *Matter) check() error {
	switch {
	case !validMatterKind(m.Kind) || m.State == "" || len(m.State) > 40:
		return fmt.Errorf("checkpoint: a matter of kind %q in state %q", m.Kind, m.State)
	case m.Node != "" && !validCode(m.Node):
		return &FieldError{"node", "must be a node of the grid"}
	case len(m.Body) > MaxMatterBody:
		return &FieldError{"body", fmt.Sprintf("is too long: all that is written of one record has to fit into %d bytes", MaxMatterBody)}
	}
	return nil
}

// sealFor is what a record is sealed for: it opens nowhere else.
func (m *Matter) sealFor() uint64 { return matterSeal(m.Kind, m.ID) }

func matterSeal(kind MatterKind, id MatterID) uint64 {
	return uint64(NewMatterID(kind, "seal\x00"+id.String()))
}

// seal gives the stored form.
func (s *Store) sealMatter(m *Matter) (string, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("checkpoint: a matter of kind %s: %w", m.Kind, err)
	}
	return string(s.seal.seal(m.sealFor(), plain)), nil
}

// openMatter reads the stored form.
func (s *Store) openMatter(kind MatterKind, id MatterID, stored string) (Matter, error) {
	m := Matter{ID: id, Kind: kind}
	plain, err := s.seal.open(m.sealFor(), []byte(stored))
	if err == nil {
		err = json.Unmarshal(plain, &m)
	}
	if err != nil {
		return m, fmt.Errorf("checkpoint: matter %s %s: %w", kind, id, err)
	}
	m.stored, m.was, m.wasAbout = stored, m.Node, m.Person
	return m, nil
}

// step writes down what was done.
func (m *Matter) step(now int64, by uint32, note string) {
	m.Steps = append(m.Steps, MatterStep{now, by, m.State, note})
	if over := len(m.Steps) - maxMatterSteps; over > 0 {
		m.Steps = append(m.Steps[:1], m.Steps[1+over:]...)
	}
}

// content is the digest of what a client sends.
func (m *Matter) content() []byte {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\x00%d\x00%s\x00%d\x00%d\x00%d\x00%s", m.Node, m.Person, m.State, m.Owner, m.OpenedBy, m.DueAt, m.Body)
	return h.Sum(nil)[:8]
}

// AddMatter writes a new one: ID, Kind, Node and State are the caller's, OpenedAt is
// now if it is 0. Adding it again changes nothing and gives what has become of it;
// the same ID with other content is ErrOtherRecord. Errors: *FieldError, ErrTooMany,
// ErrUnavailable.
func (s *Store) AddMatter(ctx context.Context, m Matter) (Matter, error) {
	if m.OpenedAt == 0 {
		m.OpenedAt = s.now()
	}
	if err := m.check(); err != nil {
		return m, err
	}
	m.Digest, m.Steps, m.stored, m.was, m.wasAbout = m.content(), nil, "", m.Node, m.Person
	m.step(s.now(), m.OpenedBy, "")
	for range matterTries {
		there, err := s.readMatters(ctx, []MatterRef{{m.Kind, m.ID}})
		if err != nil {
			return m, err
		}
		if old := there[0]; old.There() {
			if !bytes.Equal(old.Digest, m.Digest) {
				return old, ErrOtherRecord
			}
			return old, nil
		}
		if done, err := s.putMatters(ctx, []*Matter{&m}); done || err != nil {
			return m, err
		}
	}
	return m, fmt.Errorf("checkpoint: matter %s %s changes too fast: %w", m.Kind, m.ID, ErrUnavailable)
}

// MatterRef names a matter.
type MatterRef struct {
	Kind MatterKind
	ID   MatterID
}

// Matter reads one; ErrNotFound if there is none.
func (s *Store) Matter(ctx context.Context, kind MatterKind, id MatterID) (Matter, error) {
	there, err := s.readMatters(ctx, []MatterRef{{kind, id}})
	if err != nil {
		return Matter{}, err
	}
	if !there[0].There() {
		return Matter{}, notFound("record", id.String())
	}
	return there[0], nil
}

// TurnMatter has fn change a matter and writes it, with the step if the state has
// changed or there is a note. If somebody was faster fn gets it again as it is then.
// fn's error ends it and is returned. Errors: ErrNotFound, *FieldError,
// ErrUnavailable.
func (s *Store) TurnMatter(ctx context.Context, kind MatterKind, id MatterID, by uint32, note string, fn func(*Matter) error) (Matter, error) {
	var turned *Matter
	err := s.TurnMatters(ctx, by, note, []MatterRef{{kind, id}}, func(some []*Matter) error {
		if !some[0].There() {
			return notFound("record", id.String())
		}
		turned = some[0]
		return fn(turned)
	})
	if err != nil {
		return Matter{}, err
	}
	return *turned, nil
}

// TurnMatters is TurnMatter for up to 8 at once, all or nothing. One that is not
// there yet comes with no state and is added; one whose state is still "" afterwards
// is left out.
func (s *Store) TurnMatters(ctx context.Context, by uint32, note string, refs []MatterRef, fn func([]*Matter) error) error {
	note, err := cleanText("note", note, maxMatterNote, false)
	if err != nil {
		return err
	}
	if len(refs) > maxMattersOnce {
		return fmt.Errorf("checkpoint: %d matters at once", len(refs))
	}
	for range matterTries {
		read, err := s.readMatters(ctx, refs)
		if err != nil {
			return err
		}
		states, some := make([]string, len(read)), make([]*Matter, len(read))
		for i := range read {
			states[i], some[i] = read[i].State, &read[i]
		}
		if err := fn(some); err != nil {
			return err
		}
		changed := some[:0:0]
		for i, m := range some {
			if m.State == "" {
				continue
			}
			if !m.There() {
				m.OpenedBy, m.was, m.wasAbout = by, m.Node, m.Person
				if m.OpenedAt == 0 {
					m.OpenedAt = s.now()
				}
			}
			if m.State != states[i] || note != "" {
				m.step(s.now(), by, note)
			}
			if err := m.check(); err != nil {
				return err
			}
			changed = append(changed, m)
		}
		if done, err := s.putMatters(ctx, changed); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("checkpoint: these records change too fast: %w", ErrUnavailable)
}

// putMatters writes them if all are as they were read; false if one is not.
func (s *Store) putMatters(ctx context.Context, some []*Matter) (bool, error) {
	if len(some) == 0 {
		return true, nil
	}
	keys, args := make([]string, 0, 10*len(some)), []any{maxOpenMatters}
	for _, m := range some {
		sealed, err := s.sealMatter(m)
		if err != nil {
			return false, err
		}
		keys, args = append(keys, s.matterKeys(m)...), append(args, m.args(sealed)...)
	}
	reply, err := s.run(ctx, s.rdb, matterScript, keys, args...)
	switch {
	case err != nil:
		return false, err
	case reply == "full":
		return false, fmt.Errorf("%w (%s)", ErrTooMany, some[0].Kind)
	}
	return reply == "ok", nil
}

// matterKeys are the keys of one matter, as matter.lua has them.
func (s *Store) matterKeys(m *Matter) []string {
	k := s.keys
	return []string{
		k.matter(m.Kind, m.ID),
		k.matters(m.Kind, OpenedAll, m.was), k.matters(m.Kind, OpenedAll, m.Node),
		k.matters(m.Kind, OpenOnly, m.was), k.matters(m.Kind, OpenOnly, m.Node),
		k.matters(m.Kind, ClosedOnly, m.was), k.matters(m.Kind, ClosedOnly, m.Node),
		k.mattersDue(m.Kind), k.mattersOf(m.wasAbout), k.mattersOf(m.Person),
	}
}

// args are what the script gets of one matter; sealed "" takes it away.
func (m *Matter) args(sealed string) []any {
	time := func(ms int64) string {
		if ms == 0 {
			return ""
		}
		return strconv.FormatInt(ms, 10)
	}
	about := ""
	if m.Person != 0 {
		about = "1"
	}
	return []any{raw(uint64(m.ID)), m.stored, sealed, m.OpenedAt, time(m.ClosedAt), time(m.DueAt), matterMember(m.Kind, m.ID), about}
}

// matterMember names a matter among those of all kinds.
func matterMember(kind MatterKind, id MatterID) string { return string(kind) + ":" + raw(uint64(id)) }

func parseMatterMember(text string) (MatterRef, bool) {
	n := len(text) - 9
	if n < 1 || text[n] != ':' {
		return MatterRef{}, false
	}
	return MatterRef{MatterKind(text[:n]), MatterID(fromRaw(text[n+1:]))}, true
}

// Put writes what the kind keeps of it, as JSON.
func (m *Matter) Put(body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("checkpoint: a matter of kind %s: %w", m.Kind, err)
	}
	m.Body = text
	return nil
}

// Get reads it back; a body that was forgotten with its person leaves v as it is.
func (m *Matter) Get(v any) error {
	if len(m.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(m.Body, v); err != nil {
		return fmt.Errorf("checkpoint: matter %s %s: %w", m.Kind, m.ID, err)
	}
	return nil
}
