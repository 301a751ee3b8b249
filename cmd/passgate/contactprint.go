package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

func (f *contacts) print(w io.Writer, evidence bool) error {
	period := "the period of the case"
	if f.Period != "case" {
		period = "as asked"
	}
	if _, err := fmt.Fprintf(w, "%s  %s  home %s\n%s to %s (%s)\n\n", plain(f.Resident.ID), plain(f.Resident.Name), plain(f.Resident.Home),
		localTime(f.From), localTime(f.To), period); err != nil {
		return err
	}
	out := newTable(w, "RANK", "HOP", "NAME", "PERSON", "HOME", "MET", "EXPOSURE", "MINUTES", "MEETINGS", "FIRST", "LAST", "PLACE", "THROUGH")
	for i := range f.Contacts {
		k := &f.Contacts[i]
		if err := out.add(strconv.Itoa(i+1), strconv.Itoa(k.Hop), k.Person.Name, k.Person.ID, k.Person.lives(), strings.Join(k.Kinds, " "),
			strconv.FormatInt(k.Exposure, 10), strconv.FormatInt(k.Minutes, 10), strconv.Itoa(k.Meetings), localTime(k.FirstAt), localTime(k.LastAt),
			k.place(), k.through()); err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	if evidence {
		if err := f.printEvidence(w); err != nil {
			return err
		}
	}
	if err := f.printGuards(w); err != nil {
		return err
	}
	return printCuts(w, f.Cuts)
}

// place is where the first meeting was, of those that have a place.
func (k *contact) place() string {
	for _, m := range k.Evidence {
		if m.Site != "" {
			return strings.TrimSpace(m.Site + " " + m.SiteName)
		}
	}
	return ""
}

// through is the chain between the person asked about and the contact.
func (k *contact) through() string {
	var steps []string
	for i := range len(k.Chain) - 1 {
		l := &k.Chain[i]
		steps = append(steps, strings.TrimSpace(l.Person.ID+" ("+l.Kind+" "+localTime(l.InfectedFrom))+")")
	}
	return strings.Join(steps, " > ")
}

func (f *contacts) printEvidence(w io.Writer) error {
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	out := newTable(w, "RANK", "MET", "FROM", "TO", "MINUTES", "PLACE", "NAME", "MARKS", "PASSED", "CONTACT PASSED")
	for i := range f.Contacts {
		for _, m := range f.Contacts[i].Evidence {
			marks := marksOf(mark{m.Open, "open"}, mark{m.Inferred, "inferred"}, mark{m.UnknownStart, "unknown_start"})
			if err := out.add(strconv.Itoa(i+1), m.Kind, localTime(m.From), localTime(m.To), strconv.FormatInt(m.Minutes, 10), m.Site, m.SiteName, marks,
				m.Mine.String(), m.Theirs.String()); err != nil {
				return err
			}
		}
	}
	return out.flush()
}

// String is one passage in a cell.
func (a *atGate) String() string {
	if a == nil {
		return ""
	}
	return a.Gate + " " + a.Direction + " " + localTime(a.At)
}

func (f *contacts) printGuards(w io.Writer) error {
	if len(f.Staff) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	out := newTable(w, "ON SHIFT", "SCANS", "FIRST", "LAST", "GATES")
	for _, g := range f.Staff {
		if err := out.add(g.Login, strconv.Itoa(g.Scans), localTime(g.FirstAt), localTime(g.LastAt), strings.Join(g.Gates, " ")); err != nil {
			return err
		}
	}
	return out.flush()
}

// cutWords say what was left out, by kind.
var cutWords = map[string]string{
	"people":  "people whose own contacts were looked for",
	"time":    "people whose own contacts there was time to look for",
	"crowd":   "possible contacts that were looked at",
	"venue":   "events at a place that were looked at",
	"listing": "contacts listed",
	"days":    "days of the case's period; more take a lift",
}

// printCuts stands with the answer, not beside it: without it the answer looks
// whole.
func printCuts(w io.Writer, cuts []cut) error {
	for _, k := range cuts {
		what := cutWords[k.Kind]
		if what == "" {
			what = k.Kind
		}
		if k.Hop > 0 {
			what += ", hop " + strconv.Itoa(k.Hop)
		}
		if k.Site != "" {
			what += ", " + k.Site
		}
		if _, err := fmt.Fprintf(w, "\nCUT at %d of %d: %s\n", k.At, k.Of, plain(what)); err != nil {
			return err
		}
	}
	return nil
}
