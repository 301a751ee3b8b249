package main

import (
	"cmp"
	"path/filepath"
	"time"

	"passgate/checkpoint/archive"
)

// archiveDir is the folder of the archive, "" if this server has none.
func (cmd *ServeCmd) archiveDir() string {
	if cmd.Redis == "memory" || cmd.Archive == "off" || cmd.Archive == "" && cmd.Redis != "managed" {
		return ""
	}
	return cmp.Or(cmd.Archive, filepath.Join(cmd.Data, "archive"))
}

// openArchive opens the archive and makes its archiver, if there is to be one.
// With a Redis of others, which several gateways share, there is none unless a
// folder is named: one gateway archives for all.
func (cmd *ServeCmd) openArchive(s *server) (err error) {
	dir := cmd.archiveDir()
	switch {
	case cmd.Redis == "memory" && cmd.Archive != "" && cmd.Archive != "off":
		return badInput("--archive %s: with --redis memory nothing is kept; leave it out", cmd.Archive)
	case dir == "" && cmd.Redis != "memory" && cmd.Archive == "":
		s.logger.Warn("events are not archived here: give one gateway --archive, or the logs in Redis grow")
		return nil
	case dir == "":
		return nil
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
