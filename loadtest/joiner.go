package loadtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Joiner is a process that makes its share of a joint run.
type Joiner struct {
	URL    string // of the coordinator
	Secret string
	Dir    string // for the ledger
	// Prepare gives target and source of a job, and what ends them.
	Prepare  func(ctx context.Context, job *Job) (Target, Source, func(), error)
	Progress func(Second)
}

// Run joins, makes its share and hands result and ledger over. When ctx ends it
// stops sending and still hands over what there is.
func (j *Joiner) Run(ctx context.Context) (err error) {
	joining, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	var job Job
	if err := j.post(joining, "/join", struct{}{}, &job); err != nil {
		return err
	}
	pacer, err := job.Pacer()
	if err != nil {
		return err
	}
	target, source, end, err := j.Prepare(joining, &job)
	if err != nil {
		return err
	}
	defer end()
	path := filepath.Join(j.Dir, "ledger")
	ledger, err := CreateLedger(path)
	if err != nil {
		return err
	}
	defer os.Remove(path) //nolint:errcheck // it was handed over, or is of no use
	var at start
	if err := j.post(joining, "/ready", struct{}{}, &at); err != nil {
		return errors.Join(err, ledger.Close())
	}
	r, err := Run(ctx, Config{
		Target: target, Source: source, Pacer: pacer, Workers: job.Workers, Patience: job.Patience, Retries: job.Retries,
		Share: job.Share, Of: job.Of, Start: time.Now().Add(at.In), Ledger: ledger,
		Progress: func(s Second) {
			// A second that does not arrive is missing on the screen only, and the run
			// does not end before it is told.
			telling, told := context.WithTimeout(ctx, secondTimeout)
			defer told()
			_ = j.post(telling, "/second", s, nil)
			if j.Progress != nil {
				j.Progress(s)
			}
		},
	})
	if err := errors.Join(err, ledger.Close()); err != nil && r == nil {
		return err
	}
	handing, cancel := context.WithTimeout(context.WithoutCancel(ctx), joinTimeout)
	defer cancel()
	return errors.Join(err, j.handOver(handing, fmt.Sprint("/ledger/", job.Share), path), j.post(handing, fmt.Sprint("/result/", job.Share), r, nil))
}

func (j *Joiner) handOver(ctx context.Context, to, path string) error {
	file, err := os.Open(path) //nolint:gosec // its own
	if err != nil {
		return fmt.Errorf("loadtest: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	return j.send(ctx, to, file, nil)
}

func (j *Joiner) post(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("loadtest: %w", err)
	}
	return j.send(ctx, path, bytes.NewReader(body), out)
}

func (j *Joiner) send(ctx context.Context, path string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, j.URL+path, body)
	if err != nil {
		return fmt.Errorf("loadtest: join: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+j.Secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("loadtest: join: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	answer, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("loadtest: join: %w", err)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("loadtest: the coordinator says %s: %s", res.Status, bytes.TrimSpace(answer))
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("loadtest: join: %w", err)
	}
	return nil
}
