package checkpoint

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ground is what a change of status rests on.
type Ground string

// The grounds that the program itself gives.
const (
	// GroundLapsed: the time of the status before was over.
	GroundLapsed Ground = "lapsed"
	// GroundCorrection: the status before was a mistake.
	GroundCorrection Ground = "correction"
)

// groundWords is the closed list, in the order in which it is shown.
var groundWords = []Word{
	{"positive_test", "检测阳性", "Positive test"},
	{"close_contact", "密切接触者", "Close contact of a case"},
	{"fever", "发热", "Fever"},
	{"returned_from_risk_area", "从风险地区返回", "Back from an area at risk"},
	{"observation_started", "开始医学观察", "Medical observation has begun"},
	{"observation_ended", "医学观察期满", "Medical observation is over"},
	{"recovered", "已康复", "Recovered"},
	{"moved_away", "已迁出", "Moved away"},
	{"deceased", "已故", "Deceased"},
	{"authority", "上级通知", "Order of the authority"},
	{string(GroundCorrection), "更正", "Correction of a mistake"},
	{string(GroundLapsed), "原定期限已到，自动解除", "Its time was over, so it ended by itself"},
}

// Grounds lists those that somebody can give.
func Grounds() (out []Ground) {
	for _, w := range groundWords {
		if g := Ground(w.Name); g != GroundLapsed {
			out = append(out, g)
		}
	}
	return out
}

// Words are what a page says of a ground; without words if there is none.
func (g Ground) Words() Word {
	for _, w := range groundWords {
		if w.Name == string(g) {
			return w
		}
	}
	return Word{Name: string(g)}
}

const (
	// MaxRed is how long somebody can be red by one decision.
	MaxRed = 14 * 24 * time.Hour
	// maxStatusDays bounds the end of any other status.
	maxStatusDays = 60
	// maxEvidence bounds the evidence, in characters.
	maxEvidence = 200
)

// StatusChange is a decision about somebody's status.
type StatusChange struct {
	Status   Status
	Ground   Ground
	Until    int64  // UTC ms, 0: until it is changed; red has to have an end within MaxRed
	Evidence string // what it rests on, at most 200 characters; kept sealed
	By       uint32 // number of the member of staff; 0: the program
	Office   string // node of the grid that they speak for
	Second   uint32 // who approved it, where it took a second person; else 0
	// Authority and Author are the office outside the town that decided, and who
	// there; "" of the town's own decisions.
	Authority, Author string
}

// StatusRecord is a decision as it is kept, the last 20 of each person.
type StatusRecord struct {
	Status   Status `json:"s"`
	Ground   Ground `json:"g,omitempty"` // "" where nobody said: by enrolment
	Evidence string `json:"e,omitempty"`
	By       uint32 `json:"b,omitempty"`
	Office   string `json:"o,omitempty"`
	Since    int64  `json:"t"`           // UTC ms
	Until    int64  `json:"u,omitempty"` // UTC ms, 0: none
	// Of a decision that an office outside the town took: which, and who there.
	Authority string `json:"a,omitempty"`
	Author    string `json:"w,omitempty"`
	Second    uint32 `json:"2,omitempty"` // who approved it, where it took a second person
}

// Confines tells that the status keeps somebody at home.
func (s Status) Confines() bool {
	return s == StatusRed || s == StatusObservation || s == StatusQuarantine
}

// Observed tells that somebody with the status keeps a diary.
func (s Status) Observed() bool { return s == StatusObservation || s == StatusQuarantine }

// ends tells that the status can have an end.
func (s Status) ends() bool { return s.Confines() || s == StatusYellow }

// ChangeStatus gives a person a status and keeps why. It is in force for the next
// scan at any gate. The same decision by the same author while it is in force
// changes nothing. Errors: *FieldError, ErrNotFound, ErrUnavailable.
func (s *Store) ChangeStatus(ctx context.Context, person uint64, c StatusChange) (StatusRecord, error) {
	if err := c.check(s.now()); err != nil {
		return StatusRecord{}, err
	}
	who, err := s.Resident(ctx, person)
	if err != nil {
		return StatusRecord{}, err
	}
	now, err := s.StatusRecord(ctx, &who)
	if err != nil {
		return StatusRecord{}, err
	}
	record := c.record(now.Since)
	if now == record && who.Status == c.Status {
		if !c.Status.Confines() { // its announcement may have been cut off
			err = s.announce(ctx, ReleasesPerson, person)
		}
		return now, err
	}
	record.Since = s.now()
	if c.Status == StatusGone {
		if err := s.dropPhones(ctx, person); err != nil {
			return StatusRecord{}, err
		}
	}
	_, err = s.putStatus(ctx, person, record, "")
	return record, err
}

// record is the decision as it is kept.
func (c *StatusChange) record(since int64) StatusRecord {
	return StatusRecord{c.Status, c.Ground, c.Evidence, c.By, c.Office, since, c.Until, c.Authority, c.Author, c.Second}
}

