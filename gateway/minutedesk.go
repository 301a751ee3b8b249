package gateway

import (
	"fmt"
	"sync"
)

// minuteDesk counts what devices, or accounts, do in this minute at this
// gateway. Its memory is bounded by their number: nobody else gets as far.
type minuteDesk struct {
	mu     sync.Mutex
	minute int64
	tries  map[uint32]int
}

// admit tells whether a device may try once more at a time (UTC ms), of most
// times a minute. what says in a refusal what it tries.
func (d *minuteDesk) admit(device uint32, now int64, most int, what string) error {
	return d.admitSome(1, device, now, most, what)
}

// admitSome is admit for so many tries at once. The last of a minute may go
// beyond most: a batch is never larger than the room that an empty minute has.
func (d *minuteDesk) admitSome(some int, device uint32, now int64, most int, what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if minute := now / 60_000; d.tries == nil || minute != d.minute {
		d.minute, d.tries = minute, map[uint32]int{}
	}
	if d.tries[device] >= most {
		return failure(codeTooMany, fmt.Sprintf("you may %s %d times a minute", what, most))
	}
	d.tries[device] += some
	return nil
}
