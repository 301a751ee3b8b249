package checkpoint

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// lineOf renders a contact as the oracle does.
func lineOf(q ContactQuery, c *Contact) string {
	names := make([]string, len(c.Kinds))
	for i, k := range c.Kinds {
		names[i] = k.String()
	}
	via := q.Person
	if n := len(c.Chain); n > 1 {
		via = c.Chain[n-2].Person
	}
	return fmt.Sprintf("hop %d %x via %x %s exposure %d minutes %d first %d last %d infected %d met %s", c.Hop, c.Person, via,
		strings.Join(names, "+"), c.Exposure, c.Minutes, c.First, c.Last, c.Infected, evidence(c.Evidence))
}

// difference gives the first line that one of two sorted lists lacks.
func difference(got, want []string) string {
	for _, line := range want {
		if !slices.Contains(got, line) {
			return "missing " + line
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			return "too much " + line
		}
	}
	return ""
}

// checkChain tells what is wrong with a contact's chain.
func checkChain(q ContactQuery, c *Contact) error {
	if len(c.Chain) != c.Hop || c.Chain[c.Hop-1].Person != c.Person || c.Chain[c.Hop-1].Infected != c.Infected {
		return fmt.Errorf("the chain of a contact at hop %d infected at %d is %+v", c.Hop, c.Infected, c.Chain)
	}
	at := q.From
	for _, l := range c.Chain {
		if l.Infected < at || l.Meeting.Infection() != l.Infected {
			return fmt.Errorf("the chain goes back in time: %+v", c.Chain)
		}
		at = l.Infected
	}
	return nil
}

// The contacts of anybody in a town that moves at random, of the first three
// hops, are those that comparing everybody with everybody finds.
func TestContactsAreThoseOfTheOracle(t *testing.T) {
	t.Parallel()
	towns := 8
	if os.Getenv("PASSGATE_LONG") != "" {
		towns = 300
	}
	seen := map[string]int{}
	movingTowns(t, towns, func(t *testing.T, m *movingTown) {
		for _, person := range m.people {
			from, to := m.window()
			q := ContactQuery{
				Person: person, From: from, To: to, Hops: 1 + m.rng.IntN(MaxHops), Expand: MaxExpand, Limit: MaxContacts,
				GateMargin: []time.Duration{0, 45 * time.Second, DefaultGateMargin, MaxGateMargin}[m.rng.IntN(4)],
				MinOverlap: []time.Duration{0, DefaultMinOverlap, time.Hour}[m.rng.IntN(3)],
			}
			if from >= m.s.now() {
				continue
			}
			res, err := m.s.Contacts(t.Context(), q)
			must(t, err)
			if len(res.Cuts) > 0 || res.Total != len(res.Contacts) {
				t.Fatalf("cut: %+v", res.Cuts)
			}
			var got []string
			for i := range res.Contacts {
				c := &res.Contacts[i]
				if err := checkChain(q, c); err != nil {
					t.Error(err)
				}
				got = append(got, lineOf(q, c))
				seen[fmt.Sprint("hop ", c.Hop)]++
				for _, k := range c.Kinds {
					seen[k.String()]++
				}
			}
			slices.Sort(got)
			want := newContactOracle(m, q).contacts()
			if d := difference(got, want); d != "" || len(got) != len(want) {
				t.Fatalf("%x from %d to %d margin %s least %s hops %d: %d contacts, want %d: %s", person, from, to, q.GateMargin, q.MinOverlap,
					q.Hops, len(got), len(want), d)
			}
		}
	})
	t.Log(seen)
	for _, what := range []string{"household", "vehicle", "venue", "gate", "hop 1", "hop 2", "hop 3"} {
		if seen[what] == 0 && !testInMemory {
			t.Errorf("no contact of kind %q: the towns prove too little", what)
		}
	}
}
