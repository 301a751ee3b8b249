package trajectory

import (
	"encoding/binary"
	"testing"
	"time"
)

// FuzzFold reads events out of any bytes, 16 each, and holds what Fold makes of
// them to what always holds.
func FuzzFold(f *testing.F) {
	f.Add([]byte{}, int64(5), int64(0))
	f.Add([]byte("\x00\x01iy\x00\x00\x00\x00\x00\x01\x01\x01\x01\x00\x00\x02\x00\x02oy\x00\x00\x00\x00\x00\x02\x01\x01\x01\x00\x00\x01"), int64(100), int64(4))
	f.Fuzz(func(t *testing.T, raw []byte, asOf, longest int64) {
		h := history{asOf: asOf, rules: Rules{MaxStay: time.Duration(longest), LateFlags: 1, ConflictFlags: 2}}
		for ; len(raw) >= 16 && len(h.events) < 200; raw = raw[16:] {
			at := int64(int16(binary.BigEndian.Uint16(raw))) //nolint:gosec // any number will do
			if raw[15]&4 != 0 {
				at = int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // the ends of time, too
			}
			h.events = append(h.events, Event{
				At: at, Direction: raw[2], Accepted: raw[3]&1 != 0, Flags: uint32(raw[4]), ID: uint64(raw[9]),
				Site: uint32(raw[10]), Gate: uint32(raw[11]), Device: uint32(raw[12]), RecordedAt: int64(binary.BigEndian.Uint16(raw[13:])),
			})
		}
		for name, p := range properties {
			if p.any {
				if err := p.holds(Fold, h); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}
