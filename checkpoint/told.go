package checkpoint

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
)

// toldPrefix begins the IDs of scans that are recorded as they were told beside
// one that holds another answer.
const toldPrefix = "told:"

// again answers a scan that is on record already. If another answer was given at
// the gate than the one on record (which was lost on the way, so that the device
// or the gateway decided by itself), what the person was told is what happened:
// the stored scan is taken back, as by a guard, and it is recorded as it was
// told, once, under an identity made from its own; the rules mark it as a
// conflict. Done again, it finds what it did the first time.
func (s *Store) again(ctx context.Context, c *scanCall, stored ScanResult) (ScanResult, error) {
	req := *c.req
	if !req.Told.otherwise(stored.Outcome) || c.inTime != nil || strings.HasPrefix(req.ID, toldPrefix) {
		return stored, nil
	}
	if req.Journaled != 0 && !req.Late && stored.Flags&FlagLate != 0 {
		return stored, nil // the device never had this answer: it told one of its own, which is on record
	}
	hash := c.event.Hash
	name := hex.EncodeToString(hash[:])
	_, err := s.Annul(ctx, AnnulRequest{
		ID: "back:" + name, Device: req.Device, Scan: req.ID, OccurredAt: req.OccurredAt, At: req.OccurredAt,
		Person: stored.Person.ID, Late: true, journaled: req.Journaled,
	})
	switch {
	case errors.Is(err, ErrAnnulled), errors.Is(err, ErrRevoked): // taken back by the guard; or nobody can
		return stored, nil
	case err != nil:
		return ScanResult{}, err
	}
	req.ID = toldPrefix + name
	return s.Scan(ctx, req)
}

// otherwise tells whether an answer is not the one that was told.
func (t *Told) otherwise(o Outcome) bool {
	return t != nil && (t.Decision != o.Decision || t.Reason != o.Reason)
}
