package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Clock tells the time; tests hand in one that they control.
type Clock func() time.Time

// Config is what a Store needs. Client, FieldKey and IndexKey are required.
type Config struct {
	// Client talks to one Redis, Sentinel or Cluster. It is used with deadlines
	// and never closed by the Store. Tune and Connect give the settings it needs.
	Client redis.UniversalClient
	// Prefix of every key, "pg:" if empty. Two towns can share a Redis.
	Prefix string
	// FieldKey (32 bytes) encrypts names, document numbers and phones.
	FieldKey []byte
	// IndexKey (32 bytes) keys the blind indexes and the IDs that are made from
	// names. It never changes.
	IndexKey []byte
	// NewerKeys are further versions of the two, see FieldKey. FieldKey is nil once
	// version 1 was dropped.
	NewerKeys []FieldKey
	// FieldBarrier is the time between the steps of RotateFieldKey, 25 s if zero.
	// Less is for tests: see fieldUseKnown.
	FieldBarrier time.Duration
	// Clock defaults to time.Now.
	Clock Clock
	// Zone in which hours of a site are meant; Asia/Shanghai if nil.
	Zone *time.Location
	// Retention of events, 28 days if zero.
	Retention time.Duration
	// Program is who opens the store, such as "passgate v1.2", for the record of the
	// data's format.
	Program string
	// AsIs leaves data of an older format as it is: for who only reads.
	AsIs bool
	// Logger is told how the data is carried forward; nil: nobody is.
	Logger *slog.Logger
}

// Store is the domain on Redis. It is safe for concurrent use; any number of
// Stores, in any number of processes, may work on one Redis.
type Store struct {
	rdb       redis.UniversalClient
	lanes     *lanes // the scan path over rdb
	keys      keys
	clock     Clock
	zone      *time.Location
	retention time.Duration
	seal      *sealer
	barrier   time.Duration // between the steps of a change of the field key
	recent    *recentScans
	registry  atomic.Pointer[Registry]
	occupied  atomic.Pointer[occupancy]
	shifts    shiftDesk
	audit     *auditDesk
	confirmed atomic.Int64 // wall clock, ns: when the registry was last known to be the newest
	behind    atomic.Bool  // a partition asked for rules that could not be loaded
	outdated  atomic.Bool  // the data is for newer programs alone
	program   string       // for the record of the format, "" if it has no name
	logger    *slog.Logger // of what Open does
}

// DefaultRetention is how long events are kept.
const DefaultRetention = 28 * 24 * time.Hour

// freshWindow is how far occurred_at of a fresh scan may lie from the clock, before it
// or behind.
const freshWindow = 2 * time.Minute

// Open checks the format of the store, carries older data forward, which may take
// long (see DataFormat), and loads the registry. It starts no goroutine:
// Projector.Run and WatchRules do the background work. Errors: ErrFormat,
// ErrUnavailable, ctx's.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s := &Store{
		rdb:       cfg.Client,
		keys:      keys{prefix: cfg.Prefix},
		clock:     cfg.Clock,
		zone:      cfg.Zone,
		retention: cfg.Retention,
		recent:    newRecentScans(),
		audit:     newAuditDesk(),
		barrier:   cmp.Or(cfg.FieldBarrier, fieldBarrier),
		program:   cfg.Program,
		logger:    cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)),
	}
	if s.keys.prefix == "" {
		s.keys.prefix = "pg:"
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.retention == 0 {
		s.retention = DefaultRetention
	}
	if s.zone == nil {
		zone, err := time.LoadLocation("Asia/Shanghai")
		if err != nil {
			return nil, fmt.Errorf("checkpoint: time zone: %w", err)
		}
		s.zone = zone
	}
	var err error
	if s.seal, err = newSealer(cfg.FieldKey, cfg.IndexKey, cfg.NewerKeys...); err != nil {
		return nil, err
	}
	if s.lanes, err = newLanes(cfg.Client); err != nil {
		return nil, err
	}
	if err := s.checkFormat(ctx, formatSteps, cfg.AsIs); err != nil {
		return nil, err
	}
	if err := s.checkKeys(ctx); err != nil {
		return nil, err
	}
	if err := s.reload(ctx); err != nil {
		return nil, err
	}
	return s, s.loadShifts(ctx)
}

// now is the clock in UTC ms.
func (s *Store) now() int64 { return s.clock().UnixMilli() }

// Zone is the site's time zone.
func (s *Store) Zone() *time.Location { return s.zone }

// Ping tells whether Redis answers, within the context's deadline.
func (s *Store) Ping(ctx context.Context) error {
	return unavailable(s.rdb.Ping(ctx).Err())
}

// RulesAge is the time since this process last knew that its registry was the
// newest: under a second while WatchRules runs and Redis answers.
func (s *Store) RulesAge() time.Duration {
	return time.Since(time.Unix(0, s.confirmed.Load()))
}

// unavailable marks a failure of Redis; replies that are not failures and the
// package's own errors pass through.
func unavailable(err error) error {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
