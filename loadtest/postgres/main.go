package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"passgate/loadtest/limits"
	"passgate/loadtest/report"
	"passgate/loadtest/rig"
)

// serveWord as the first argument makes this program the baseline's server, the
// child of the one that measures. Its other arguments are a connection string
// without a password, the folder of the gate's keys and how many connections.
const serveWord = "serve"

// options say what is measured.
type options struct {
	people      int
	seed        uint64
	runs        int
	slices      int // of a run: how often gate and baseline take turns in it
	scans       int // of a slice, for each
	connections int // of the client
	pool        int // connections of the baseline to PostgreSQL
	check       int // scans whose answers are compared
	dir         string
	passgate    string
	set         pairs
}

// pairs are settings given as name=value.
type pairs [][2]string

func (p *pairs) String() string { return fmt.Sprint([][2]string(*p)) }

func (p *pairs) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || strings.ContainsAny(text, "'\n") {
		return errors.New("give name=value")
	}
	*p = append(*p, [2]string{name, value})
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == serveWord {
		err = serveChild(ctx, os.Args[2:])
	} else {
		err = measure(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "postgres:", err)
		os.Exit(1)
	}
}

func serveChild(ctx context.Context, args []string) error {
	var pool int
	if len(args) != 3 {
		return errors.New("serve takes three arguments")
	}
	if _, err := fmt.Sscan(args[2], &pool); err != nil {
		return err
	}
	return serve(ctx, args[0], args[1], pool)
}

func measure(ctx context.Context) error {
	var o options
	var asJSON bool
	flag.IntVar(&o.people, "people", 20_000, "residents of the town")
	flag.Uint64Var(&o.seed, "seed", 1, "who they are")
	flag.IntVar(&o.runs, "runs", 5, "runs, of which minimum, median and maximum are given")
	flag.IntVar(&o.slices, "slices", 2, "turns of gate and baseline in a run")
	flag.IntVar(&o.scans, "scans", 8_000, "scans of a turn")
	flag.IntVar(&o.connections, "connections", 256, "connections of the client")
	flag.IntVar(&o.pool, "pool", 64, "connections of the baseline to PostgreSQL")
	flag.IntVar(&o.check, "check", 2_000, "scans of a day with much trouble whose answers are compared afterwards")
	flag.StringVar(&o.dir, "dir", "", "folder for temporary data, on a disk; the system's if empty")
	flag.StringVar(&o.passgate, "passgate", os.Getenv(rig.BinaryVariable), "the passgate to compare with; built from the sources if empty")
	flag.Var(&o.set, "set", "a setting of PostgreSQL, name=value; may be repeated")
	flag.BoolVar(&asJSON, "json", false, "print one JSON document")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flag.Arg(0))
	}
	if o.people < 1 || o.runs < 1 || o.slices < 1 || o.scans < 1 || o.connections < 1 || o.pool < 1 || o.check < 0 {
		return errors.New("all numbers have to be positive")
	}
	b, err := compare(ctx, o)
	if err != nil {
		return err
	}
	if asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		err = out.Encode(b)
	} else {
		printTable(b)
	}
	if err == nil && len(b.Different) > 0 {
		err = errors.New("the baseline does not decide as the gate does: its cost says nothing")
	}
	return err
}

// usePassgate has the rig run the passgate that was named, or one built into dir
// from the sources two folders up.
func usePassgate(ctx context.Context, path, dir string) error {
	if path == "" {
		path = filepath.Join(dir, "passgate")
		build := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/passgate")
		build.Dir = filepath.Join("..", "..")
		if said, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build passgate (run this in loadtest/postgres, or name one by -passgate): %w\n%s", err, said)
		}
	}
	return os.Setenv(rig.BinaryVariable, path)
}

func printTable(b *report.Baseline) {
	fmt.Printf("%-44s %10s %10s %10s\n", "CPU of the server per scan, µs", "min", "median", "max")
	for _, row := range [][2]string{
		{"gate_us", "gate: gateway and Redis"},
		{"gateway_us", "  gateway"},
		{"redis_us", "  Redis"},
		{"baseline_us", "baseline: server and PostgreSQL"},
		{"server_us", "  server"},
		{"postgres_us", "  PostgreSQL"},
	} {
		printSpread(row[1], b.Figures[row[0]])
	}
	fmt.Println()
	printSpread("scans per CPU second, gate", b.Figures["gate_per_cpu_second"])
	printSpread("scans per CPU second, baseline", b.Figures["baseline_per_cpu_second"])
	printSpread("gate ÷ baseline (goal: at least 5)", b.Figures["gate_to_baseline"])
	fmt.Printf("\n%d people, seed %d, %d scans of each in each of %d runs, %d connections, %d to PostgreSQL\n",
		b.People, b.Seed, b.ScansPerRun, len(b.Runs), b.Connections, b.Pool)
	fmt.Printf("answers compared: %d, different: %d\n%s\n", b.Compared, len(b.Different), b.Server)
	for _, d := range b.Different {
		fmt.Println("  " + d)
	}
}

func printSpread(name string, s limits.Spread) {
	fmt.Printf("%-44s %10.1f %10.1f %10.1f\n", name, s.Min, s.Median, s.Max)
}
