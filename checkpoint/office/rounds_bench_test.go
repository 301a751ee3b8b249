package office_test

import (
	"fmt"
	"testing"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
	"passgate/checkpoint/storetest"
)

// BenchmarkRounds asks for the coverage of a town of 100,000 people in 35,000 homes
// and 853 micro-grids, half of the homes reached, and for the list of one micro-grid.
//
//	go test -run '^$' -bench Rounds -benchtime 5x ./checkpoint/office
func BenchmarkRounds(b *testing.B) {
	const people, sites, microGrids = 100_000, 180, 853
	w := storetest.New(b)
	fatal := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	fatal(w.Store.Change(b.Context(), func(d *checkpoint.Draft) error {
		for i := range sites {
			community := fmt.Sprintf("K%03d", i)
			if err := d.PutGridNode(checkpoint.GridNode{ID: community, Parent: "A1", Name: community, Level: 3}); err != nil {
				return err
			}
			if err := d.PutSite(checkpoint.Site{Code: "S" + community, Name: community, Kind: checkpoint.Compound, Grid: community}); err != nil {
				return err
			}
		}
		for i := range microGrids {
			community := fmt.Sprintf("K%03d", i%sites)
			id := fmt.Sprintf("%s-%d", community, i/sites)
			if err := d.PutGridNode(checkpoint.GridNode{ID: id, Parent: community, Name: id, Level: 4}); err != nil {
				return err
			}
		}
		return nil
	}))
	rows := make([]checkpoint.NewResident, people)
	for i := range rows {
		home := i / 3
		node := home % microGrids
		community := fmt.Sprintf("K%03d", node%sites)
		rows[i] = checkpoint.NewResident{
			Name: "王小明", IDNumber: fmt.Sprintf("Q%08d", i), Site: "S" + community, Door: fmt.Sprint(home), Grid: fmt.Sprintf("%s-%d", community, node/sites),
		}
	}
	results, err := w.Store.Enrol(b.Context(), rows)
	fatal(err)
	fatal(results[0].Err)
	o := office.New(w.Store)
	homes, err := w.Store.Homes(b.Context(), "XS")
	fatal(err)
	for i := 0; i < len(homes); i += 2 {
		_, err := o.PutVisit(b.Context(), office.NewVisit{Site: homes[i].Site, Household: homes[i].Household, Outcome: office.VisitReached, By: 1})
		fatal(err)
	}
	day := w.Store.DayAt(w.Store.Now())
	b.Run("town", func(b *testing.B) {
		for b.Loop() {
			c, err := o.CoverageOf(b.Context(), "XS", day)
			fatal(err)
			if c.Nodes[0].Homes != len(homes) || len(c.Missing) != len(homes)/2 {
				b.Fatalf("%+v of %d homes, %d missing", c.Nodes[0], len(homes), len(c.Missing))
			}
		}
	})
	b.Run("micro-grid", func(b *testing.B) {
		for b.Loop() {
			l, err := o.ListOf(b.Context(), "K007-1")
			fatal(err)
			if n := l.Coverage.Nodes[0].Homes; n < 30 {
				b.Fatalf("%d homes", n)
			}
		}
	})
}
