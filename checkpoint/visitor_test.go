package checkpoint

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestVisitorJoinsTheHostAndKeepsOneTrail(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")
	phone := func(in *NewPermit) { in.Visitor.Phone = "13800138000" }
	first := desk.issue(1, phone)
	if partitionOf(first.Person) != partitionOf(desk.host) {
		t.Errorf("the visitor is in partition %d, the host in %d", partitionOf(first.Person), partitionOf(desk.host))
	}
	who, err := s.Resident(t.Context(), first.Person)
	if err != nil || who.Kind != KindVisitor || who.Status != StatusVisitor || who.Site != "" || who.Name != "孙八" || who.IDNumber != "V0000001" {
		t.Errorf("on record: %+v, %v", who, err)
	}
	if id, err := s.FindByDocument(t.Context(), "v0000001"); err != nil || id != first.Person {
		t.Errorf("by document: %x, %v", id, err)
	}
	if ids, err := s.FindByPhone(t.Context(), "138 0013 8000"); err != nil || len(ids) != 1 || ids[0] != first.Person {
		t.Errorf("by phone: %x, %v", ids, err)
	}
	want(t, gate.scan(first.Person, In, 36_5), Pass, ReasonOK, Admit, 0)
	clock.Advance(30 * time.Minute)
	want(t, gate.scan(first.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider)

	t.Log("next week, to somebody in another village, whose partition is another one")
	clock.Advance(7 * 24 * time.Hour)
	var host uint64
	for n := 20; host == 0 || partitionOf(host) == partitionOf(first.Person); n++ {
		host = villager(t, s, n)
	}
	second := desk.issue(1, func(in *NewPermit) { in.Site, in.Host = "v-02", host })
	if second.Person != first.Person || second.Number == first.Number {
		t.Errorf("the second permit %+v, the first %+v", second, first)
	}
	want(t, post(t, s, clock, "v-02").scan(second.Person, In, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(second.Person, In, 36_5), Deny, ReasonPermitExpired, Register, 0)
	if n := len(trailOf(t, s, first.Person)); n != 4 {
		t.Errorf("%d events in the trail, want 4", n)
	}
}

func TestVisitorWithoutADocumentIsKnownByNameAndPhone(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	desk := newDesk(t, s)
	by := func(name, document, phone string) uint64 {
		return desk.issue(0, func(in *NewPermit) { in.Visitor = &Visitor{name, document, phone} }).Person
	}
	first := by("孙八", "", "13800138000")
	if by("孙八", "", "+86 138 0013 8000") != first {
		t.Error("the same name and phone made somebody else")
	}
	if by("孙九", "", "13800138000") == first || by("孙八", "", "13800138001") == first {
		t.Error("another name or phone is another person")
	}
	t.Log("and shows a document later")
	if by("孙八", "V0000001", "13800138000") != first {
		t.Error("with a document the visitor became somebody else")
	}
	who, err := s.Resident(t.Context(), first)
	if err != nil || who.IDNumber != "V0000001" || who.Kind != KindVisitor || who.Status != StatusVisitor {
		t.Errorf("on record: %+v, %v", who, err)
	}
	if by("孙八", "V0000001", "") != first {
		t.Error("the document does not find the visitor")
	}
	if by("孙八", "V0000002", "13800138000") == first {
		t.Error("another document is another person")
	}
}

func TestVisitorOnRecordGetsThePermitOnTheirOwnRecord(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")
	guest := villager(t, s, 2)
	for n := 3; partitionOf(guest) == partitionOf(desk.host); n++ {
		guest = villager(t, s, n)
	}
	who, err := s.Resident(t.Context(), guest)
	must(t, err)
	p := desk.issue(0, func(in *NewPermit) { in.Visitor = &Visitor{Name: who.Name, IDNumber: who.IDNumber} })
	if p.Person != guest {
		t.Fatalf("the permit went to %x, not to %x", p.Person, guest)
	}
	want(t, gate.scan(guest, In, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(guest, In, 36_5), Deny, ReasonPermitUsed, Register, 0)
	want(t, post(t, s, clock, "v-02").scan(guest, In, 36_5), Pass, ReasonOK, Admit, 0) // home

	t.Log("somebody written down at the gate gets it by their ID")
	req := gate.request(0, In, 36_5)
	req.Who, req.WalkIn = ByWalkIn, &WalkIn{Name: "周七", IDTail: "123X", Phone: "13900000000"}
	res := gate.send(req)
	want(t, res, Deny, ReasonOutsider, Register, FlagWalkIn)
	walkIn := desk.issue(0, func(in *NewPermit) { in.Visitor, in.Person = nil, res.Person.ID })
	if walkIn.Person != res.Person.ID {
		t.Errorf("the permit went to %x", walkIn.Person)
	}
	clock.Advance(time.Second)
	again := gate.request(0, In, 36_5)
	again.Who, again.WalkIn = ByWalkIn, req.WalkIn
	want(t, gate.send(again), Pass, ReasonOK, Admit, FlagWalkIn)

	t.Log("and once they are known to be a resident, that one gets it")
	must(t, s.rdb.HSet(t.Context(), s.keys.person(res.Person.ID), "r", raw(guest)).Err())
	if p := desk.issue(0, func(in *NewPermit) { in.Visitor, in.Person = nil, res.Person.ID }); p.Person != guest {
		t.Errorf("the permit went to %x, not to %x", p.Person, guest)
	}
}

func TestVisitorWhoseEntryWasCutOffIsCompleted(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	desk := newDesk(t, s)
	in := desk.ask(1)
	e, err := s.prepareVisitor(*in.Visitor, in.Host)
	must(t, err)
	_, cancel, err := s.chooseKeys(t.Context(), []*enrolment{e})
	must(t, err)
	defer cancel()
	_, _, err = s.claim(t.Context(), []*enrolment{e}) // and then the power went
	must(t, err)
	if _, err := s.FindByDocument(t.Context(), in.Visitor.IDNumber); !errors.Is(err, ErrNotFound) {
		t.Errorf("half a visitor is found: %v", err)
	}
	p, _, err := s.IssuePermit(t.Context(), in)
	if err != nil || p.Person != e.id {
		t.Errorf("%+v, %v", p, err)
	}
	if id, err := s.FindByDocument(t.Context(), in.Visitor.IDNumber); err != nil || id != e.id {
		t.Errorf("by document: %x, %v", id, err)
	}
}

// Nothing that names a visitor or says why they come lies in the clear.
func TestPermitIsSealed(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	p := newDesk(t, s).issue(1, func(in *NewPermit) {
		in.Visitor.Phone, in.Plate, in.Purpose = "13800138000", "鲁A12345", "看望母亲"
	})
	if got, err := s.Permit(t.Context(), p.Number); err != nil || got.Plate != "鲁A12345" || got.Purpose != "看望母亲" {
		t.Errorf("read back: %+v, %v", got, err)
	}
	all := contents(t, s)
	for _, secret := range []string{"孙八", "V0000001", "13800138000", "A12345", "看望"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is stored in the clear", secret)
		}
	}
}
