package world

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"passgate/loadtest/town"
)

const (
	// linesPerFile is how many residents go into one request: the server takes
	// no more at once.
	linesPerFile = 5_000
	// filesAtOnce keeps the server busy while the next file is made.
	filesAtOnce = 2
)

// enrolPeople imports the residents as files.
func (p *preparation) enrolPeople(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	files := make(chan []byte)
	var senders sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range filesAtOnce {
		senders.Go(func() {
			for file := range files {
				some, err := p.importFile(ctx, file)
				if err != nil {
					stop(err)
					return
				}
				mu.Lock()
				done += some
				p.Progress("residents", done, p.People)
				mu.Unlock()
			}
		})
	}
	err := p.writeFiles(ctx, files)
	close(files)
	senders.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// writeFiles makes the files and hands them on, until the context ends.
func (p *preparation) writeFiles(ctx context.Context, files chan<- []byte) error {
	chunk := make([]town.Resident, 0, linesPerFile)
	number := 0
	for r := range town.Residents(p.Seed, p.People) {
		if len(p.world.documents) < documentsKept {
			p.world.documents = append(p.world.documents, r.IDNumber)
		}
		chunk = append(chunk, r)
		if number++; len(chunk) < linesPerFile && number < p.People {
			continue
		}
		var file bytes.Buffer
		if err := town.WriteCSV(&file, slices.Values(chunk)); err != nil {
			return fmt.Errorf("world: %w", err)
		}
		select {
		case files <- file.Bytes():
		case <-ctx.Done():
			return ctx.Err()
		}
		chunk = chunk[:0]
	}
	return nil
}

func (p *preparation) importFile(ctx context.Context, file []byte) (rows int, err error) {
	var out struct {
		Created   int `json:"created"`
		Changed   int `json:"changed"`
		Unchanged int `json:"unchanged"`
		Errors    []struct {
			Row   int    `json:"row"`
			Field string `json:"field"`
			Why   string `json:"why"`
		} `json:"errors"`
	}
	answer, err := p.api.send(ctx, http.MethodPost, "/v1/residents/import", "text/csv; charset=utf-8", "application/json", file)
	if err != nil {
		return 0, err
	}
	if err := decode(answer, &out); err != nil {
		return 0, err
	}
	if len(out.Errors) > 0 {
		e := out.Errors[0]
		return 0, fmt.Errorf("world: the server refuses %d residents; row %d: %s: %s", len(out.Errors), e.Row, e.Field, e.Why)
	}
	return out.Created + out.Changed + out.Unchanged, nil
}
