package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"
)

// AuditEntry says who did or asked what, when and on what ground.
type AuditEntry struct {
	Seq     int64  // place in the log, from 1; set when it is written
	At      int64  // UTC ms, set when it is written
	Actor   string // login; "passgate" for the program itself
	Role    string
	Action  string // a route ("GET /v1/fevers/:id"), or what the program did
	Case    string // code of the tracing case, "" without
	Reason  string // in the actor's words, "" without
	Subject string // ID of the person, gate, site or case; never a name
	Detail  string // the query: window, hops
	Outcome string // answered, streaming, streamed, cut, or the code of the refusal
	Request string // ID of the request
	Rows    int64  // rows of the answer, -1: not known yet
}

// Audit puts an entry on record and gives its place. Errors: ErrUnavailable.
func (s *Store) Audit(ctx context.Context, e AuditEntry) (seq int64, err error) {
	e.At = s.now()
	text, err := json.Marshal(e)
	if err != nil {
		return 0, fmt.Errorf("checkpoint: audit: %w", err)
	}
	seq, err = s.rdb.RPush(ctx, s.keys.prefix+"{aud}:log", text).Result()
	return seq, unavailable(err)
}

// AuditLog hands the entries with from <= seq < to in order to fn; it stops at
// fn's first error and returns it.
func (s *Store) AuditLog(ctx context.Context, from, to int64, fn func(*AuditEntry) error) error {
	list, err := s.rdb.LRange(ctx, s.keys.prefix+"{aud}:log", max(0, from-1), to-2).Result()
	if err != nil {
		return unavailable(err)
	}
	for i, text := range list {
		var e AuditEntry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return fmt.Errorf("checkpoint: audit: %w", err)
		}
		e.Seq = max(1, from) + int64(i)
		if err := fn(&e); err != nil {
			return err
		}
	}
	return nil
}
