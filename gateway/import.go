package gateway

import (
	"context"
	"mime"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

const (
	// importTimeout replaces the deadline of a request: a full file takes longer
	// on a busy store than anything else. It is below the server's write timeout.
	importTimeout = 8 * time.Second
	// lookUpsAtOnce is how many documents are looked up at the same time.
	lookUpsAtOnce = 16
)

// rowFault is a row that was not taken.
type rowFault struct {
	Row   int    `json:"row"`
	Field string `json:"field"`
	Why   string `json:"why"`
	WhyZH string `json:"why_zh"`
	Line  string `json:"line"`
}

// imported is what became of a file.
type imported struct {
	Created   int        `json:"created"`
	Changed   int        `json:"changed"`
	Unchanged int        `json:"unchanged"`
	Moved     int        `json:"moved"`
	Sites     []string   `json:"sites"` // codes, of those whose residents the rows are
	Errors    []rowFault `json:"errors"`
}

// handleImport enrols the people of a CSV file, each row on its own, or says what
// that would do.
func (s *Server) handleImport(c *fiber.Ctx) error {
	mode, err := importModeOf(c)
	if err != nil {
		return err
	}
	charset, err := csvCharset(c.Get(fiber.HeaderContentType))
	if err != nil {
		return err
	}
	text, err := toUTF8(c.Request().Body(), charset)
	if err != nil {
		return err
	}
	rows, err := readRows(text)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.context(c)), importTimeout)
	defer cancel()
	s.resolveSites(rows)
	if err := s.checkScope(ctx, principalOf(c), rows); err != nil {
		return err
	}
	if mode.preview {
		return s.answerPlan(ctx, c, rows)
	}
	done, err := s.enrolRows(ctx, principalOf(c).Staff, rows, mode.moves)
	if err != nil {
		return err
	}
	s.rows(c, done.Created+done.Changed+done.Unchanged+done.Moved)
	return c.JSON(done)
}

// csvCharset takes the types under which browsers and scripts send CSV.
func csvCharset(contentType string) (string, error) {
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "":
		return "", nil
	case err != nil || media != "text/csv" && media != "application/vnd.ms-excel":
		return "", failure(codeUnsupportedMedia, "send text/csv")
	}
	return params["charset"], nil
}

// checkScope marks the rows of homes, and of people, out of the caller's scope.
func (s *Server) checkScope(ctx context.Context, who principal, rows []importRow) error {
	if s.reaches(who, "") {
		return nil
	}
	todo, failed := make(chan *importRow), make(chan error, lookUpsAtOnce)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	for range lookUpsAtOnce {
		wait.Go(func() {
			for row := range todo {
				elsewhere, err := s.livesElsewhere(ctx, who, row.person)
				if err != nil {
					failed <- err
					cancel()
					return
				}
				if elsewhere {
					row.field, row.why = "id_number", "is of a person who lives outside the part of the grid that you answer for"
				}
			}
		})
	}
	for i := range rows {
		row := &rows[i]
		if row.why == "" && !s.reachesHome(who, row.person) {
			row.field, row.why = "site", "lies outside the part of the grid that you answer for"
		}
		if row.why != "" {
			continue
		}
		select {
		case todo <- row:
		case <-ctx.Done():
		}
	}
	close(todo)
	wait.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return ctx.Err()
	}
}

// enrolRows enrols the rows that are good so far and reports on all. Whoever is on
// record with another home is moved, if moves are wanted, or refused.
func (s *Server) enrolRows(ctx context.Context, by *checkpoint.Staff, rows []importRow, moves bool) (imported, error) {
	done := imported{Errors: []rowFault{}, Sites: []string{}}
	if len(rows) == 0 {
		return done, nil
	}
	// The store names rows by their place in the call: with the gaps left empty
	// that is the number in the file.
	people := make([]checkpoint.NewResident, rows[len(rows)-1].number)
	for _, row := range rows {
		if row.why == "" {
			people[row.number-1] = row.person
		}
	}
	results, err := s.store.EnrolAtHome(ctx, people)
	if err != nil {
		return done, err
	}
	moved := map[int]bool{}
	if moves {
		numbers, err := s.moveRows(ctx, by, rows, people, results)
		if err != nil {
			return done, err
		}
		for _, number := range numbers {
			moved[number] = true
		}
	}
	for i := range rows {
		row := &rows[i]
		result := results[row.number-1]
		if row.why == "" {
			row.refuse(result.Err)
		}
		switch {
		case row.why != "":
			done.Errors = append(done.Errors, rowFault{row.number, row.field, row.why, chinese(row.why), row.line})
			continue
		case moved[row.number]:
			done.Moved++
		case result.Created:
			done.Created++
		case result.Changed:
			done.Changed++
		default:
			done.Unchanged++
		}
		done.Sites = append(done.Sites, row.person.Site)
	}
	slices.Sort(done.Sites)
	done.Sites = slices.Compact(done.Sites)
	slices.SortFunc(done.Errors, func(a, b rowFault) int { return a.Row - b.Row })
	return done, nil
}
