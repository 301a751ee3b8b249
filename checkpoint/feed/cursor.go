package feed

import (
	"encoding/binary"
	"hash/crc32"

	"passgate/checkpoint"
)

// A cursor is where a subscriber is: for each partition its place in the log and in
// the news. It is made of the entries' own IDs, so it means the same at every gateway,
// after a restart and after a fail-over. Bytes, in base64url:
//
//	version 1
//	the newest time of all places, varint
//	for each place: 0 for none, else 1 + how long before that, varint; number, varint
//	CRC-32 of all that, 4
//
// It is no secret and opens nothing: what a subscriber may read is looked up anew for
// each page.
const (
	cursorVersion = 1
	maxCursor     = 4096 // characters; 64 partitions take about 1,000
)

// The cursors that a subscriber can begin with.
const (
	CursorStart = "start" // the oldest that is kept
	CursorNow   = "now"   // what comes from now on
)

func formatCursor(places *checkpoint.FeedPlaces) string {
	var newest int64
	for _, part := range places {
		for _, at := range part {
			newest = max(newest, at.Ms)
		}
	}
	b := binary.AppendUvarint([]byte{cursorVersion}, uint64(newest)) //nolint:gosec // a time
	for _, part := range places {
		for _, at := range part {
			if at == (checkpoint.EntryID{}) {
				b = append(b, 0)
				continue
			}
			b = binary.AppendUvarint(b, uint64(newest-at.Ms)+1) //nolint:gosec // not newer than the newest
			b = binary.AppendUvarint(b, uint64(max(0, at.Seq))) //nolint:gosec // a count
		}
	}
	return b64.EncodeToString(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)))
}

var errCursor = &checkpoint.FieldError{Field: "cursor", Why: "must be what a page gave, " + CursorStart + " or " + CursorNow}

func parseCursor(text string) (places checkpoint.FeedPlaces, err error) {
	if len(text) > maxCursor {
		return places, errCursor
	}
	b, err := b64.DecodeString(text)
	if err != nil || len(b) < 6 || b[0] != cursorVersion {
		return places, errCursor
	}
	sum := binary.BigEndian.Uint32(b[len(b)-4:])
	if b = b[:len(b)-4]; crc32.ChecksumIEEE(b) != sum {
		return places, errCursor
	}
	b = b[1:]
	bad := false
	next := func() int64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > 1<<53 {
			bad = true
			return 0
		}
		b = b[n:]
		return int64(v) //nolint:gosec // below 2^53
	}
	newest := next()
	for part := range places {
		for stream := range places[part] {
			if ago := next(); ago != 0 {
				places[part][stream] = checkpoint.EntryID{Ms: newest - ago + 1, Seq: next()}
			}
			if bad || places[part][stream].Ms < 0 {
				return places, errCursor
			}
		}
	}
	if len(b) > 0 {
		return places, errCursor
	}
	return places, nil
}
