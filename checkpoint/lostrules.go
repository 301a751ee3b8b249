package checkpoint

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// When the registry's master is lost, its heir may not have the last changes yet. The
// partitions then ask for rules that nobody can load, and gateways that have them in
// memory would not notice what is changed later: a newer registry is one with a higher
// version. settleRules gives the registry a version above all that was ever seen, so
// that every gateway loads what Redis has. What was changed and is lost is not brought
// back: the log says so, and somebody has to change it again.
func (s *Store) settleRules(ctx context.Context) error {
	newest, err := s.newestAsked(ctx)
	if err != nil {
		return err
	}
	newest = max(newest, s.Registry().Version)
	stored, err := s.rdb.HGet(ctx, s.keys.registry("meta"), "version").Int64() // later than the partitions': it is raised before they are
	switch {
	case isNil(err): // nothing was ever changed, or there is no data any more
		return nil
	case err != nil:
		return unavailable(err)
	case stored >= newest:
		return nil
	}
	s.logger.Error("Redis has lost the last changes of places, devices, accounts or policies: look at what was changed last, and change it again",
		"version", stored, "lost_version", newest)
	above := strconv.FormatInt(newest+1, 10)
	// Whoever else does this, or changes the registry now, has the same right.
	if _, err := s.run(ctx, s.rdb, caseScript, []string{s.keys.registry("meta")}, "version", strconv.FormatInt(stored, 10), above); err != nil {
		return err
	}
	return s.reload(ctx)
}

// newestAsked is the newest version of the rules that a partition asks for.
func (s *Store) newestAsked(ctx context.Context) (newest int64, err error) {
	asked := make([]*redis.StringCmd, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range asked {
			asked[part] = p.HGet(ctx, s.keys.partition(part), "v")
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return 0, unavailable(err)
	}
	for part, reply := range asked {
		if isNil(reply.Err()) {
			continue
		}
		version, err := strconv.ParseInt(reply.Val(), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("checkpoint: version of the rules in partition %d: %w", part, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
