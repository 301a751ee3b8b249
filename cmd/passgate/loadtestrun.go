package main

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/drill"
	loadreport "passgate/loadtest/report"
	"passgate/loadtest/rig"
)

// drillFlags say on what load is put, and how the result is shown.
type drillFlags struct {
	People      int           `default:"20000" help:"Residents of the town, 1000 to 10000000."`
	Seed        uint64        `default:"1" help:"The same seed gives the same town."`
	Connections int           `default:"256" help:"Connections: so many scans can be under way at once, 1 to 10000."`
	Patience    time.Duration `default:"10s" help:"How long a phone waits for an answer, up to 1m."`
	Retries     int           `default:"0" help:"How often a scan that was shed or not answered is sent again, 0 to 20."`
	CPUs        []int         `name:"cpus" placeholder:"N" help:"Processors for the servers; all if not given."`
	NoAudit     bool          `help:"Do not look up afterwards what was acknowledged."`
	JSON        bool          `name:"json" help:"Print JSON."`
	HTML        string        `name:"html" type:"path" placeholder:"FILE" help:"Also write the report as a page."`

	Target    []string `placeholder:"URL" help:"Load these gateways of one service instead of starting one. It needs --world, --keys and an administrator's session."`
	World     string   `type:"path" placeholder:"DIR" help:"What \"passgate loadtest prepare\" left."`
	Keys      string   `type:"path" placeholder:"DIR" help:"The key ring of that service."`
	Login     string   `env:"PASSGATE_LOGIN" placeholder:"NAME" help:"Administrator. The password comes from PASSGATE_PASSWORD, a prompt, or the kept session; never from a flag."`
	TokenFile string   `env:"PASSGATE_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File (mode 0600) with a token."`
	Insecure  bool     `env:"PASSGATE_INSECURE" help:"Send secrets to a http:// server on another machine."`
}

// check refuses what makes no sense.
func (f *drillFlags) check() error {
	switch {
	case f.People < 1000 || f.People > 10_000_000:
		return badInput("--people %d: give 1000 to 10000000", f.People)
	case f.Connections < 1 || f.Connections > 10_000:
		return badInput("--connections %d: give 1 to 10000", f.Connections)
	case f.Patience < 100*time.Millisecond || f.Patience > time.Minute:
		return badInput("--patience %s: give 100ms to 1m", f.Patience)
	case f.Retries < 0 || f.Retries > 20:
		return badInput("--retries %d: give 0 to 20", f.Retries)
	case len(f.Target) > 0 && (f.World == "" || f.Keys == ""):
		return badInput("--target needs --world and --keys: \"passgate loadtest prepare\" makes the one, the service has the other")
	}
	return nil
}

// config is what the flags ask for.
func (f *drillFlags) config(ctx context.Context, con *console, verb string) (drill.Config, error) {
	if err := f.check(); err != nil {
		return drill.Config{}, err
	}
	c := drill.Config{
		Rig: rig.Options{CPUs: f.CPUs}, URLs: f.Target, Folder: f.World, Keys: f.Keys, People: f.People, Seed: f.Seed,
		Connections: f.Connections, Patience: f.Patience, Retries: f.Retries, Unaudited: f.NoAudit,
		Say:      func(format string, args ...any) { con.say("loadtest "+verb+": "+format, args...) },
		Progress: loadProgress(con),
	}
	if len(f.Target) == 0 {
		return c, nil
	}
	as := serverFlags{Server: f.Target[0], Login: f.Login, TokenFile: f.TokenFile, Insecure: f.Insecure}
	admin, err := as.open(ctx, con)
	if err != nil {
		return c, err
	}
	c.Token = admin.token
	return c, nil
}

