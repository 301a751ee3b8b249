package limits

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"
)

// echoBody has the members of a scan as POST /v1/scans takes them.
type echoBody struct {
	ID          string      `json:"id"`
	OccurredAt  string      `json:"occurred_at"`
	Pass        *string     `json:"pass,omitempty"`
	Resident    *string     `json:"resident,omitempty"`
	IDDocument  *string     `json:"id_document,omitempty"`
	WalkIn      *echoWalkIn `json:"walk_in,omitempty"`
	Direction   string      `json:"direction"`
	Temperature json.Number `json:"temperature,omitempty"`
	Method      string      `json:"temperature_method,omitempty"`
	RemeasureOf string      `json:"remeasure_of,omitempty"`
	Plate       string      `json:"plate,omitempty"`
	Unchecked   bool        `json:"plate_unchecked,omitempty"`
	Vehicle     string      `json:"vehicle,omitempty"`
	Disinfected bool        `json:"vehicle_disinfected,omitempty"`
	Purpose     string      `json:"purpose,omitempty"`
	Override    *struct {
		Reason string `json:"reason"`
	} `json:"override,omitempty"`
}

type echoWalkIn struct {
	Name   string `json:"name"`
	IDTail string `json:"id_tail"`
	Phone  string `json:"phone"`
}

// echoReady begins the line by which the server says where it listens.
const echoReady = "echo serves on"

// ServeEcho serves the bare echo on addr until ctx ends: Fiber with the limits of
// the gateway and nothing else, no authorization, no headers, no checks. With the
// socket of a Redis it is the durable echo: each answer waits for one SET there, the
// least that any answer waits for which a loss of power does not take back.
func ServeEcho(ctx context.Context, addr, socket string, out io.Writer) error {
	keep := func(*fiber.Ctx, string) error { return nil }
	if socket != "" {
		client := redis.NewClient(&redis.Options{
			Network: "unix", Addr: socket, Protocol: 2, DisableIdentity: true, MaxRetries: -1, PoolSize: 128, ContextTimeoutEnabled: true,
		})
		defer client.Close() //nolint:errcheck // nothing waits in it
		keep = func(c *fiber.Ctx, id string) error {
			ctx, cancel := context.WithTimeout(c.UserContext(), answerTimeout)
			defer cancel()
			return client.Set(ctx, "echo:"+id, c.Body(), 0).Err()
		}
	}
	app := fiber.New(fiber.Config{
		BodyLimit: 2 << 20, ReadBufferSize: 8 << 10, Concurrency: 10_000,
		ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 90 * time.Second,
		DisableStartupMessage: true, StrictRouting: true, CaseSensitive: true,
	})
	app.Post("/v1/scans", func(c *fiber.Ctx) error {
		var in echoBody
		if err := c.BodyParser(&in); err != nil {
			return err //nolint:wrapcheck // fiber's own
		}
		if err := keep(c, in.ID); err != nil {
			return err
		}
		return c.JSON(&in) //nolint:wrapcheck // fiber's own
	})
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("limits: echo: %w", err)
	}
	defer listener.Close() //nolint:errcheck // the server closes it, too
	if _, err := fmt.Fprintf(out, "%s http://%s\n", echoReady, listener.Addr()); err != nil {
		return fmt.Errorf("limits: echo: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = app.ShutdownWithTimeout(5 * time.Second) })
	defer stop()
	if err := app.Listener(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("limits: echo: %w", err)
	}
	return nil
}
