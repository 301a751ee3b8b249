package feed

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"passgate/checkpoint"
)

// Event is one event as subscribers get it: CloudEvents 1.0, JSON. Source and ID are
// the same whenever it is read, and no other event has them.
type Event struct {
	SpecVersion     string `json:"specversion"`
	ID              string `json:"id"`
	Source          string `json:"source"`
	Type            Type   `json:"type"`
	Subject         string `json:"subject"` // whom it is about, by a pseudonym of this subscriber's
	Time            string `json:"time"`
	RecordedTime    string `json:"recordedtime,omitempty"`
	DataContentType string `json:"datacontenttype"`
	Data            Data   `json:"data"`

	person uint64
}

// Data is what a subscriber is told of an event: those of its fields that it is
// granted, if they are known.
type Data struct {
	Scan        string      `json:"scan,omitempty"` // of an annulment: the event that is taken back
	Site        string      `json:"site,omitempty"`
	Gate        string      `json:"gate,omitempty"`
	Direction   string      `json:"direction,omitempty"`
	Decision    string      `json:"decision,omitempty"`
	Reason      string      `json:"reason,omitempty"`
	Temperature json.Number `json:"temperature,omitempty"` // °C
	Fever       *bool       `json:"fever,omitempty"`       // the reading was at or above the line, or a case was opened
	Outcome     string      `json:"outcome,omitempty"`
	Before      string      `json:"before,omitempty"`
	Status      string      `json:"status,omitempty"`
	Ground      string      `json:"ground,omitempty"`
	Until       string      `json:"until,omitempty"`
	Name        string      `json:"name,omitempty"`
	IDDocument  string      `json:"id_document,omitempty"`
}

// kinds of events in their IDs.
const (
	idScan, idAnnulled, idOpened, idClosed, idStatus = 'S', 'A', 'O', 'C', 'D'
)

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// writer makes the events of one page.
type writer struct {
	sub    *Subscriber
	names  *names
	reg    *checkpoint.Registry
	source string
	oldest int64 // UTC ms: what happened before is shown no more

	people    map[uint64]checkpoint.PersonView
	decisions map[[8]byte]checkpoint.StatusRecord
	fevers    map[checkpoint.FeverID]checkpoint.FeverCase
}

func (w *writer) event(t Type, kind byte, person uint64, at int64, what uint64) Event {
	return Event{
		SpecVersion: "1.0", ID: w.names.event(kind, person, at, what), Source: w.source, Type: t,
		Subject: w.names.person(person), Time: stamp(at), DataContentType: "application/json", person: person,
	}
}

// of gives the events of an entry that the subscriber is to have: at most two.
func (w *writer) of(e *checkpoint.FeedEntry) []Event {
	switch {
	case e.Scan != nil:
		return w.scan(e.Scan)
	case e.News != nil && e.News.Fever != 0:
		return w.closed(e.News)
	case e.News != nil:
		return w.decided(e.News)
	}
	return nil
}

// place is where a gate is; false if that is none of the subscriber's.
func (w *writer) place(gate uint32) (site, code string, ok bool) {
	g, ok := w.reg.GateByNum(gate)
	if !ok {
		return "", "", false
	}
	s, ok := w.reg.Site(g.Site)
	if !ok || !w.reg.Within(s.Grid, w.sub.Node) {
		return "", "", false
	}
	if w.sub.has(FieldSite) {
		site = s.Code
	}
	if w.sub.has(FieldGate) {
		code = g.Code
	}
	return site, code, true
}

func (w *writer) scan(e *checkpoint.ScanEvent) (events []Event) {
	site, gate, ok := w.place(e.Gate)
	if !ok || e.OccurredAt < w.oldest {
		return nil
	}
	hash := binary.BigEndian.Uint64(e.Hash[:])
	if e.IsAnnulment() {
		if w.sub.wants(TypeAnnulled) {
			v := w.event(TypeAnnulled, idAnnulled, e.Person, e.OccurredAt, hash)
			v.Time = stamp(e.RecordedAt)
			v.Data = Data{Site: site, Gate: gate, Scan: w.names.event(idScan, e.Person, e.OccurredAt, binary.BigEndian.Uint64(e.Annuls[:]))}
			events = append(events, v)
		}
		return events
	}
	temperature := json.Number("")
	if w.sub.has(FieldTemperature) {
		temperature = json.Number(e.Temperature.String())
	}
	if w.sub.wants(TypeScan) {
		v := w.event(TypeScan, idScan, e.Person, e.OccurredAt, hash)
		v.RecordedTime = stamp(e.RecordedAt)
		v.Data = Data{Site: site, Gate: gate, Temperature: temperature}
		w.judgement(e, &v.Data)
		events = append(events, v)
	}
	if e.Fever != 0 && w.sub.wants(TypeFeverOpened) {
		v := w.event(TypeFeverOpened, idOpened, e.Person, e.OccurredAt, uint64(e.Fever))
		v.RecordedTime = stamp(e.RecordedAt)
		v.Data = Data{Site: site, Gate: gate, Temperature: temperature}
		events = append(events, v)
	}
	return events
}

// judgement fills in what was decided.
func (w *writer) judgement(e *checkpoint.ScanEvent, d *Data) {
	if w.sub.has(FieldDirection) {
		d.Direction = e.Direction.String()
	}
	if w.sub.has(FieldDecision) {
		d.Decision = e.Decision.String()
	}
	if w.sub.has(FieldReason) {
		d.Reason = e.Reason.String()
	}
	if w.sub.has(FieldFever) {
		fever := e.Fever != 0 || e.Reason == checkpoint.ReasonFever || e.Flags&checkpoint.FlagFeverCase != 0
		d.Fever = &fever
	}
}

// closed is about a fever case at a site of the subscriber's.
func (w *writer) closed(n *checkpoint.News) []Event {
	c, ok := w.fevers[n.Fever]
	site, gate, here := w.place(c.Gate)
	if !ok || !here || n.At < w.oldest || !w.sub.wants(TypeFeverClosed) {
		return nil
	}
	v := w.event(TypeFeverClosed, idClosed, n.Person, c.OpenedAt, uint64(n.Fever))
	v.Time, v.Data = stamp(n.At), Data{Site: site, Gate: gate}
	if w.sub.has(FieldOutcome) {
		v.Data.Outcome = string(n.Outcome)
	}
	return []Event{v}
}

// decided is about somebody whose home is in the subscriber's part of the grid.
func (w *writer) decided(n *checkpoint.News) []Event {
	who, ok := w.people[n.Person]
	erased := !ok || who.Kind == checkpoint.KindErased
	if erased || n.At < w.oldest || !w.sub.wants(TypeStatus) || !w.mine(who.Grid) {
		return nil
	}
	v := w.event(TypeStatus, idStatus, n.Person, n.At, binary.BigEndian.Uint64(n.Decision[:]))
	if w.sub.has(FieldStatus) {
		v.Data.Before, v.Data.Status = n.Before.String(), n.After.String()
	}
	record := w.decisions[n.Decision] // its fields are empty if it is not kept any more
	if w.sub.has(FieldGround) {
		v.Data.Ground = string(record.Ground)
	}
	if w.sub.has(FieldUntil) && record.Until != 0 {
		v.Data.Until = stamp(record.Until)
	}
	return []Event{v}
}

// mine tells that a node, "" of people without a home, is the subscriber's.
func (w *writer) mine(node string) bool {
	if w.reg.Within(node, w.sub.Node) {
		return true
	}
	root, ok := w.reg.Grid(w.sub.Node)
	return ok && root.Parent == ""
}