// SetStatus gives a person a status without saying why, as enrolment does.
func (s *Store) SetStatus(ctx context.Context, person uint64, status Status) error {
	if int(status) >= len(statusNames) {
		return &FieldError{"status", "is not a status"}
	}
	if status == StatusGone {
		if err := s.dropPhones(ctx, person); err != nil {
			return err
		}
	}
	_, err := s.putStatus(ctx, person, StatusRecord{Status: status, Since: s.now()}, "")
	return err
}

func (c *StatusChange) check(now int64) (err error) {
	if c.Evidence, err = cleanText("evidence", c.Evidence, maxEvidence, false); err != nil {
		return err
	}
	ahead := c.Until - now
	switch {
	case int(c.Status) >= len(statusNames):
		return &FieldError{"status", "is not a status"}
	case !slices.Contains(Grounds(), c.Ground):
		return &FieldError{"ground", "must be one of " + strings.Join(groundNames(), ", ")}
	case c.Until == 0 && c.Status == StatusRed:
		return &FieldError{"until", "is missing: red ends within 14 days of each decision"}
	case c.Until == 0:
		return nil
	case !c.Status.ends():
		return &FieldError{"until", "is for red, observation, quarantine and yellow: any other status has no end"}
	case ahead <= 0:
		return &FieldError{"until", "must lie in the future"}
	case c.Status == StatusRed && ahead > MaxRed.Milliseconds():
		return &FieldError{"until", "must lie within 14 days: to go on with red takes another decision then"}
	case ahead > maxStatusDays*dayMillis:
		return &FieldError{"until", fmt.Sprintf("must lie within %d days", maxStatusDays)}
	}
	return nil
}

func groundNames() (names []string) {
	for _, g := range Grounds() {
		names = append(names, string(g))
	}
	return names
}

// noStatus stands for the ID of a record where there is none yet.
const noStatus = "-"

// putStatus writes a record behind the one with the ID after (8 bytes, or noStatus),
// behind any if that is ""; false if another one has come.
func (s *Store) putStatus(ctx context.Context, person uint64, record StatusRecord, after string) (bool, error) {
	r := careRef{person: person, kind: careStatus}
	_, _ = rand.Read(r.id[:]) // never fails: it would end the process
	sealed, err := s.sealCare(&r, record)
	if err != nil {
		return false, err
	}
	until := ""
	if record.Until != 0 {
		until = strconv.FormatInt(record.Until, 10)
	}
	if record.Status.Confines() {
		if err := s.announce(ctx, ConfinesPerson, person); err != nil {
			return false, err
		}
	}
	entry := careEntry{id: r.id, at: record.Since, state: statusState(record.Status)}
	reply, err := s.careStep(ctx, person, "status", string(rune(careStatus)), entry.pack(), sealed, int(record.Status), until, after)
	switch {
	case err != nil:
		return false, err
	case reply == "none":
		return false, notFound("person", FormatPersonID(person))
	case reply == "ok" && !record.Status.Confines():
		return true, s.announce(ctx, ReleasesPerson, person)
	}
	return reply == "ok", nil
}

// statusState is how a table tells the status of a record.
func statusState(s Status) byte { return 'A' + byte(s) }

// observedFrom is since when somebody whose last record is of such a status has
// been under observation or in quarantine, by one decision or several.
func (t careTable) observedFrom() (since int64) {
	for i := len(t) - 1; i >= 0 && Status(t[i].state-'A').Observed(); i-- {
		since = t[i].at
	}
	return since
}

// StatusRecord is the decision about a person's status that is in force: of one
// that came by enrolment it says no more than the status and when.
func (s *Store) StatusRecord(ctx context.Context, who *Resident) (StatusRecord, error) {
	history, err := s.StatusHistory(ctx, who)
	if err != nil {
		return StatusRecord{}, err
	}
	return history[len(history)-1], nil
}

// StatusHistory are the decisions about a person's status, oldest first, the last
// of them in force.
func (s *Store) StatusHistory(ctx context.Context, who *Resident) ([]StatusRecord, error) {
	tables, err := s.careTables(ctx, []uint64{who.ID})
	if err != nil {
		return nil, err
	}
	return s.statusHistory(ctx, who, tables[0].of(careStatus))
}

func (s *Store) statusHistory(ctx context.Context, who *Resident, table careTable) ([]StatusRecord, error) {
	history, err := careAs(ctx, s, table.refsOf(who.ID, careStatus, nil), func(*StatusRecord, uint64) {})
	if err != nil {
		return nil, err
	}
	if n := len(history); n == 0 || history[n-1].Status != who.Status { // by enrolment, or by erasure
		history = append(history, StatusRecord{Status: who.Status, Since: who.CreatedAt})
	}
	return history, nil
}