// drill opens a drill, has do hold it, and shows the report. The exit code says
// whether every scan is where it should be.
func (f *drillFlags) drill(ctx context.Context, con *console, verb string, do func(*drill.Drill) (*loadtest.Report, error)) error {
	c, err := f.config(ctx, con, verb)
	if err != nil {
		return err
	}
	d, err := drill.Open(ctx, c)
	if err != nil {
		return unreachable("%w", err)
	}
	report, err := do(d)
	return errors.Join(f.show(con, report, err), d.Close())
}

// show prints a report, also one that an error cut short.
func (f *drillFlags) show(con *console, report *loadtest.Report, err error) error {
	if report == nil {
		return err
	}
	report.Command = "passgate " + strings.Join(os.Args[1:], " ")
	var shown error
	if f.JSON {
		shown = printJSON(con.Out, report)
	} else {
		shown = printReport(con.Out, report)
	}
	if f.HTML != "" {
		shown = errors.Join(shown, writePage(&loadreport.Page{Reports: []*loadtest.Report{report}}, f.HTML))
	}
	if err := errors.Join(err, shown); err != nil {
		return err
	}
	if !report.Clean() {
		return errRefused
	}
	return nil
}

// paceFlags choose a schedule: exactly one of them.
type paceFlags struct {
	Rate     float64       `help:"Scans a second, for --duration."`
	Steps    string        `placeholder:"RATExTIME,…" help:"One rate after the other, such as 500x10s,1000x10s."`
	Ramp     string        `placeholder:"FROM..TO" help:"A rate that rises evenly during --duration."`
	Spike    float64       `placeholder:"RATE" help:"A rate that is multiplied by ten within ten seconds, stays there for --duration and falls back."`
	Duration time.Duration `default:"30s" help:"How long, up to 168h."`
}

const (
	spikeTimes  = 10
	spikeRise   = 10 * time.Second
	spikeBefore = 15 * time.Second
)

// schedule is what the flags choose; 1000/s if none does.
func (f *paceFlags) schedule() (s *loadtest.Schedule, err error) {
	chosen := 0
	for _, given := range []bool{f.Rate != 0, f.Steps != "", f.Ramp != "", f.Spike != 0} {
		if given {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		return nil, badInput("give one of --rate, --steps, --ramp and --spike")
	case f.Steps != "":
		s, err = loadtest.Steps(f.Steps)
	case f.Ramp != "":
		from, to, ok := parseRange(f.Ramp)
		if !ok {
			return nil, badInput("--ramp %q: give two rates, such as 100..2000", clip(f.Ramp, 40))
		}
		s, err = loadtest.Ramp(from, to, f.Duration)
	case f.Spike != 0:
		s, err = loadtest.Spike(f.Spike, spikeTimes, spikeBefore, spikeRise, f.Duration)
	default:
		if chosen == 0 {
			f.Rate = 1000
		}
		s, err = loadtest.Constant(f.Rate, f.Duration)
	}
	if err != nil {
		return nil, badInput("%w", err)
	}
	return s, nil
}

// loadtestRunCmd puts one load on a service.
type loadtestRunCmd struct {
	drillFlags
	paceFlags
	Source     string `default:"day" enum:"day,regular" help:"day: a town as it lives, with what goes wrong in one; regular: good passes only."`
	Listen     string `placeholder:"ADDR" help:"Send nothing: let --workers processes join here (\"passgate loadtest worker\") and make the run together."`
	Workers    int    `default:"2" help:"How many processes join, 1 to 64."`
	SecretFile string `type:"path" placeholder:"FILE" help:"File (mode 0600) with the secret of a joint run; or PASSGATE_LOADTEST_SECRET."`
}

// Help is shown by --help.
func (loadtestRunCmd) Help() string {
	return `Sends scans at the rate asked for, whatever the answers do, and measures each
from the time at which it was due. Afterwards every acknowledged scan is looked
up: it has to be in its person's trail and in its gate's window, once, with the
decision that was answered. Exit code 0: all are; 1: some are not.

Without --target it starts a service of its own, with Redis, in a temporary
folder under TMPDIR.

Examples:

    passgate loadtest run --rate 1000 --duration 30s --html report.html
    passgate loadtest run --ramp 100..3000 --duration 1m --source regular --json
    passgate loadtest run --listen 127.0.0.1:7000 --workers 2 --rate 4000`
}

// Run runs it.
func (cmd *loadtestRunCmd) Run(ctx context.Context, con *console) error {
	pace, err := cmd.schedule()
	if err != nil {
		return err
	}
	if cmd.Listen == "" {
		return cmd.drill(ctx, con, "run", func(d *drill.Drill) (*loadtest.Report, error) { return drill.One(ctx, d, pace, cmd.Source) })
	}
	if cmd.Workers < 1 || cmd.Workers > 64 {
		return badInput("--workers %d: give 1 to 64", cmd.Workers)
	}
	secret, err := joinSecret(con, cmd.SecretFile)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return badInput("--listen: %w", err)
	}
	defer listener.Close() //nolint:errcheck // the run closes it
	return cmd.drill(ctx, con, "run", func(d *drill.Drill) (*loadtest.Report, error) {
		return drill.Joint(ctx, d, listener, secret, cmd.Workers, pace, cmd.Source)
	})
}

