package main

import (
	"context"
	"fmt"
	"time"

	"passgate/checkpoint/backup"
	"passgate/codes"
	"passgate/loadtest/world"
)

// loadtestPrepareCmd puts a made-up town on a running service.
type loadtestPrepareCmd struct {
	Dir string `arg:"" type:"path" placeholder:"DIR" help:"Folder for what the other verbs need to know; made if there is none. It holds secrets of the devices."`

	Target    string `required:"" placeholder:"URL" help:"A gateway of the service."`
	Keys      string `required:"" type:"path" placeholder:"DIR" help:"The key ring of that service, such as ./data/keys."`
	People    int    `default:"20000" help:"Residents of the town, 1000 to 10000000."`
	Seed      uint64 `default:"1" help:"The same seed gives the same town."`
	Rate      int    `default:"10000" help:"Scans/s that are to be sent at most, 1 to 200000; it says how many phones each gate gets."`
	Login     string `env:"PASSGATE_LOGIN" placeholder:"NAME" help:"Administrator. The password comes from PASSGATE_PASSWORD, a prompt, or the kept session; never from a flag."`
	TokenFile string `env:"PASSGATE_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File (mode 0600) with a token."`
	CA        string `name:"ca" env:"PASSGATE_CA" type:"path" placeholder:"FILE" help:"Certificate (PEM) of the authority that vouches for the server."`
	Insecure  bool   `env:"PASSGATE_INSECURE" help:"Send secrets to a http:// server on another machine."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (loadtestPrepareCmd) Help() string {
	return `Enters the grid, the sites and gates, a phone or more at each gate, and the
residents of a made-up town, and puts one of 500 into quarantine at home. It is
for a service that is there to be tried and holds no town of another seed, the
demo's either: their ID numbers would collide. The residents stay. Doing it again
adds phones and changes nothing else.

Example:

    passgate loadtest prepare --target http://10.0.0.5:8080 --keys ./keys --people 100000 ./town
    passgate loadtest run --target http://10.0.0.5:8080 --keys ./keys --world ./town --rate 1000`
}

// prepared is what was put there.
type prepared struct {
	People  int     `json:"people"`
	Seed    uint64  `json:"seed"`
	Devices int     `json:"devices"`
	Seconds float64 `json:"seconds"`
}

// Run prepares.
func (cmd *loadtestPrepareCmd) Run(ctx context.Context, con *console) error {
	if err := within(bound{"people", cmd.People, 1000, world.MaxPeople}, bound{"rate", cmd.Rate, 1, 200_000}); err != nil {
		return err
	}
	ring, err := codes.OpenRing(cmd.Keys)
	if err != nil {
		return badInput("--keys: %w", err)
	}
	as := serverFlags{Server: cmd.Target, Login: cmd.Login, TokenFile: cmd.TokenFile, CA: cmd.CA, Insecure: cmd.Insecure}
	admin, err := as.open(ctx, con)
	if err != nil {
		return err
	}
	progress, began := newBackupProgress(con, cmd.JSON), time.Now()
	defer progress.finish()
	w, err := world.Prepare(ctx, world.Config{
		URL: admin.base, Token: admin.token, Client: admin.http, Ring: ring, Seed: cmd.Seed, People: cmd.People, Rate: cmd.Rate,
		Progress: func(step string, done, total int) {
			progress.show(backup.Progress{What: step, Done: int64(done), Total: int64(total)})
		},
	})
	if err != nil {
		return unreachable("%w", err)
	}
	if err := w.Save(cmd.Dir); err != nil {
		return err
	}
	done := prepared{w.People, w.Seed, len(w.Devices), time.Since(began).Seconds()}
	if cmd.JSON {
		return printJSON(con.Out, done)
	}
	_, err = fmt.Fprintf(con.Out, "%d people and %d phones in %.1f s; %s holds what a run needs\n", done.People, done.Devices, done.Seconds, cmd.Dir)
	return err
}
