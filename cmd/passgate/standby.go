package main

import (
	"cmp"
	"context"
	"path/filepath"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/journal"
)

// standbyFlags say how gates go on while Redis does not answer.
type standbyFlags struct {
	Journal    string         `placeholder:"DIR" env:"PASSGATE_JOURNAL" help:"Folder of the journal of what gates were told while Redis did not answer, on a disk of this machine; \"off\": this server answers no scans then, and phones decide by themselves. DATA/journal, off with --redis memory."`
	JournalMax int64          `default:"1024" name:"journal-max" env:"PASSGATE_JOURNAL_MAX" help:"MiB that the journal may take, 16 to 1048576: 1024 hold about two million scans."`
	Window     *time.Duration `placeholder:"DURATION" name:"journal-window" env:"PASSGATE_JOURNAL_WINDOW" help:"For how long answered scans are kept to be sent again when a master changes or comes back, 0s (none) to 10m; 0s with --redis managed, which syncs each write, 60s otherwise; at least four times a cluster's node timeout."`
	Limit      time.Duration  `default:"4h" name:"standby-limit" env:"PASSGATE_STANDBY_LIMIT" help:"How long gates let people enter while Redis does not answer, 1s to 168h."`
	PastLimit  string         `default:"refuse" enum:"refuse,enter" name:"standby-past-limit" env:"PASSGATE_STANDBY_PAST_LIMIT" help:"What happens after that: refuse (nobody enters but their own home; exits and emergencies pass) or enter."`
}

// check refuses what cannot be meant.
func (f *standbyFlags) check() error {
	switch {
	case f.JournalMax < 16 || f.JournalMax > 1<<20:
		return badInput("--journal-max %d: give 16 to 1048576 MiB", f.JournalMax)
	case f.Window != nil && (*f.Window < 0 || *f.Window > 10*time.Minute):
		return badInput("--journal-window %s: give 0s to 10m", *f.Window)
	case f.Limit < time.Second || f.Limit > 7*24*time.Hour:
		return badInput("--standby-limit %s: give 1s to 168h", f.Limit)
	}
	return nil
}

// resendWindow covers the time for which a master that is cut off may go on
// answering, four times over at Redis's own node timeout of 15 s.
const resendWindow = 60 * time.Second

// window is for how long answered scans are kept. Only a Redis of our own is known
// to have on its disk what it has answered.
func (cmd *ServeCmd) window() time.Duration {
	switch {
	case cmd.Standby.Window != nil:
		return *cmd.Standby.Window
	case cmd.ownRedis():
		return 0
	}
	return resendWindow
}

// journalDir is the folder of the journal, "" if there is none.
func (cmd *ServeCmd) journalDir() string {
	if cmd.Standby.Journal == "off" || cmd.Standby.Journal == "" && cmd.Redis == "memory" {
		return ""
	}
	return cmp.Or(cmd.Standby.Journal, filepath.Join(cmd.Data, "journal"))
}

// openStandby opens the journal and reads the copy of the people; it leaves
// s.standby nil if gates are to stop with Redis.
func (s *server) openStandby(ctx context.Context, cmd *ServeCmd, key []byte, clock checkpoint.Clock) (err error) {
	dir := cmd.journalDir()
	if dir == "" {
		return nil
	}
	s.journal, err = journal.Open(journal.Options{Dir: dir, Key: key, MaxBytes: cmd.Standby.JournalMax << 20, Logger: s.logger, Now: clock})
	if err != nil {
		return badInput("--journal %s: %v", dir, err)
	}
	s.closers = append(s.closers, func() {
		if err := s.journal.Close(); err != nil {
			s.logger.Error("the journal did not close cleanly", "error", err)
		}
	})
	s.standby, err = s.store.NewStandby(ctx, checkpoint.StandbyConfig{
		Journal: s.journal, Limit: cmd.Standby.Limit, EnterPastLimit: cmd.Standby.PastLimit == "enter", Window: cmd.window(), Logger: s.logger,
	})
	return err
}
