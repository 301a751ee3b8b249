package gateway

import (
	"context"
	"errors"
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
	Line  string `json:"line"`
}

// imported is what became of a file.
type imported struct {
	Created   int        `json:"created"`
	Changed   int        `json:"changed"`
	Unchanged int        `json:"unchanged"`
	Errors    []rowFault `json:"errors"`
}

// handleImport enrols the people of a CSV file, each row on its own.
func (s *Server) handleImport(c *fiber.Ctx) error {
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
	done, err := s.enrolRows(ctx, rows)
	if err != nil {
		return err
	}
	s.rows(c, done.Created+done.Changed+done.Unchanged)
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

// resolveSites lets a file call villages and compounds by their names, as people
// do, where the name is one site's only.
func (s *Server) resolveSites(rows []importRow) {
	reg, byName := s.store.Registry(), map[string]string{}
	for _, site := range reg.Sites() {
		if _, taken := byName[site.Name]; taken {
			byName[site.Name] = ""
		} else if site.Kind.Residential() {
			byName[site.Name] = site.Code
		}
	}
	for i := range rows {
		home := &rows[i].person.Site
		if _, isCode := reg.Site(*home); !isCode && byName[*home] != "" {
			*home = byName[*home]
		}
	}
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

// enrolRows enrols the rows that are good so far and reports on all.
func (s *Server) enrolRows(ctx context.Context, rows []importRow) (imported, error) {
	done := imported{Errors: []rowFault{}}
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
	results, err := s.store.Enrol(ctx, people)
	if err != nil {
		return done, err
	}
	for _, row := range rows {
		result := results[row.number-1]
		var field *checkpoint.FieldError
		switch {
		case row.why != "":
		case errors.As(result.Err, &field):
			row.field, row.why = field.Field, field.Why
		case result.Err != nil:
			row.why = explain(result.Err).detail
		case result.Created:
			done.Created++
		case result.Changed:
			done.Changed++
		default:
			done.Unchanged++
		}
		if row.why != "" {
			done.Errors = append(done.Errors, rowFault{row.number, row.field, row.why, row.line})
		}
	}
	slices.SortFunc(done.Errors, func(a, b rowFault) int { return a.Row - b.Row })
	return done, nil
}
