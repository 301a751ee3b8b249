package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// ErrRowTaken says that a row was typed before with another time or content.
var ErrRowTaken = errors.New("checkpoint: this row of the page was typed before with another time or content")

// PaperRow is one row of a page of a gate's paper log, typed back.
type PaperRow struct {
	Date    string // of printing, yyyymmdd
	Page    int
	Row     int  // from 1, one byte
	Replace bool // take back what was typed for this row before, if it was something else

	Scan    ScanRequest // of the gate's paper device, with Told; its ID is made here
	Refused Reason      // why no person is known, else ReasonOK
}

// rowMark is what stands in a row: 6 bytes of time, 8 of the person, 8 of a hash
// of time and content, and how often it was replaced.
type rowMark struct {
	occurredAt int64
	person     uint64 // 0 if none is known
	content    [8]byte
	round      byte
}

const rowMarkSize = 6 + 8 + 8 + 1

func (m *rowMark) pack() string {
	b := append(make([]byte, 0, rowMarkSize), logHeadOf(0, m.occurredAt)[8:]...)
	b = append(binary.BigEndian.AppendUint64(b, m.person), m.content[:]...)
	return string(append(b, m.round))
}

// readRowMark is the inverse of pack; a mark that is not there is zero.
func readRowMark(text string) (m rowMark) {
	if len(text) != rowMarkSize {
		return m
	}
	b := []byte(text)
	m.occurredAt, m.person, m.round = time6(b), binary.BigEndian.Uint64(b[6:]), b[22]
	copy(m.content[:], b[14:])
	return m
}

// annulFunc is Store.Annul or Standby.Annul.
type annulFunc = func(context.Context, AnnulRequest) (AnnulResult, error)

// RecordPaper records a row, by scan and annul, which are Store.Scan and Store.Annul or
// what stands in for them. (page, row) is one passage: typed again the same it gets the same answer,
// whoever types it; with another time or content it is ErrRowTaken, unless it
// replaces what stands there, which is then taken back. What was told on the spot
// is recorded and never decided anew. Other errors are those of Scan.
func (s *Store) RecordPaper(ctx context.Context, row PaperRow, scan func(context.Context, ScanRequest) (ScanResult, error), annul annulFunc) (ScanResult, error) {
	mine, err := s.checkPaper(&row)
	if err != nil {
		return ScanResult{}, err
	}
	device, _ := s.Registry().DeviceByNum(row.Scan.Device)
	gate, ok := s.Registry().Gate(device.Gate)
	if !ok {
		return ScanResult{}, notFound("gate", device.Gate)
	}
	key := s.keys.paperRows(gate.Num, row.Date, row.Page)
	field := string([]byte{byte(row.Row)}) //nolint:gosec // checked
	for range 5 {
		seen, err := s.rdb.HGet(ctx, key, field).Result()
		if err != nil && !isNil(err) {
			return ScanResult{}, unavailable(err)
		}
		next, err := nextMark(ctx, &row, mine, seen, annul)
		if err != nil {
			return ScanResult{}, err
		}
		if reply, err := s.run(ctx, s.rdb, paperRowScript, []string{key}, field, seen, next.pack()); err != nil {
			return ScanResult{}, err
		} else if reply != next.pack() {
			continue // somebody else types the same row
		}
		row.Scan.ID = row.scanID(next.round)
		res, err := scan(ctx, row.Scan)
		if err != nil {
			return ScanResult{}, err
		}
		return res, s.confirmRow(ctx, &row, key, field, next, annul)
	}
	return ScanResult{}, fmt.Errorf("checkpoint: a row is being typed too often: %w", ErrUnavailable)
}

// checkPaper finds out, before anything is taken back, what would be refused.
func (s *Store) checkPaper(row *PaperRow) (mine rowMark, err error) {
	if row.Row < 1 || row.Row > 255 {
		return mine, &FieldError{"row", "must be the number of a row of the page"}
	}
	req := row.Scan
	req.ID = row.scanID(0)
	if req.Told == nil {
		return mine, &FieldError{"told", "is missing: give the decision that was taken on the spot"}
	}
	c, err := s.readScan(&req)
	switch {
	case err != nil:
		return mine, err
	case !c.device.Paper:
		return mine, notFound("paper log", c.device.Code)
	case c.inTime != nil:
		return mine, c.inTime
	}
	mine.occurredAt = req.OccurredAt
	if row.Refused == ReasonOK {
		mine.person = c.event.Person
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %x %d %d %d", req.OccurredAt, c.event.Digest, req.Told.Decision, req.Told.Reason, req.Told.Action))
	copy(mine.content[:], sum[:])
	return mine, nil
}

// nextMark is what is to stand in a row in which something may stand. What is
// replaced is taken back first: cut off after that, typing the same again goes on.
func nextMark(ctx context.Context, row *PaperRow, mine rowMark, seen string, annul annulFunc) (rowMark, error) {
	old := readRowMark(seen)
	switch {
	case seen == "":
		return mine, nil
	case old.content == mine.content:
		mine.round = old.round
		return mine, nil
	case !row.Replace || old.round == 255:
		return mine, ErrRowTaken
	}
	mine.round = old.round + 1
	return mine, takeRowBack(ctx, row, old, annul)
}

// takeRowBack takes back the scan of a mark, if there is one.
func takeRowBack(ctx context.Context, row *PaperRow, old rowMark, annul annulFunc) error {
	if old.person == 0 {
		return nil // a refusal that names nobody stays with the gate's refusals
	}
	id := row.scanID(old.round)
	hash := scanHash(row.Scan.Device, id)
	_, err := annul(ctx, AnnulRequest{
		ID: "row:" + hex.EncodeToString(hash[:]), Device: row.Scan.Device, Scan: id, OccurredAt: old.occurredAt, At: old.occurredAt,
		Person: old.person, Late: true,
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrAnnulled) {
		return nil
	}
	return err
}

// confirmRow takes a scan back whose row was replaced while it was recorded.
func (s *Store) confirmRow(ctx context.Context, row *PaperRow, key, field string, mine rowMark, annul annulFunc) error {
	now, err := s.rdb.HGet(ctx, key, field).Result()
	switch {
	case err != nil && !isNil(err):
		return unavailable(err)
	case err != nil || now == mine.pack(): // gone: swept
		return nil
	}
	return errors.Join(ErrRowTaken, takeRowBack(ctx, row, mine, annul))
}

// scanID is the ID of the scan of a row that was replaced so often.
func (row *PaperRow) scanID(round byte) string {
	id := fmt.Sprintf("%s-%d-%d", row.Date, row.Page, row.Row)
	if round > 0 {
		id += fmt.Sprintf("/%d", round)
	}
	return id
}

// sweepPaperRows forgets what stood in rows of which the scan goes.
func (r *sweepRun) sweepPaperRows(ctx context.Context, pages []string) error {
	for some := range slices.Chunk(pages, pipelineSize) {
		cmds := make([]*redis.MapStringStringCmd, len(some))
		_, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range some {
				cmds[i] = p.HGetAll(ctx, key)
			}
			return nil
		})
		if err != nil {
			return unavailable(err)
		}
		for i, key := range some {
			var old []string
			for field, text := range cmds[i].Val() {
				if m := readRowMark(text); m.occurredAt < r.KeptFrom && !r.held[m.person] {
					old = append(old, field)
				}
			}
			if len(old) == 0 {
				continue
			}
			n, err := r.s.rdb.HDel(ctx, key, old...).Result()
			if err != nil {
				return unavailable(err)
			}
			r.removed("paper rows", n)
		}
	}
	return nil
}
