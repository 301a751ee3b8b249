package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// importMode is what a call of the import asks for.
type importMode struct {
	preview bool // say what would happen, write nothing
	moves   bool // who has another home in the file moves there
}

func importModeOf(c *fiber.Ctx) (m importMode, err error) {
	for _, q := range []struct {
		name string
		set  *bool
	}{{"preview", &m.preview}, {"moves", &m.moves}} {
		switch c.Query(q.name) {
		case "":
		case "1":
			*q.set = true
		default:
			return m, invalid(q.name, "must be 1, or left out")
		}
	}
	return m, nil
}

// plannedRow is what would become of a row.
type plannedRow struct {
	Row     int       `json:"row"`
	Verdict string    `json:"verdict"`
	Fields  []string  `json:"fields"` // that change
	From    *homeView `json:"from"`   // of a move
	To      *homeView `json:"to"`
	Of      int       `json:"of"` // number of the row that a duplicate repeats, else 0
	Field   string    `json:"field"`
	Why     string    `json:"why"`
	WhyZH   string    `json:"why_zh"`
}

// planRows says what an import of the rows would do, those that cannot be read or
// lie out of scope included.
func (s *Server) planRows(ctx context.Context, rows []importRow) ([]plannedRow, error) {
	people := make([]checkpoint.NewResident, 0, len(rows))
	number := make([]int, 0, len(rows)) // of each of them in the file
	for _, row := range rows {
		if row.why == "" {
			people, number = append(people, row.person), append(number, row.number)
		}
	}
	previews, err := s.store.PreviewEnrol(ctx, people)
	if err != nil {
		return nil, err
	}
	plan, next := make([]plannedRow, 0, len(rows)), 0
	for _, row := range rows {
		p := plannedRow{Row: row.number, Verdict: string(checkpoint.RowRefused), Fields: []string{}}
		if row.why == "" {
			p.fill(&previews[next], &row, number)
			next++
		}
		if row.why != "" {
			p.Field, p.Why, p.WhyZH = row.field, row.why, chinese(row.why)
		}
		plan = append(plan, p)
	}
	return plan, nil
}

// fill takes over what the store says; its reason goes to the row.
func (p *plannedRow) fill(preview *checkpoint.EnrolPreview, row *importRow, number []int) {
	p.Verdict = string(preview.Verdict)
	switch preview.Verdict {
	case checkpoint.RowChanged:
		p.Fields = preview.Fields
	case checkpoint.RowDuplicate:
		p.Of = number[preview.Of]
	case checkpoint.RowMoves:
		from, to := viewOfHome(preview.From), viewOfHome(preview.To)
		p.From, p.To = &from, &to
	case checkpoint.RowRefused:
		row.refuse(preview.Err)
		if p.Verdict = string(checkpoint.RowRefused); strings.Contains(row.why, "with other particulars") {
			row.why = sameDocument(preview.Err, number)
		}
	}
}

// answerPlan answers a preview.
func (s *Server) answerPlan(ctx context.Context, c *fiber.Ctx, rows []importRow) error {
	plan, err := s.planRows(ctx, rows)
	if err != nil {
		return err
	}
	counts := map[checkpoint.EnrolVerdict]int{}
	for _, verdict := range []checkpoint.EnrolVerdict{
		checkpoint.RowNew, checkpoint.RowUnchanged, checkpoint.RowChanged, checkpoint.RowMoves, checkpoint.RowDuplicate, checkpoint.RowRefused,
	} {
		counts[verdict] = 0
	}
	for i := range plan {
		counts[checkpoint.EnrolVerdict(plan[i].Verdict)]++
	}
	s.rows(c, len(plan))
	return c.JSON(fiber.Map{"counts": counts, "rows": plan})
}

// refuse puts the store's reason to a row.
func (r *importRow) refuse(err error) {
	var field *checkpoint.FieldError
	var home *checkpoint.OtherHomeError
	switch {
	case errors.As(err, &home):
		r.field = "door"
		if home.From.Site != home.To.Site {
			r.field = "site"
		}
		r.why = "this person is on record at " + home.From.String() + ": import with moves if they have moved, else correct the row"
	case errors.As(err, &field):
		if r.field = field.Field; r.field == "id" { // of Move: about the person
			r.field = "id_number"
		}
		r.why = field.Why
	case err != nil:
		r.why = explain(err).detail
	}
}

// moveRows moves those whose rows were refused because they are on record with
// another home, and gives the numbers of their rows.
func (s *Server) moveRows(ctx context.Context, by *checkpoint.Staff, rows []importRow, people []checkpoint.NewResident, results []checkpoint.EnrolResult) (moved []int, err error) {
	for i := range rows {
		row := &rows[i]
		var home *checkpoint.OtherHomeError
		if row.why != "" || !errors.As(results[row.number-1].Err, &home) {
			continue
		}
		_, err := s.store.Move(ctx, home.ID, home.To, by)
		switch {
		case errors.Is(err, checkpoint.ErrUnavailable), ctx.Err() != nil:
			return moved, errors.Join(err, ctx.Err())
		case err != nil:
			row.refuse(err)
		default:
			moved = append(moved, row.number)
		}
	}
	if len(moved) == 0 {
		return nil, nil
	}
	// What else is new of them, the phone number say.
	again := make([]checkpoint.NewResident, len(moved))
	for i, number := range moved {
		again[i] = people[number-1]
	}
	done, err := s.store.EnrolAtHome(ctx, again)
	if err != nil {
		return moved, err
	}
	for i, number := range moved {
		results[number-1] = done[i]
	}
	return moved, nil
}

// resolveSites lets a file call villages and compounds by their names, as people
// do: with or without what kind of place it is. A name of several sites is refused,
// with those that it can be.
func (s *Server) resolveSites(rows []importRow) {
	reg := s.store.Registry()
	byName, byShort := map[string][]*checkpoint.Site{}, map[string][]*checkpoint.Site{}
	for _, site := range reg.Sites() {
		if site.Kind.Residential() {
			byName[site.Name] = append(byName[site.Name], site)
			short := shortPlace(site.Name)
			byShort[short] = append(byShort[short], site)
		}
	}
	for i := range rows {
		row := &rows[i]
		home := &row.person.Site
		if _, isCode := reg.Site(*home); isCode || *home == "" || row.why != "" {
			continue
		}
		found := byName[*home]
		if len(found) == 0 {
			found = byShort[shortPlace(*home)]
		}
		switch len(found) {
		case 0:
		case 1:
			*home = found[0].Code
		default:
			row.field, row.why = "site", "is the name of several places, give the code: "+s.candidates(found)
		}
	}
}

// candidates are sites with the node above each, as people tell them apart.
func (s *Server) candidates(sites []*checkpoint.Site) string {
	reg, names := s.store.Registry(), make([]string, 0, len(sites))
	for _, site := range sites {
		name := site.Code + " " + site.Name
		if node, ok := reg.Grid(site.Grid); ok {
			if above, ok := reg.Grid(node.Parent); ok {
				name += " (" + above.Name + ")"
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 5 {
		names = append(names[:5], "…")
	}
	return strings.Join(names, ", ")
}

// shortPlace is a place's name without blanks and without the kind of place.
func shortPlace(name string) string {
	name = strings.Join(strings.Fields(name), "")
	for _, kind := range []string{"村民委员会", "居民委员会", "社区居委会", "村委会", "居委会", "社区", "小区", "村"} {
		if short, cut := strings.CutSuffix(name, kind); cut && len(short) >= len("两字") {
			return short
		}
	}
	return name
}
