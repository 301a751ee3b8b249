package main

import (
	"context"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// tellSystemd says to systemd, if it started this server, that it serves, and, until
// ctx ends, that it is alive, as often as the unit's WatchdogSec asks; then that it
// stops. Elsewhere it does nothing.
//
// The sign of life is not a request to the server itself: one that is overloaded
// turns requests away, and must not be restarted for that.
func (s *server) tellSystemd(ctx context.Context) {
	tell := func(state string) bool {
		heard, err := daemon.SdNotify(false, state)
		if err != nil {
			s.logger.Warn("systemd cannot be told", "state", state, "error", err)
		}
		return heard
	}
	if !tell(daemon.SdNotifyReady) {
		return
	}
	defer tell(daemon.SdNotifyStopping)
	patience, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		s.logger.Warn("systemd's watchdog is not told", "error", err)
	}
	if patience <= 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(patience / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			tell(daemon.SdNotifyWatchdog)
		}
	}
}
