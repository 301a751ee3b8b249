package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"passgate/codes"
)

const (
	requestTimeout = 2 * time.Second
	// ready begins the line by which the server says where it listens.
	ready = "baseline serves on"
)

// server decides scans in PostgreSQL. What it holds in memory never changes while
// it runs: devices by the hash of their token, codes of sites, texts of reasons.
type server struct {
	db       *pgxpool.Pool
	ring     *codes.Ring
	verifier *codes.Verifier
	devices  map[[sha256.Size]byte]int32
	sites    map[int32]string
	texts    map[string]text
}

// text is what the guard's screen says.
type text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// serve answers POST /v1/scans on a free port until ctx ends.
func serve(ctx context.Context, dsn, keys string, connections int) error {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	config.MaxConns, config.MinConns = int32(connections), int32(connections) //nolint:gosec // a few hundred
	s := &server{devices: map[[sha256.Size]byte]int32{}, sites: map[int32]string{}, texts: map[string]text{}}
	if s.ring, err = codes.OpenRing(keys); err != nil {
		return err
	}
	s.verifier = s.ring.Verifier()
	if s.db, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	defer s.db.Close()
	if err := s.load(ctx); err != nil {
		return err
	}
	app := fiber.New(fiber.Config{
		BodyLimit: 2 << 20, ReadBufferSize: 8 << 10, Concurrency: 10_000,
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 90 * time.Second,
		DisableStartupMessage: true, StrictRouting: true, CaseSensitive: true, ErrorHandler: explain,
	})
	app.Post("/v1/scans", s.handleScan)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("%s http://%s\n", ready, listener.Addr())
	stop := context.AfterFunc(ctx, func() { _ = app.ShutdownWithTimeout(5 * time.Second) })
	defer stop()
	if err := app.Listener(listener); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// load reads what is kept in memory.
func (s *server) load(ctx context.Context) error {
	var num int32
	var hash []byte
	var name string
	var words text
	for query, each := range map[string]struct {
		into []any
		keep func()
	}{
		"SELECT num, token_hash FROM device": {[]any{&num, &hash}, func() { s.devices[[sha256.Size]byte(hash)] = num }},
		"SELECT num, code FROM site":         {[]any{&num, &name}, func() { s.sites[num] = name }},
		"SELECT name, zh, en FROM reason":    {[]any{&name, &words.ZH, &words.EN}, func() { s.texts[name] = words }},
	} {
		rows, err := s.db.Query(ctx, query)
		if err != nil {
			return err
		}
		if _, err := pgx.ForEachRow(rows, each.into, func() error { each.keep(); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// problem is an answer that is no decision, as RFC 9457 has it.
type problem struct {
	status int
	Code   string `json:"code"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

func (p *problem) Error() string { return p.Code + " " + p.Field + ": " + p.Detail }

func invalid(field, detail string) error {
	return &problem{fiber.StatusUnprocessableEntity, "invalid", field, detail}
}

func explain(c *fiber.Ctx, err error) error {
	var p *problem
	var known *fiber.Error
	switch {
	case errors.As(err, &p):
	case errors.As(err, &known):
		p = &problem{status: known.Code, Code: "http", Detail: known.Message}
	default:
		p = &problem{status: fiber.StatusServiceUnavailable, Code: "unavailable", Detail: err.Error()}
	}
	return c.Status(p.status).JSON(p, "application/problem+json")
}

// device finds out who sends a request.
func (s *server) device(c *fiber.Ctx) (int32, error) {
	token, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if ok {
		if num, ok := s.devices[sha256.Sum256([]byte(token))]; ok {
			return num, nil
		}
	}
	return 0, &problem{fiber.StatusUnauthorized, "unauthorized", "", "this device is not known"}
}

// handleScan decides and records one passage.
func (s *server) handleScan(c *fiber.Ctx) error {
	device, err := s.device(c)
	if err != nil {
		return err
	}
	in, err := decode(c)
	if err != nil {
		return err
	}
	sc, err := s.read(device, in, time.Now().UnixMilli())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	out, err := s.decide(ctx, sc)
	if err != nil {
		return err
	}
	return c.JSON(s.view(in.ID, sc, &out))
}
