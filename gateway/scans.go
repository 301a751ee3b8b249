package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

// scanBody is a scan as a device sends it. Exactly one of Pass, Resident,
// IDDocument and WalkIn names the person; in an emergency it may be none. Told
// comes in batches only.
type scanBody struct {
	ID          string             `json:"id"`
	OccurredAt  string             `json:"occurred_at"`
	Pass        *string            `json:"pass"`
	Resident    *string            `json:"resident"`
	IDDocument  *string            `json:"id_document"`
	WalkIn      *walkInBody        `json:"walk_in"`
	Direction   string             `json:"direction"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Method      string             `json:"temperature_method"`
	RemeasureOf string             `json:"remeasure_of"`
	Plate       string             `json:"plate"`
	Unchecked   bool               `json:"plate_unchecked"` // the plate has a form of its own
	Vehicle     string             `json:"vehicle"`
	Disinfected bool               `json:"vehicle_disinfected"`
	Purpose     string             `json:"purpose"`
	Override    *overrideBody      `json:"override"`
	Told        *toldBody          `json:"told"`
}

type walkInBody struct {
	Name   string `json:"name"`
	IDTail string `json:"id_tail"`
	Phone  string `json:"phone"`
}

type overrideBody struct {
	Reason string `json:"reason"`
}

// presentation is a scan that is ready for the store.
type presentation struct {
	checkpoint.ScanRequest
	// Refused, if not ReasonOK, is why no person is known.
	Refused checkpoint.Reason
}

// handleScan decides and records one passage.
func (s *Server) handleScan(c *fiber.Ctx) error {
	watch := s.startScan(tracedOf(c))
	var in scanBody
	if err := decodeScan(c, &in); err != nil {
		return err
	}
	if in.Told != nil {
		return &apiError{codeUnknownField, "told", "what a device told on its own goes through the batch route"}
	}
	if err := s.admitScans(c, 1); err != nil {
		return err
	}
	watch.done(stageParse)
	p, err := s.present(s.context(c), principalOf(c).Device, &in)
	if err != nil {
		return err
	}
	watch.done(stageVerify)
	result, err := s.record(s.context(c), p)
	if err != nil {
		return err
	}
	watch.done(stageDecide)
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	c.Response().SetBodyRaw(viewOfResult(in.ID, &result).append(make([]byte, 0, 640)))
	watch.finish(p.Device, result.Outcome)
	return nil
}

// scansAMinute is how many scans a device may send, alone or in batches, to one
// gateway. A guard takes a few; a phone that was offline all day sends a few
// thousand. Without a bound a stolen token could fill the store within the hour.
const scansAMinute = 12_000

func (s *Server) admitScans(c *fiber.Ctx, some int) error {
	return s.scans.admitSome(some, principalOf(c).Device.Num, s.now(), scansAMinute, "send scans")
}

// recorder is what scans are handed to.
type recorder interface {
	Scan(ctx context.Context, req checkpoint.ScanRequest) (checkpoint.ScanResult, error)
	Refuse(ctx context.Context, req checkpoint.ScanRequest, reason checkpoint.Reason) (checkpoint.ScanResult, error)
	Annul(ctx context.Context, req checkpoint.AnnulRequest) (checkpoint.AnnulResult, error)
	FindByDocument(ctx context.Context, number string) (uint64, error)
}

// recorder is the store, or what stands in for it while it is away.
func (s *Server) recorder() recorder {
	if s.standby != nil {
		return s.standby
	}
	return s.store
}

// record hands a scan over.
func (s *Server) record(ctx context.Context, p presentation) (checkpoint.ScanResult, error) {
	if p.Refused != checkpoint.ReasonOK {
		return s.recorder().Refuse(ctx, p.ScanRequest, p.Refused)
	}
	return s.recorder().Scan(ctx, p.ScanRequest)
}

// present checks the form of a scan and finds out whom it names. What cannot
// be a scan is an error; a person who cannot be known is a refusal.
func (s *Server) present(ctx context.Context, device *checkpoint.Device, in *scanBody) (p presentation, err error) {
	p.ID, p.Device, p.Temperature = in.ID, device.Num, in.Temperature
	p.RemeasureOf, p.Vehicle, p.Disinfected = in.RemeasureOf, in.Vehicle, in.Disinfected
	if p.OccurredAt, err = parseTime("occurred_at", in.OccurredAt); err != nil {
		return p, err
	}
	if p.Direction, err = checkpoint.ParseDirection(in.Direction); err != nil {
		return p, invalid("direction", "must be in or out")
	}
	if p.Method, err = checkpoint.ParseMethod(in.Method); err != nil {
		return p, err
	}
	if len(in.RemeasureOf) > 64 {
		return p, invalid("remeasure_of", "must be the id of the scan with the first reading")
	}
	if p.Plate, err = in.plate(); err != nil {
		return p, err
	}
	if p.Purpose, err = checkpoint.ParsePurpose(in.Purpose); err != nil {
		return p, err
	}
	if in.Override != nil {
		if p.Override, err = checkpoint.ParseOverride(in.Override.Reason); err != nil {
			return p, err
		}
	}
	return p, s.name(ctx, &p, in)
}

// plate is the number plate in its one form, or as it was seen if the device
// says that it has a form of its own.
func (in *scanBody) plate() (string, error) {
	if in.Plate == "" {
		return "", nil
	}
	return plateOf(in.Plate, in.Unchecked)
}

// name finds out whom the scan names.
func (s *Server) name(ctx context.Context, p *presentation, in *scanBody) (err error) {
	given := 0
	for _, there := range []bool{in.Pass != nil, in.Resident != nil, in.IDDocument != nil, in.WalkIn != nil} {
		if there {
			given++
		}
	}
	if given > 1 || given == 0 && in.Override == nil {
		return invalid("pass", "name the person by exactly one of pass, resident, id_document, walk_in")
	}
	switch {
	case given == 0: // an emergency: nobody was asked for a name
		p.Who, p.Refused = checkpoint.ByNobody, checkpoint.ReasonUnknownPerson
	case in.Pass != nil:
		s.presentPass(p, *in.Pass)
	case in.Resident != nil:
		p.Who, p.Presented = checkpoint.ByResident, "resident:"+*in.Resident
		p.Person, err = checkpoint.ParsePersonID(*in.Resident)
	case in.IDDocument != nil:
		err = s.presentDocument(ctx, p, *in.IDDocument)
	default:
		w := in.WalkIn
		p.Who, p.Presented = checkpoint.ByWalkIn, "walk:"+strings.Join([]string{w.Name, w.IDTail, w.Phone}, "\x00")
		p.WalkIn = &checkpoint.WalkIn{Name: w.Name, IDTail: w.IDTail, Phone: w.Phone}
	}
	return err
}

var passKinds = map[codes.Kind]checkpoint.WhoKind{
	codes.KindApp: checkpoint.ByAppPass, codes.KindPaper: checkpoint.ByPaperPass, codes.KindVisitor: checkpoint.ByVisitorPass,
}

// presentPass checks the signature and opens the pass. Its times are the
// store's to judge, at occurred_at.
func (s *Server) presentPass(p *presentation, text string) {
	p.Presented = text
	pass, refusal := s.verifier.Verify(text)
	if refusal != nil {
		reason, err := checkpoint.ParseReason(string(refusal.Reason))
		if err != nil {
			reason = checkpoint.ReasonMalformed
		}
		p.Refused = reason
		return
	}
	p.Who = passKinds[pass.Kind]
	person, generation, ok := s.ring.Open(pass)
	if !ok {
		p.Refused = checkpoint.ReasonNotOurPass
		return
	}
	p.Pass = &checkpoint.PassClaims{
		Person: person, Generation: generation, ID: pass.ID, NotBefore: pass.NotBefore, ExpiresAt: pass.ExpiresAt,
	}
}

// unknownsAMinute is how many documents a device may name that nobody has, more
// than anybody can type: a stolen phone must not find out by trying numbers who
// lives here.
const unknownsAMinute = 60

func (s *Server) presentDocument(ctx context.Context, p *presentation, number string) error {
	p.Who, p.Presented = checkpoint.ByDocument, "doc:"+number
	person, err := s.recorder().FindByDocument(ctx, number)
	var field *checkpoint.FieldError
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		p.Refused = checkpoint.ReasonUnknownPerson
		if p.Override != 0 {
			return nil
		}
		return s.unknowns.admit(p.Device, s.now(), unknownsAMinute, "name documents that nobody here has")
	case errors.As(err, &field):
		return invalid("id_document", field.Why)
	}
	p.Person = person
	return err
}

// resultView is the answer to a scan. A repeat's differs in Duplicate only.
type resultView struct {
	ID         string           `json:"id"`
	Decision   string           `json:"decision"`
	Reason     string           `json:"reason"`
	Color      checkpoint.Color `json:"color"`
	Action     string           `json:"action"`
	Text       textView         `json:"text"`
	Person     *guardView       `json:"person"`
	OccurredAt utcTime          `json:"occurred_at"`
	RecordedAt utcTime          `json:"recorded_at"`
	Duplicate  bool             `json:"duplicate"`
	Degraded   bool             `json:"degraded"`
	Permit     *permitUseView   `json:"permit,omitempty"`
	Call       string           `json:"call,omitempty"`
	Flags      []string         `json:"flags"`
}

// permitUseView is the permit that let a visitor in, as it was then.
type permitUseView struct {
	Number      uint32  `json:"number"`
	Until       utcTime `json:"until"`
	EntriesLeft *int    `json:"entries_left"` // null: no limit
}

func viewOfPermitUse(u checkpoint.PermitUse) *permitUseView {
	if u.Number == 0 {
		return nil
	}
	view := &permitUseView{Number: u.Number, Until: utcTime(u.Until)}
	if u.Left != checkpoint.EntriesUnlimited {
		left := int(u.Left)
		view.EntriesLeft = &left
	}
	return view
}

type textView struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// guardView is what a guard sees of a person.
type guardView struct {
	ID         string `json:"id"`
	NameMasked string `json:"name_masked"`
	Kind       string `json:"kind"`
	Home       string `json:"home"`
}

func viewOfResult(id string, r *checkpoint.ScanResult) *resultView {
	text := r.Reason.Text()
	view := &resultView{
		ID: id, Decision: r.Decision.String(), Reason: r.Reason.String(), Color: r.Color(), Action: r.Action.String(),
		Text: textView{text.ZH, text.EN}, OccurredAt: utcTime(r.OccurredAt), RecordedAt: utcTime(r.RecordedAt),
		Duplicate: r.Duplicate, Degraded: r.Flags&checkpoint.FlagDegraded != 0, Permit: viewOfPermitUse(r.Permit), Call: r.Call, Flags: r.Flags.Names(),
	}
	if p := r.Person; p != nil {
		view.Person = &guardView{checkpoint.FormatPersonID(p.ID), p.NameMasked, p.Kind.String(), p.Home}
	}
	return view
}
