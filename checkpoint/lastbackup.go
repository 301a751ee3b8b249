package checkpoint

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// NoteBackup writes down in the store that was copied that a whole backup was taken at
// a time (UTC ms): whoever watches the service sees when there has been none for long.
// An older one than that on record changes nothing. Errors: ErrUnavailable.
func NoteBackup(ctx context.Context, client redis.UniversalClient, prefix string, takenAt int64) error {
	key := keys{prefix: prefix}.lastBackup()
	return unavailable(client.Eval(ctx, raiseSource, []string{key}, takenAt).Err())
}

// LastBackup is when the newest whole backup was taken (UTC ms), 0 if none is on
// record. Errors: ErrUnavailable.
func (s *Store) LastBackup(ctx context.Context) (int64, error) {
	at, err := s.rdb.HGet(ctx, s.keys.lastBackup(), "v").Int64()
	if isNil(err) {
		return 0, nil
	}
	return at, unavailable(err)
}
