package checkpoint

import (
	"context"
	"encoding/binary"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// NoteContacts writes down when devices last called, by their numbers (UTC ms). Each
// gateway tells of those that called it, a few times a minute at most. What nobody
// renews goes when retention is over. Errors: ErrUnavailable.
func (s *Store) NoteContacts(ctx context.Context, at map[uint32]int64) error {
	if len(at) == 0 {
		return nil
	}
	fields := make([]any, 0, 2*len(at))
	for device, ms := range at {
		fields = append(fields, binary.BigEndian.AppendUint32(nil, device), ms)
	}
	key := s.keys.contacts()
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, fields...)
		p.PExpire(ctx, key, s.retention)
		return nil
	})
	return unavailable(err)
}

// DeviceContacts tells when each device last called any gateway, by its number (UTC ms), to
// within half a minute. Errors: ErrUnavailable.
func (s *Store) DeviceContacts(ctx context.Context) (map[uint32]int64, error) {
	fields, err := s.rdb.HGetAll(ctx, s.keys.contacts()).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	at := make(map[uint32]int64, len(fields))
	for field, text := range fields {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || len(field) != 4 {
			continue // of another version
		}
		at[binary.BigEndian.Uint32([]byte(field))] = ms
	}
	return at, nil
}
