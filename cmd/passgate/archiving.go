package main

import (
	"path/filepath"
	"time"

	"passgate/checkpoint/archive"
)

// openArchive opens the archive and makes its archiver, if there is to be one.
// With a Redis of others, which several gateways share, there is none unless a
// folder is named: one gateway archives for all.
func (cmd *ServeCmd) openArchive(s *server) (err error) {
	dir := cmd.Archive
	switch {
	case cmd.Redis == "memory" && dir != "" && dir != "off":
		return badInput("--archive %s: with --redis memory nothing is kept; leave it out", dir)
	case cmd.Redis == "memory" || dir == "off":
		return nil
	case dir == "" && cmd.Redis != "managed":
		s.logger.Warn("events are not archived here: give one gateway --archive, or the logs in Redis grow")
		return nil
	case dir == "":
		dir = filepath.Join(cmd.Data, "archive")
	}
	if s.archive, err = archive.Open(dir, filepath.Join(cmd.Data, "keys")); err != nil {
		return badInput("--archive %s: %w", dir, err)
	}
	for _, notice := range s.archive.Notices() {
		s.logger.Warn("archive", "notice", notice)
	}
	s.archiver = archive.NewArchiver(s.store, s.archive, s.logger)
	if cmd.LogKeep > 0 {
		s.archiver.Keep = time.Duration(cmd.LogKeep) * time.Hour
	}
	s.archiver.Observe = s.gateway.Metrics().WatchArchive()
	return nil
}
