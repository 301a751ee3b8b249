package main

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"time"

	"passgate/checkpoint"
	"passgate/cmd/passgate/doctor"
)

// doctorCmd examines a deployment and says what to change of it.
type doctorCmd struct {
	Server   string   `placeholder:"URL" help:"Also ask the running server at this address: give the one that phones use."`
	CA       string   `name:"ca" type:"path" placeholder:"FILE" env:"PASSGATE_CA" help:"Certificate (PEM) of the authority that vouches for the server, instead of those that this machine trusts."`
	Backups  string   `type:"path" placeholder:"DIR" help:"Also look at the backups in this folder."`
	JSON     bool     `name:"json" help:"Print JSON."`
	Settings ServeCmd `embed:""`

	root string           // where /proc and /sys are; "" for "/"
	now  checkpoint.Clock // nil for the wall clock
}

// Help is shown by --help.
func (doctorCmd) Help() string {
	return `Takes the settings of "passgate serve", by flags, environment and --config, and looks
at what the server would run with: Redis, clock, secrets, disks, certificates, limits,
the format of the data. It changes nothing, prints no secret and may run while the
server does. Run it as the server's user, in the server's environment.

Each finding has a code that stays the same over releases, what is wrong, why it
matters at the gates, and what repairs it. A note is about something that could not be
looked at and counts for nothing.

Exit codes: 0 nothing to change, 1 there are errors or warnings, 2 settings that
"passgate serve" refuses.

Examples:

    passgate doctor --config /etc/passgate/passgate.json
    passgate doctor --data /var/lib/passgate --server https://gates.example.org --backups /backup
    passgate doctor --json | jq -r '.findings[].code'`
}

// doctorPatience bounds the whole examination.
const doctorPatience = time.Minute

// Run examines.
func (cmd *doctorCmd) Run(ctx context.Context, con *console) error {
	if err := errors.Join(cmd.Settings.check(), cmd.Settings.TLS.check()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	all, err := cmd.examine(ctx, con)
	if err != nil {
		return err
	}
	return cmd.print(con, doctor.Sort(all))
}

func (cmd *doctorCmd) print(con *console, all []doctor.Finding) error {
	count := map[doctor.Severity]int{}
	for _, f := range all {
		count[f.Severity]++
	}
	bad := count[doctor.Error] + count[doctor.Warning]
	if cmd.JSON {
		if all == nil {
			all = []doctor.Finding{}
		}
		if err := printJSON(con.Out, map[string]any{"findings": all, "errors": count[doctor.Error], "warnings": count[doctor.Warning]}); err != nil {
			return err
		}
	} else if err := printFindings(con.Out, all, bad); err != nil {
		return err
	}
	if bad > 0 {
		return errRefused
	}
	return nil
}

func printFindings(w io.Writer, all []doctor.Finding, bad int) error {
	p := &printer{out: w}
	for _, f := range all {
		p.line("%-8s %s  %s", f.Severity, f.Code, plain(f.Where))
		p.line("  found  %s", plain(f.What))
		p.line("  why    %s", plain(f.Why))
		p.line("  do     %s", plain(f.Do))
	}
	if bad == 0 {
		p.line("nothing to change")
	}
	return p.err
}

// examine looks at everything. An error is one of the settings.
func (cmd *doctorCmd) examine(ctx context.Context, con *console) (all []doctor.Finding, err error) {
	now := cmd.clock()()
	keys, held := cmd.lookAtKeys(con.Env, now)
	all = append(all, keys.Check()...)
	servers, store, err := cmd.lookAtRedis(ctx, held)
	if err != nil {
		return nil, err
	}
	for _, s := range servers {
		all = append(all, s.Check()...)
	}
	if store != nil {
		all = append(all, store.Check()...)
	}
	all = append(all, cmd.lookAtFiles(ctx, held.journal, servers)...)
	doors, err := cmd.lookAtDoors(now)
	if err != nil {
		return nil, err
	}
	all = append(all, doors.Check()...)
	machine := cmd.lookAtMachine(con.Env)
	all = append(all, machine.Check()...)
	if cmd.Server != "" {
		answer, err := cmd.askServer(ctx, now)
		if err != nil {
			return nil, err
		}
		all = append(all, answer.Check()...)
	}
	if cmd.Backups != "" {
		backups := doctor.LookAtBackups(cmd.Backups, now)
		all = append(all, backups.Check()...)
	}
	return all, nil
}

func (cmd *doctorCmd) clock() checkpoint.Clock {
	if cmd.now != nil {
		return cmd.now
	}
	return wallClock
}

func (cmd *doctorCmd) lookAtDoors(now time.Time) (*doctor.Doors, error) {
	s := &cmd.Settings
	d := &doctor.Doors{Addr: s.Addr, PublicURL: s.PublicURL, Certificate: s.TLS.Cert, Key: s.TLS.Key, Now: now}
	at, err := net.ResolveTCPAddr("tcp", s.Addr)
	if err != nil {
		return nil, badInput("--addr %s: %v", s.Addr, err)
	}
	if s.TLS.Mode == "" && s.TLS.Cert == "" && len(s.TLS.Auto) == 0 && len(s.Proxies) == 0 && readable(at) {
		d.Plain = plainWarning
	}
	trust, err := trusting("--ca", cmd.CA)
	if err != nil {
		return nil, err
	}
	d.Roots = trust.RootCAs
	return d, nil
}

// askServer asks the running server. An error is one of --server itself.
func (cmd *doctorCmd) askServer(ctx context.Context, now time.Time) (*doctor.Answer, error) {
	base, ends, err := askReady(ctx, cmd.Server, cmd.CA)
	var coded *exitError
	if errors.As(err, &coded) && coded.code == exitUsage {
		return nil, err
	}
	return &doctor.Answer{Where: base, Err: err, NotReady: coded != nil && coded.code == exitNo, Ends: ends, Now: now}, nil
}

// lookAtFiles judges the server's folders and what waits in its journal. servers are
// those of Redis, of which a managed one lies in the folder of data.
func (cmd *doctorCmd) lookAtFiles(ctx context.Context, journalKey []byte, servers []*doctor.RedisServer) (all []doctor.Finding) {
	s := &cmd.Settings
	data := doctor.LookAtFolder("data", s.Data)
	if s.Redis == "managed" && len(servers) > 0 {
		data.NeedRewrite(servers[0])
	}
	all = append(all, data.Check()...)
	if dir := s.journalDir(); dir != "" {
		j := doctor.LookAtJournal(ctx, dir, journalKey, s.MetricsAddr)
		f := doctor.LookAtFolder("journal", dir)
		f.Within = isBelow(dir, s.Data)
		f.NeedJournal(s.Standby.JournalMax<<20, j)
		all = append(append(all, f.Check()...), j.Check()...)
	}
	if dir := s.archiveDir(); dir != "" {
		f := doctor.LookAtFolder("archive", dir)
		f.Within = isBelow(dir, s.Data)
		f.NeedArchive()
		all = append(all, f.Check()...)
	}
	return all
}

// isBelow tells whether a folder is below another one.
func isBelow(dir, around string) bool {
	rest, err := filepath.Rel(around, dir)
	return err == nil && filepath.IsLocal(rest)
}
