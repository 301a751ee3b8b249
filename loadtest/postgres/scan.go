package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/codes"
)

// body is a scan as a device sends it, as far as the baseline decides it.
type body struct {
	ID          string      `json:"id"`
	OccurredAt  string      `json:"occurred_at"`
	Pass        *string     `json:"pass"`
	Resident    *string     `json:"resident"`
	Direction   string      `json:"direction"`
	Temperature json.Number `json:"temperature"`
	Method      string      `json:"temperature_method"`
	RemeasureOf string      `json:"remeasure_of"`
	Plate       string      `json:"plate"`
	Disinfected bool        `json:"vehicle_disinfected"`
	Purpose     string      `json:"purpose"`
}

// decode reads a body; unknown fields and trailing data are refused.
func decode(c *fiber.Ctx) (*body, error) {
	in := new(body)
	d := json.NewDecoder(bytes.NewReader(c.Request().Body()))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		return nil, &problem{fiber.StatusBadRequest, "bad_json", "", err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &problem{fiber.StatusBadRequest, "bad_json", "", "there is something behind the JSON value"}
	}
	return in, nil
}

// scan is a scan as the database takes it. Pointers are nil for null.
type scan struct {
	device      int32
	hash        int64 // of device and ID
	at, now     int64 // UTC ms
	digest      int32
	person      int64
	entering    bool
	who         int16 // 0 app pass, 1 paper, 2 visitor's, 3 looked up
	void        *string
	generation  *int32
	jti         *int64
	temperature *int16 // tenths of °C
	method      int16
	first       *int64
	vehicle     bool // that is not disinfected
	exempt      bool
	refused     string // why no person is known, "" if one is
}

const (
	fresh     = 2 * time.Minute // how far occurred_at may be from now
	leeway    = time.Minute     // at both ends of a pass
	byPaper   = 1
	byVisitor = 2
	byGuard   = 3
)

var methods = []string{"", "forehead", "wrist", "ear", "armpit"}

// read checks a scan and finds out whom it names.
func (s *server) read(device int32, in *body, now int64) (*scan, error) {
	sc := &scan{device: device, now: now, entering: in.Direction == "in"}
	if len(in.ID) < 8 || len(in.ID) > 64 {
		return nil, invalid("id", "must have 8 to 64 characters")
	}
	at, err := time.Parse(time.RFC3339, in.OccurredAt)
	if err != nil {
		return nil, invalid("occurred_at", "must be a time like 2026-11-24T08:00:00.000+08:00 (RFC 3339)")
	}
	sc.at = at.UnixMilli()
	if !sc.entering && in.Direction != "out" {
		return nil, invalid("direction", "must be in or out")
	}
	if sc.temperature, err = tenths(string(in.Temperature)); err != nil {
		return nil, err
	}
	method := slices.Index(methods, in.Method)
	if method < 0 {
		return nil, invalid("temperature_method", "must be forehead, wrist, ear or armpit")
	}
	sc.method = int16(method) //nolint:gosec // one of five
	sc.hash = hashOf(device, in.ID)
	if in.RemeasureOf != "" {
		first := hashOf(device, in.RemeasureOf)
		sc.first = &first
	}
	sc.vehicle = in.Plate != "" && !in.Disinfected
	sc.exempt = in.Purpose == "medical" || in.Purpose == "work"
	sc.digest = digestOf(in)
	switch {
	case in.Pass != nil && in.Resident == nil:
		s.readPass(sc, *in.Pass)
	case in.Resident != nil && in.Pass == nil:
		id, err := strconv.ParseUint(*in.Resident, 16, 64)
		if err != nil {
			return nil, invalid("resident", "must be an ID of 16 digits")
		}
		sc.person, sc.who = int64(id), byGuard //nolint:gosec // bit for bit
	default:
		return nil, invalid("pass", "name the person by exactly one of pass, resident")
	}
	return sc, nil
}