// joinSecret is the secret of a joint run, from a file or the environment.
func joinSecret(con *console, path string) (string, error) {
	secret := con.Env("PASSGATE_LOADTEST_SECRET")
	if path != "" {
		info, err := os.Stat(path)
		if err != nil {
			return "", badInput("--secret-file: %w", err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			return "", badInput("--secret-file: others can read %s: run chmod 600 %s", path, path)
		}
		text, err := os.ReadFile(path) //nolint:gosec // the user names it
		if err != nil {
			return "", badInput("--secret-file: %w", err)
		}
		secret = strings.TrimSpace(string(text))
	}
	if len(secret) < loadtest.MinSecret {
		return "", badInput("a joint run needs a secret of %d characters at least, the same for all: PASSGATE_LOADTEST_SECRET or --secret-file", loadtest.MinSecret)
	}
	return secret, nil
}

// loadtestWorkerCmd makes a share of a run that another process coordinates.
type loadtestWorkerCmd struct {
	Join       string `required:"" placeholder:"URL" help:"Where \"passgate loadtest run --listen\" waits, such as http://10.0.0.1:7000."`
	World      string `type:"path" placeholder:"DIR" help:"Folder of the world, if it is not on this machine in the same place."`
	Keys       string `type:"path" placeholder:"DIR" help:"Folder of the service's key ring, likewise."`
	SecretFile string `type:"path" placeholder:"FILE" help:"File (mode 0600) with the secret; or PASSGATE_LOADTEST_SECRET."`
}

// Help is shown by --help.
func (loadtestWorkerCmd) Help() string {
	return `Makes every n-th scan of a run, together with others, and hands figures and
ledger over to the coordinator, which audits all of them. What passes between the
two is not encrypted: use a network of your own, or a tunnel.

Example:

    PASSGATE_LOADTEST_SECRET=… passgate loadtest worker --join http://10.0.0.1:7000`
}

// Run runs it.
func (cmd *loadtestWorkerCmd) Run(ctx context.Context, con *console) error {
	if (cmd.World == "") != (cmd.Keys == "") {
		return badInput("give both of --world and --keys, or none")
	}
	secret, err := joinSecret(con, cmd.SecretFile)
	if err != nil {
		return err
	}
	url := strings.TrimRight(cmd.Join, "/")
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	return drill.Join(ctx, drill.JoinConfig{URL: url, Secret: secret, World: cmd.World, Keys: cmd.Keys, Progress: loadProgress(con)})
}

// parseRange reads FROM..TO.
func parseRange(text string) (from, to float64, ok bool) {
	a, b, ok := strings.Cut(text, "..")
	from, err := strconv.ParseFloat(a, 64)
	to, err2 := strconv.ParseFloat(b, 64)
	return from, to, ok && err == nil && err2 == nil
}
