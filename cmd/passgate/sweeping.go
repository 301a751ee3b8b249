package main

import (
	"passgate/checkpoint"
	"passgate/gateway"
)

// openSweeper makes what takes away everything that is past retention, here and
// in the archive, if this process has one.
func (s *server) openSweeper(clock checkpoint.Clock) {
	var days checkpoint.EventArchive
	if s.archive != nil {
		days = s.archive
	}
	s.sweeper = s.store.NewSweeper(days, s.logger)
	s.sweeper.VoidFor = gateway.VoidFor
	s.sweeper.Observe = s.gateway.Metrics().ObserveSweep
	s.gateway.Metrics().WatchSweeps(s.sweeper.Last, clock)
}
