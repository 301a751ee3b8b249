package limits

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"passgate/codes"
	"passgate/loadtest/rig"
	"passgate/loadtest/world"
)

// Bench says what is measured on: a gateway with a town of its own, and the echo.
type Bench struct {
	People int
	Seed   uint64
	Rig    rig.Options
	// Progress, if not nil, is told what is done now.
	Progress func(what string)
}

func (b *Bench) say(format string, args ...any) {
	if b.Progress != nil {
		b.Progress(fmt.Sprintf(format, args...))
	}
}

// bench is what a measurement is made on.
type bench struct {
	rig   *rig.Rig
	world *world.World
	echo  *echoServer
}

// open starts the servers and puts the town on the gateway. Whatever it gives is
// to be closed, after an error, too.
func (b *Bench) open(ctx context.Context, args ...string) (_ *bench, err error) {
	b.say("start the servers")
	out, o := new(bench), b.Rig
	o.Args = slices.Concat(o.Args, args)
	if out.rig, err = rig.Start(ctx, o); err != nil {
		return out, err //nolint:wrapcheck // says what it is
	}
	ring, err := codes.OpenRing(filepath.Join(out.rig.DataDir, "keys"))
	if err != nil {
		return out, err //nolint:wrapcheck // says what it is
	}
	b.say("enrol %d people", b.People)
	out.world, err = world.Prepare(ctx, world.Config{
		URL: out.rig.URL, Token: out.rig.AdminToken, Seed: b.Seed, People: b.People, Ring: ring,
	})
	if err == nil {
		out.echo, err = startEcho(ctx, b.Rig)
	}
	return out, err //nolint:wrapcheck // says what it is
}

func (b *bench) close() error {
	var errs []error
	if b.echo != nil {
		errs = append(errs, b.echo.Close())
	}
	if b.rig != nil {
		errs = append(errs, b.rig.Close())
	}
	return errors.Join(errs...)
}

// echoServer is the bare echo in a process of its own.
type echoServer struct {
	*rig.Child
	url string
}

func startEcho(ctx context.Context, o rig.Options, args ...string) (*echoServer, error) {
	binary, err := rig.Binary()
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	args = append([]string{"loadtest", "echo", "--addr", "127.0.0.1:0"}, args...)
	child, err := rig.Spawn(binary, o.Env, o.CPUs, args...)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	at, err := child.Said(ctx, echoReady)
	if err != nil {
		return nil, errors.Join(err, child.Close())
	}
	return &echoServer{child, at[0]}, nil
}

func read(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("limits: %s: %s", url, res.Status)
	}
	return body, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
