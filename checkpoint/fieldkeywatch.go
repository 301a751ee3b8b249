package checkpoint

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// fieldKeyPoll is how often a gateway looks at its key files and says which
	// versions it holds.
	fieldKeyPoll = 5 * time.Second
	// fieldKeyLive is how long a gateway counts after it was last heard of; after
	// fieldKeyGone it is forgotten.
	fieldKeyLive = 60 * time.Second
	fieldKeyGone = 24 * time.Hour
)

// FieldKeyHolder is a gateway with the versions of the field key that it holds.
type FieldKeyHolder struct {
	Name     string    `json:"name"`
	Versions []int     `json:"versions"`
	SeenAt   time.Time `json:"seen_at"`
}

// WatchFieldKeys takes up field keys as they change, by load, and tells the others
// which ones this process holds, until ctx ends.
func (s *Store) WatchFieldKeys(ctx context.Context, load func() (changed bool, err error), logger *slog.Logger) {
	host, _ := os.Hostname() // "" will do
	name := fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:6])
	last := ""
	tick := time.NewTicker(fieldKeyPoll)
	defer tick.Stop()
	for {
		changed, err := load()
		if err == nil {
			err = s.holdFieldKeys(ctx, name)
		}
		switch {
		case ctx.Err() != nil:
			// Who has left need not be asked about keys.
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), ClientTimeout)
			_ = s.rdb.HDel(bye, s.keys.registry("sealers"), name).Err()
			cancel()
			return
		case err != nil && err.Error() != last:
			last = err.Error()
			logger.Error("field keys cannot be taken up; those in memory stay in use", "error", err)
		case err == nil:
			last = ""
			if changed {
				logger.Info("field keys loaded again", "versions", s.FieldKeyVersions())
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// holdFieldKeys says which versions this process holds, and seals with the newest
// in use from now on.
func (s *Store) holdFieldKeys(ctx context.Context, name string) error {
	if _, err := s.fieldsInUse(ctx); err != nil {
		return err
	}
	now, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return unavailable(err)
	}
	text := strconv.FormatInt(now.UnixMilli(), 10)
	for _, v := range s.FieldKeyVersions() {
		text += " " + strconv.Itoa(v)
	}
	return unavailable(s.rdb.HSet(ctx, s.keys.registry("sealers"), name, text).Err())
}

// FieldKeyVersions are the versions that this process holds.
func (s *Store) FieldKeyVersions() []int {
	var out []int
	for _, v := range s.seal.ring.Load().versions() {
		out = append(out, int(v))
	}
	return out
}

// FieldKeysInUse are the versions in use: one, or two while the second follows the
// first.
func (s *Store) FieldKeysInUse(ctx context.Context) ([]int, error) {
	use, err := s.fieldsInUse(ctx)
	var out []int
	for _, v := range use.list {
		out = append(out, int(v))
	}
	return out, err
}

// FieldKeyHolders are the gateways that were heard of within a minute.
func (s *Store) FieldKeyHolders(ctx context.Context) ([]FieldKeyHolder, error) {
	live, gone, err := s.fieldKeyHolders(ctx)
	if err == nil && len(gone) > 0 {
		err = unavailable(s.rdb.HDel(ctx, s.keys.registry("sealers"), gone...).Err())
	}
	return live, err
}

// fieldKeyHolders also gives the names of those that are to be forgotten.
func (s *Store) fieldKeyHolders(ctx context.Context) (live []FieldKeyHolder, gone []string, err error) {
	stored, err := s.rdb.HGetAll(ctx, s.keys.registry("sealers")).Result()
	if err != nil {
		return nil, nil, unavailable(err)
	}
	now, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return nil, nil, unavailable(err)
	}
	for name, text := range stored {
		at, versions, _ := strings.Cut(text, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		h := FieldKeyHolder{Name: name, SeenAt: time.UnixMilli(ms)}
		switch age := now.Sub(h.SeenAt); {
		case err != nil, age > fieldKeyGone:
			gone = append(gone, name)
			continue
		case age > fieldKeyLive:
			continue
		}
		for _, v := range strings.Fields(versions) {
			if n, err := strconv.Atoi(v); err == nil {
				h.Versions = append(h.Versions, n)
			}
		}
		live = append(live, h)
	}
	slices.SortFunc(live, func(a, b FieldKeyHolder) int { return strings.Compare(a.Name, b.Name) })
	return live, gone, nil
}
