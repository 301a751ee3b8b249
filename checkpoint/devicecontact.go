package checkpoint

import (
	"context"
	"encoding/binary"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// listMark follows the number in the fields that tell of revocation lists.
const listMark = "l"

// NoteContacts writes down when devices last called, and when they last took the
// revocation list, by their numbers (UTC ms). Each gateway tells of those that called
// it, a few times a minute at most. What nobody renews goes when retention is over.
// Errors: ErrUnavailable.
func (s *Store) NoteContacts(ctx context.Context, calls, lists map[uint32]int64) error {
	if len(calls)+len(lists) == 0 {
		return nil
	}
	fields := make([]any, 0, 2*(len(calls)+len(lists)))
	for device, ms := range calls {
		fields = append(fields, binary.BigEndian.AppendUint32(nil, device), ms)
	}
	for device, ms := range lists {
		fields = append(fields, append(binary.BigEndian.AppendUint32(nil, device), listMark...), ms)
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
	calls, _, err := s.DeviceTimes(ctx)
	return calls, err
}

// DeviceTimes is DeviceContacts, and when each device last took the revocation list.
func (s *Store) DeviceTimes(ctx context.Context) (calls, lists map[uint32]int64, err error) {
	fields, err := s.rdb.HGetAll(ctx, s.keys.contacts()).Result()
	if err != nil {
		return nil, nil, unavailable(err)
	}
	calls, lists = make(map[uint32]int64, len(fields)), map[uint32]int64{}
	for field, text := range fields {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || len(field) < 4 {
			continue // of another version
		}
		device := binary.BigEndian.Uint32([]byte(field))
		switch field[4:] {
		case "":
			calls[device] = ms
		case listMark:
			lists[device] = ms
		}
	}
	return calls, lists, nil
}
