package demo

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// How many people's contacts are asked for, and of how many of them the contacts
// of contacts; the latter have at most fewContacts, as the server looks at 50.
const (
	contactsOf    = 60
	furtherOf     = 8
	fewContacts   = 40
	listedAtMost  = 10_000
	evidenceShown = 20
)

// wireContact is a contact as the server tells it.
type wireContact struct {
	Hop      int      `json:"hop"`
	Person   wireWho  `json:"person"`
	Kinds    []string `json:"kinds"`
	Exposure int64    `json:"exposure"`
	Minutes  int64    `json:"minutes"`
	Meetings int      `json:"meetings"`
	FirstAt  string   `json:"first_at"`
	LastAt   string   `json:"last_at"`
	Infected string   `json:"infected_from"`
	Chain    []struct {
		Person wireWho `json:"person"`
	} `json:"chain"`
	Evidence []struct {
		Kind string `json:"kind"`
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"evidence"`
}

// wireWho is a person in an answer about several.
type wireWho struct {
	ID string `json:"id"`
}

// line puts a contact on one line, the same for both sides.
func (w *wireContact) line() string {
	var through, evidence []string
	for _, l := range w.Chain {
		through = append(through, l.Person.ID)
	}
	for _, e := range w.Evidence {
		evidence = append(evidence, e.Kind+" "+e.From+" "+e.To)
	}
	return contactLine(w.Hop, w.Exposure, w.Minutes, w.Meetings, through, w.Kinds, w.FirstAt, w.LastAt, w.Infected, evidence)
}

func contactLine(hop int, exposure, minutes int64, meetings int, chain, kinds []string, first, last, infected string, evidence []string) string {
	return fmt.Sprintf("hop %d %s %s: exposure %d, %d min, %d times from %s to %s, infected %s [%s]", hop, strings.Join(chain, ">"),
		strings.Join(kinds, "+"), exposure, minutes, meetings, first, last, infected, strings.Join(evidence, "; "))
}

// lineOf is what the server has to say of a contact.
func (m *meetings) lineOf(k contact) string {
	chain := []string{m.o.people[k.person].id}
	if k.hop > 1 {
		chain = []string{m.o.people[k.through].id, chain[0]}
	}
	var kinds, evidence []string
	last := k.first
	slices.SortStableFunc(k.met, func(a, b meeting) int { return strings.Compare(sortKey(a), sortKey(b)) })
	for i, one := range k.met {
		last = max(last, one.to)
		if !slices.Contains(kinds, one.kind) {
			kinds = append(kinds, one.kind)
		}
		if i < evidenceShown {
			evidence = append(evidence, one.kind+" "+wireTime(one.from)+" "+wireTime(one.to))
		}
	}
	slices.SortFunc(kinds, func(a, b string) int { return gravity[a] - gravity[b] })
	return contactLine(k.hop, k.exposure, k.minutes, len(k.met), chain, kinds, wireTime(k.first), wireTime(last), wireTime(k.infected), evidence)
}

// sortKey orders evidence: by its beginning, then the gravest, then its end.
func sortKey(m meeting) string { return fmt.Sprintf("%015d %d %015d", m.from, gravity[m.kind], m.to) }

// checkContacts asks for the contacts of some people, and for some of them for
// the contacts of contacts.
func (r *run) checkContacts(ctx context.Context) error {
	m := r.oracle.meetings(r.now.UnixMilli())
	who := r.someWhoMoved()
	var further atomic.Int64
	return r.parallel(ctx, "contacts", len(who), func(ctx context.Context, n int) error {
		person := who[n]
		direct := m.of(person, 1, r.cfg.Start.UnixMilli())
		if err := r.checkContactsOf(ctx, m, person, 1, direct); err != nil {
			return err
		}
		if len(direct) == 0 || len(direct) > fewContacts || further.Add(1) > furtherOf {
			return nil
		}
		return r.checkContactsOf(ctx, m, person, 2, m.of(person, 2, r.cfg.Start.UnixMilli()))
	})
}

// someWhoMoved picks people whose contacts are asked for: from everybody who
// passed a gate, and of those who came in a car with others.
func (r *run) someWhoMoved() (who []int) {
	var moved, rode []int
	for i := range r.oracle.people {
		p := &r.oracle.people[i]
		if len(p.history) > 0 {
			moved = append(moved, i)
		}
		if slices.ContainsFunc(p.history, func(e event) bool { return e.car != "" }) {
			rode = append(rode, i)
		}
	}
	for i := 0; i < len(moved); i += max(1, len(moved)/contactsOf) {
		who = append(who, moved[i])
	}
	who = append(who, rode[:min(len(rode), contactsOf/6)]...)
	slices.Sort(who)
	return slices.Compact(who)
}

func (r *run) checkContactsOf(ctx context.Context, m *meetings, person, hops int, contacts []contact) error {
	id := r.oracle.people[person].id
	query := url.Values{
		"from": {wireTime(r.cfg.Start.UnixMilli())}, "to": {wireTime(m.asOf)}, "hops": {fmt.Sprint(hops)}, "limit": {fmt.Sprint(listedAtMost)},
	}
	var out struct {
		Contacts []wireContact `json:"contacts"`
		Total    int           `json:"total"`
		Cuts     []struct {
			Kind string `json:"kind"`
			At   int    `json:"at"`
		} `json:"cuts"`
	}
	if err := r.ask(ctx, r.caseOf(person), "GET", "/v1/residents/"+id+"/contacts?"+query.Encode(), nil, &out); err != nil {
		return err
	}
	r.inquiry.rows.Add(int64(len(out.Contacts)))
	where := fmt.Sprintf("contacts of %s, %d hops", id, hops)
	for _, cut := range out.Cuts {
		if cut.Kind != "listing" {
			r.ledger.note("contacts.cut", fmt.Sprintf("%s: %s at %d", where, cut.Kind, cut.At))
			return nil // not all of them were looked for, and the answer says so
		}
	}
	var want, got []string
	for _, k := range contacts[:min(len(contacts), listedAtMost)] {
		want = append(want, m.lineOf(k))
	}
	for i := range out.Contacts {
		got = append(got, out.Contacts[i].line())
	}
	r.ledger.same("contacts.ranked", where, strings.Join(persons(want), "\n"), strings.Join(persons(got), "\n"))
	r.tell("contacts", where, want, got)
	r.ledger.count("contacts.total", len(contacts), out.Total)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range contacts {
		if contacts[i].hop > 1 {
			r.met["hop 2"]++
			continue
		}
		for kind := range gravity {
			if slices.ContainsFunc(contacts[i].met, func(m meeting) bool { return m.kind == kind }) {
				r.met[kind]++
			}
		}
	}
	return nil
}

// persons cuts lines to hop and chain: the order of rank.
func persons(lines []string) []string {
	short := make([]string, len(lines))
	for i, line := range lines {
		short[i], _, _ = strings.Cut(line, ":")
	}
	return short
}
