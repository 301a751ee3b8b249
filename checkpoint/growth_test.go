package checkpoint

import (
	"errors"
	"strconv"
	"testing"
)

// Records that staff make are held by every gateway: there is an end to them,
// and what is there can still be changed.
func TestATownHasOnlySoManyRecords(t *testing.T) {
	t.Parallel()
	base := &Registry{devices: map[string]*Device{}}
	for i := range maxRecords {
		base.devices[strconv.Itoa(i)] = &Device{}
	}
	d := &Draft{Registry: base.clone()}
	d.devices["7"] = &Device{Lane: "changed"}
	if err := d.checkRoom(base); err != nil {
		t.Errorf("a change of what is there: %v", err)
	}
	d.devices["more"] = &Device{}
	var field *FieldError
	if err := d.checkRoom(base); !errors.As(err, &field) || field.Field != "code" {
		t.Errorf("one more: %v", err)
	}
}

// What a process remembers of scans does not grow with them.
func TestWhatIsRememberedOfScansIsBounded(t *testing.T) {
	t.Parallel()
	recent := newRecentScans()
	for i := range int64(3 * recentSize) {
		recent.claim([8]byte{1}, i, [4]byte{})
		recent.refuse([8]byte{1}, i)
	}
	if n := len(recent.seen); n > recentSize {
		t.Errorf("%d recent scans, %d are the most", n, recentSize)
	}
	if !recent.claim([8]byte{1}, 3*recentSize-1, [4]byte{}) || recent.claim([8]byte{1}, 3*recentSize-1, [4]byte{1}) {
		t.Error("the last one is forgotten")
	}
}