// readPass checks the signature and opens the pass.
func (s *server) readPass(sc *scan, pass string) {
	p, refusal := s.verifier.Verify(pass)
	if refusal != nil {
		sc.refused = string(refusal.Reason)
		return
	}
	person, generation, ok := s.ring.Open(p)
	if !ok {
		sc.refused = "not_our_pass"
		return
	}
	number := int32(generation)                       //nolint:gosec // small
	sc.person, sc.generation = int64(person), &number //nolint:gosec // bit for bit
	switch p.Kind {
	case codes.KindApp:
		jti := int64(binary.BigEndian.Uint64(p.ID[:])) //nolint:gosec // bit for bit
		sc.jti = &jti
	case codes.KindPaper:
		sc.who = byPaper
	default:
		sc.who = byVisitor
	}
	var void string
	switch {
	case sc.at < p.NotBefore*1000-leeway.Milliseconds():
		void = "not_yet_valid"
	case sc.at >= p.ExpiresAt*1000+leeway.Milliseconds():
		void = "expired"
	default:
		return
	}
	sc.void = &void
}

// tenths reads a temperature from 30.0 to 45.0; "" is none.
func tenths(text string) (*int16, error) {
	if text == "" {
		return nil, nil
	}
	whole, part, _ := strings.Cut(text, ".")
	v, err := strconv.Atoi(whole + part)
	if part == "" {
		v *= 10
	}
	if err != nil || len(part) > 1 || v < 300 || v > 450 {
		return nil, invalid("temperature", "give °C from 30.0 to 45.0 with one decimal")
	}
	t := int16(v) //nolint:gosec // at most 450
	return &t, nil
}

func hashOf(device int32, id string) int64 {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 80), uint32(device)) //nolint:gosec // a number from 1
	sum := sha256.Sum256(append(b, id...))
	return int64(binary.BigEndian.Uint64(sum[:])) //nolint:gosec // bit for bit
}

// digestOf is over what a client may not change under one ID.
func digestOf(in *body) int32 {
	b := make([]byte, 0, 320)
	for _, part := range []*string{&in.Direction, in.Pass, in.Resident, (*string)(&in.Temperature), &in.Method, &in.RemeasureOf, &in.Plate, &in.Purpose} {
		if part != nil {
			b = append(b, *part...)
		}
		b = append(b, 0)
	}
	b = strconv.AppendBool(b, in.Disinfected)
	sum := sha256.Sum256(b)
	return int32(binary.BigEndian.Uint32(sum[:])) //nolint:gosec // bit for bit
}

// outcome is what the database answers.
type outcome struct {
	word       string // new, again; other, time, revoked, unknown
	decision   string
	reason     string
	action     string
	flags      int32
	recordedAt int64
	name, kind *string
	home       *int32
}

// One statement each, prepared on every connection of the pool.
const (
	scanQuery = `SELECT outcome, decision, reason, action, flags, recorded_at, name_masked, kind, home
FROM scan($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)`
	refuseQuery = `SELECT outcome, decision, reason, action, flags, recorded_at FROM refuse($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`
)

// decide asks the database, in one round trip, or two for somebody unknown.
func (s *server) decide(ctx context.Context, sc *scan) (out outcome, err error) {
	if sc.refused == "" {
		away := time.Duration(sc.at-sc.now) * time.Millisecond
		row := s.db.QueryRow(ctx, scanQuery, sc.device, sc.hash, sc.at, sc.now, sc.digest, sc.person, sc.entering, sc.who,
			sc.void, sc.generation, sc.jti, sc.temperature, sc.method, sc.first, sc.vehicle, sc.exempt, away.Abs() <= fresh)
		var decision, reason, action *string
		var flags *int32
		var recordedAt *int64
		if err := row.Scan(&out.word, &decision, &reason, &action, &flags, &recordedAt, &out.name, &out.kind, &out.home); err != nil {
			return out, err
		}
		switch out.word {
		case "new", "again":
			out.decision, out.reason, out.action, out.flags, out.recordedAt = *decision, *reason, *action, *flags, *recordedAt
			return out, nil
		case "other":
			return out, &problem{fiber.StatusConflict, "other_content", "id", "this scan is on record with other content"}
		case "time":
			return out, invalid("occurred_at", "is too far from now")
		case "revoked":
			sc.refused = "device_revoked"
		default:
			sc.refused = "unknown_person"
		}
	}
	out = outcome{}
	row := s.db.QueryRow(ctx, refuseQuery, sc.device, sc.hash, sc.at, sc.now, sc.digest, sc.entering, sc.who, sc.refused, sc.temperature, sc.method)
	err = row.Scan(&out.word, &out.decision, &out.reason, &out.action, &out.flags, &out.recordedAt)
	if err == nil && out.word == "other" {
		err = &problem{fiber.StatusConflict, "other_content", "id", "this scan is on record with other content"}
	}
	return out, err
}
