package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/redisd"
	"passgate/checkpoint/replay"
)

// replayCmd makes the indexes anew from archive and logs, or compares them.
type replayCmd struct {
	From      string `type:"path" placeholder:"DIR" help:"Folder of the archive; DATA/archive if there is one."`
	Verify    bool   `help:"Compare and write nothing. May run beside the server."`
	JSON      bool   `name:"json" help:"Print JSON."`
	Show      int    `default:"20" help:"Most differences to print one by one, 1 to 100000; all are counted."`
	Redis     string `default:"managed" env:"PASSGATE_REDIS" help:"As for serve."`
	Prefix    string `default:"pg:" env:"PASSGATE_PREFIX" help:"Prefix of every key in Redis."`
	Data      string `default:"data" type:"path" env:"PASSGATE_DATA" help:"Folder of the server's data."`
	Retention int    `default:"28" env:"PASSGATE_RETENTION" help:"Days for which the server keeps events, 14 to 60."`
	Temp      string `type:"path" placeholder:"DIR" help:"Folder in which events are sorted, about 140 bytes each; the system's if not given. What is written there is encrypted and has no name."`
}

// Help is shown by --help.
func (replayCmd) Help() string {
	return `Examples:

    passgate replay --verify
    passgate replay --from /backup/archive --redis cluster://10.0.0.1:6379,10.0.0.2:6379

Makes trails, gate indexes, plates, alerts, counts of temperatures and who is
inside anew from the archive and the logs in Redis, which together are the
record. Stop every server first; a replay that was cut off is started again.
What Redis has of a day whose files are damaged stays.

Exit codes: 0 all is well, 1 something differs, a part of the record cannot be
read, or a server is running, 2 wrong usage, 3 the store cannot be reached.`
}

// Run replays or compares.
func (cmd *replayCmd) Run(ctx context.Context, con *console) error {
	if cmd.Retention < 14 || cmd.Retention > 60 {
		return badInput("--retention %d: give 14 to 60 days", cmd.Retention)
	}
	if cmd.Show < 1 || cmd.Show > 100_000 {
		return badInput("--show %d: give 1 to 100000", cmd.Show)
	}
	opt := replay.Options{TempDir: cmd.Temp, Show: cmd.Show}
	if err := cmd.openArchive(con, &opt); err != nil {
		return err
	}
	store, done, err := cmd.openStore(ctx, con)
	if err != nil {
		return err
	}
	defer done()
	bar := newReplayProgress(con, cmd.JSON)
	opt.Progress = bar.show
	work := replay.Rebuild
	if cmd.Verify {
		work = replay.Verify
	}
	report, err := work(ctx, store, opt)
	bar.finish()
	if err != nil {
		return replayError(err)
	}
	if cmd.JSON {
		err = printJSON(con.Out, report)
	} else {
		err = printReplay(con.Out, report)
	}
	if err == nil && (report.Differs() > 0 || !report.Whole()) {
		err = errRefused
	}
	return err
}

// replayError gives an error its exit code.
func replayError(err error) error {
	switch {
	case errors.Is(err, checkpoint.ErrInUse):
		return &exitError{exitNo, err}
	case errors.Is(err, checkpoint.ErrUnavailable):
		return &exitError{exitBackend, err}
	}
	return err
}

// openArchive opens the folder that was named, or the server's own if it is
// there.
func (cmd *replayCmd) openArchive(con *console, opt *replay.Options) error {
	dir := cmd.From
	if dir == "" {
		dir = filepath.Join(cmd.Data, "archive")
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && cmd.From == "":
		con.say("there is no archive in %s: replaying the logs alone", dir)
		return nil
	case err != nil:
		return badInput("--from: %w", err)
	case !info.IsDir():
		return badInput("--from %s: name the archive's folder", dir)
	}
	a, err := archive.Open(dir, filepath.Join(cmd.Data, "keys"))
	if err != nil {
		return badInput("archive in %s: %w", dir, err)
	}
	for _, notice := range a.Notices() {
		con.say("archive: %s", plain(notice))
	}
	opt.Archive = replay.FromArchive(a)
	return nil
}

// openStore opens the store with the secrets of the server.
func (cmd *replayCmd) openStore(ctx context.Context, con *console) (_ *checkpoint.Store, done func(), err error) {
	keys := filepath.Join(cmd.Data, "keys")
	secret, err := existingSecrets(keys, con.Env)
	if err != nil {
		return nil, nil, err
	}
	backend, err := cmd.openBackend(ctx)
	if err != nil {
		return nil, nil, err
	}
	client := backend.client(patient)
	done = func() { _ = client.Close(); backend.stop() }
	store, err := checkpoint.Open(ctx, checkpoint.Config{
		Client: client, Prefix: cmd.Prefix, FieldKey: secret.field, IndexKey: secret.index, NewerKeys: secret.newer,
		Retention: time.Duration(cmd.Retention) * 24 * time.Hour, Program: programName(), AsIs: cmd.Verify,
	})
	if err != nil {
		done()
		return nil, nil, replayError(err)
	}
	return store, done, nil
}

// openBackend opens the Redis. Beside a running server, a comparison asks the
// Redis which that server manages.
func (cmd *replayCmd) openBackend(ctx context.Context) (*backend, error) {
	if cmd.Redis == "memory" {
		return nil, badInput("--redis memory: nothing is kept there, so there is nothing to replay")
	}
	life := context.WithoutCancel(ctx) // outlives ctx: leases are given back at the end
	backend, err := openBackend(life, cmd.Redis, cmd.Data, slog.New(slog.DiscardHandler))
	if !errors.Is(err, redisd.ErrInUse) {
		if err != nil {
			err = badInput("%w", err)
		}
		return backend, err
	}
	if !cmd.Verify {
		return nil, &exitError{exitNo, checkpoint.ErrInUse}
	}
	return openRunning(cmd.Data)
}

// patient are the settings of a client that nobody waits for at a gate.
func patient(o *redis.UniversalOptions) *redis.UniversalOptions {
	checkpoint.Tune(o)
	const wait = 30 * time.Second
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout, o.DialTimeout = wait, wait, wait, 5*time.Second
	o.PoolSize = 8
	return o
}
