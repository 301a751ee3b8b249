// Command passgate issues signed QR passes, decides at gates, records every
// passage and replays it. This package is wiring only: flags, files, terminals
// and signals; what the verbs do is in the packages they call.
//
// Exit codes are the same for every verb: 0 done, 1 the answer is no or some
// were refused, 2 wrong usage or bad input, 3 the server or its store cannot be
// reached, 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // Asia/Shanghai on machines without a zone database

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9"
)

// commandLine is the whole grammar.
type commandLine struct {
	HelpFlag    helpFlag    `name:"help" short:"h" help:"Show what a command does, with an example."`
	VersionFlag versionFlag `name:"version" help:"Show the version."`

	Serve      ServeCmd      `cmd:"" help:"Run the server."`
	Demo       DemoCmd       `cmd:"" help:"Run the main job end to end in a temporary folder and check all counts."`
	Loadtest   loadtestCmd   `cmd:"" help:"Drive load at gateways and measure what it costs them."`
	Login      loginCmd      `cmd:"" help:"Sign in and keep the session for the commands below."`
	Residents  residentsCmd  `cmd:"" help:"Enrol residents from a file, export them."`
	Pass       passCmd       `cmd:"" help:"Issue, convert and verify passes."`
	Case       caseCmd       `cmd:"" help:"Cases: the ground on which the questions below are asked, and their bounds."`
	Trace      traceCmd      `cmd:"" help:"Who passed a gate, where a person was, whom they met."`
	Bulletin   bulletinCmd   `cmd:"" help:"The daily bulletin of a node of the grid: numbers, change, what is overdue."`
	Archive    archiveCmd    `cmd:"" help:"What the archive of events holds, and whether it is whole."`
	Replay     replayCmd     `cmd:"" help:"Make the indexes anew from archive and logs, or compare them."`
	Backup     backupCmd     `cmd:"" help:"Copy the store, its archive and its secrets, encrypted, while the server runs."`
	Restore    restoreCmd    `cmd:"" help:"Put a backup into an empty system, checked."`
	Journal    journalCmd    `cmd:"" help:"Scans that gates were told while Redis did not answer, read from the disk."`
	Rules      rulesCmd      `cmd:"" help:"Show the rules: the decision table and the order of the rules, the reasons, how passages become stays."`
	Audit      auditCmd      `cmd:"" help:"Who asked what about people, and proof that the record of it is whole."`
	Feed       feedCmd       `cmd:"" help:"What happens, as offices outside the town read it."`
	Keys       keysCmd       `cmd:"" help:"Make, show and change the keys: those that sign passes, and those that seal what is stored."`
	Health     healthCmd     `cmd:"" help:"Ask a server whether it is ready."`
	Doctor     doctorCmd     `cmd:"" help:"Examine a deployment and say what to change."`
	Completion completionCmd `cmd:"" help:"Print what makes a shell complete commands, flags and values."`
	Help       helpCmd       `cmd:"" help:"Show this help, or that of a command."`
	Version    versionCmd    `cmd:"" help:"Show the version."`
}

const description = `Signed QR passes, decisions at gates, a record of every passage.

Exit codes: 0 done, 1 the answer is no or some were refused, 2 wrong usage or
bad input, 3 server or store not reachable, 130 interrupted.

Sign in once with "passgate login --login NAME", or give --login and the
password in the environment variable PASSGATE_PASSWORD. Commands talk to
--server, or PASSGATE_SERVER, or http://localhost:8080.`

// console is what a command reads from and writes to.
type console struct {
	In       io.Reader
	Out, Err io.Writer
	// Env looks up an environment variable; "" if it is not set.
	Env func(name string) string
	// ConfigDir gives the folder of the user's configuration.
	ConfigDir func() (string, error)
}

