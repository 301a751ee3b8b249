package feed

import (
	"slices"
	"strings"

	"passgate/checkpoint"
)

// Type is a type of event.
type Type string

// The types.
const (
	TypeScan        Type = "passgate.scan"
	TypeAnnulled    Type = "passgate.scan.annulled" // a scan was taken back; data.scan is its event
	TypeFeverOpened Type = "passgate.fever.opened"
	TypeFeverClosed Type = "passgate.fever.closed"
	TypeStatus      Type = "passgate.status.changed" // a decision was taken; observation begins and ends by one
)

// Field is a member of an event's data that a subscriber can be granted.
type Field string

// The fields.
const (
	FieldSite        Field = "site"
	FieldGate        Field = "gate"
	FieldDirection   Field = "direction"
	FieldDecision    Field = "decision"
	FieldReason      Field = "reason"
	FieldTemperature Field = "temperature"
	FieldFever       Field = "fever"
	FieldOutcome     Field = "outcome"
	FieldStatus      Field = "status" // the one before, too
	FieldGround      Field = "ground"
	FieldUntil       Field = "until"
	FieldName        Field = "name"        // who it is: needs a ground in law
	FieldIDDocument  Field = "id_document" // as above
)

// granted is the closed list: which fields events of a type can have.
var granted = []struct {
	Type   Type
	Fields []Field
}{
	{TypeScan, []Field{FieldSite, FieldGate, FieldDirection, FieldDecision, FieldReason, FieldTemperature, FieldFever, FieldName, FieldIDDocument}},
	{TypeAnnulled, []Field{FieldSite, FieldGate, FieldName, FieldIDDocument}},
	{TypeFeverOpened, []Field{FieldSite, FieldGate, FieldTemperature, FieldName, FieldIDDocument}},
	{TypeFeverClosed, []Field{FieldSite, FieldGate, FieldOutcome, FieldName, FieldIDDocument}},
	{TypeStatus, []Field{FieldStatus, FieldGround, FieldUntil, FieldName, FieldIDDocument}},
}

// defaultFields are what a subscriber gets without asking for more.
var defaultFields = []Field{FieldSite, FieldDirection, FieldDecision, FieldOutcome, FieldStatus}

// Types lists the types.
func Types() (all []Type) {
	for _, g := range granted {
		all = append(all, g.Type)
	}
	return all
}

// Fields lists the fields.
func Fields() (all []Field) {
	for _, g := range granted {
		for _, f := range g.Fields {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

// has tells that a subscriber is given a field.
func (s *Subscriber) has(f Field) bool { return slices.Contains(s.Fields, f) }

// wants tells that a subscriber reads events of a type.
func (s *Subscriber) wants(t Type) bool { return slices.Contains(s.Types, t) }

// identifies tells that its events say who somebody is.
func (s *Subscriber) identifies() bool { return s.has(FieldName) || s.has(FieldIDDocument) }

// checkPolicy puts defaults in, and checks what a subscriber is to get. The error is a
// *checkpoint.FieldError.
func (s *Subscriber) checkPolicy() error {
	if len(s.Fields) == 0 {
		s.Fields = slices.Clone(defaultFields)
	}
	if len(s.Types) == 0 && !s.Changes {
		return &checkpoint.FieldError{Field: "types", Why: "is missing: name what is read, of " + joined(Types()) + "; or give the right to send changes"}
	}
	for _, t := range s.Types {
		if !slices.Contains(Types(), t) {
			return &checkpoint.FieldError{Field: "types", Why: "must be of " + joined(Types())}
		}
	}
	for _, f := range s.Fields {
		if !slices.Contains(Fields(), f) {
			return &checkpoint.FieldError{Field: "fields", Why: "must be of " + joined(Fields())}
		}
	}
	slices.Sort(s.Types)
	slices.Sort(s.Fields)
	s.Types, s.Fields = slices.Compact(s.Types), slices.Compact(s.Fields)
	if s.identifies() && s.Ground == "" {
		return &checkpoint.FieldError{Field: "ground", Why: "is missing: name and id_document leave the town only by law: say which"}
	}
	return nil
}

func joined[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}