// say writes a remark that is no part of the result.
func (c *console) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Err, format+"\n", args...) // nowhere to tell it
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	con := &console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, ConfigDir: os.UserConfigDir}
	redis.SetLogger(redisLog{slog.New(slog.DiscardHandler)}) // what matters comes back as errors
	var err error
	if con.Env, err = secretsFromFiles(os.Environ()); err != nil {
		con.say("passgate: %v", err)
		os.Exit(exitUsage)
	}
	os.Exit(run(ctx, os.Args[1:], con))
}

// run parses the arguments, runs the command and gives the exit code.
func run(ctx context.Context, args []string, con *console) int {
	parser, err := grammar(ctx, con, &commandLine{})
	if err != nil {
		con.say("passgate: %v", err)
		return exitUsage
	}
	if len(args) == 0 {
		con.say("passgate: which command? \"passgate help\" lists them")
		return exitUsage
	}
	parsed, err := parser.Parse(args)
	switch {
	case errors.Is(err, errShown):
		return exitOK
	case err != nil:
		con.say("passgate: %v; see \"passgate %s\"", err, strings.TrimSpace("help "+verbOf(err)))
		return exitUsage
	}
	return report(ctx, con, parsed.Run())
}

// grammar makes the parser that fills in line.
func grammar(ctx context.Context, con *console, line *commandLine) (*kong.Kong, error) {
	return kong.New(
		line, kong.Name("passgate"), kong.Description(description), kong.NoDefaultHelp(),
		kong.Writers(con.Out, con.Err), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(con),
		kong.ConfigureHelp(helpLayout), kong.Configuration(serverConfig), kong.Resolvers(secretFlags(con.Env)),
	)
}

// verbOf gives the command in which a parse error happened.
func verbOf(err error) string {
	var parse *kong.ParseError
	if !errors.As(err, &parse) || parse.Context == nil {
		return ""
	}
	var names []string
	for _, step := range parse.Context.Path {
		if step.Command != nil {
			names = append(names, step.Command.Name)
		}
	}
	return strings.Join(names, " ")
}

// errShown ends parsing after --help or --version.
var errShown = errors.New("shown")

var helpLayout = kong.HelpOptions{Compact: true, NoAppDescFormat: true, WrapUpperBound: 100, ValueFormatter: kong.DefaultHelpValueFormatter}

type helpFlag bool

// IgnoreDefault makes kong look at the flag only where it is given.
func (helpFlag) IgnoreDefault() {}

// BeforeReset shows the help of the command selected so far.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(helpLayout, ctx); err != nil {
		return err
	}
	return errShown
}

type versionFlag bool

// IgnoreDefault makes kong look at the flag only where it is given.
func (versionFlag) IgnoreDefault() {}

// BeforeReset shows the version.
func (versionFlag) BeforeReset(con *console) error {
	if _, err := fmt.Fprintln(con.Out, versionText()); err != nil {
		return err
	}
	return errShown
}

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"Command, such as: trace gate."`
	Man     bool     `help:"Print all of it as a manual page."`
}

// Help is shown by --help.
func (helpCmd) Help() string {
	return `Examples:

    passgate help residents import
    passgate help --man | gzip >/usr/share/man/man1/passgate.1.gz`
}

// Run shows the help of a command, or of all.
func (h *helpCmd) Run(ctx context.Context, con *console, app *kong.Kong) error {
	if h.Man {
		return printManual(con.Out, app.Model)
	}
	if code := run(ctx, append(h.Command, "--help"), con); code != exitOK {
		return &exitError{code: code}
	}
	return nil
}

// version is set by the linker in releases.
var version = ""

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (versionCmd) Help() string { return "Example:\n\n    passgate version --json" }

// Run shows the version.
func (v *versionCmd) Run(con *console) error {
	if v.JSON {
		return printJSON(con.Out, map[string]string{"version": versionText()})
	}
	_, err := fmt.Fprintln(con.Out, programName())
	return err
}

// programName is this program in the record of the data's format.
func programName() string { return "passgate " + versionText() }

func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && text == "(devel)" {
			text = "devel " + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return text + " " + info.GoVersion
}
