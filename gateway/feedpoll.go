package gateway

import (
	"context"
	"sync"

	"passgate/checkpoint"
)

// pollDesk lets each subscriber read one page at a time at this gateway. A call that
// comes while another one waits for news takes its place: whoever lost a connection
// does not wait for the call that they lost with it.
type pollDesk struct {
	mu sync.Mutex
	of map[uint32]*poll // at most one a subscriber
}

// poll is one call.
type poll struct {
	number   uint32
	replaced chan struct{} // closed when another one has come
	done     chan struct{} // closed when it has ended
}

// begin waits until the call before has ended. The caller ends what it gives.
func (d *pollDesk) begin(ctx context.Context, number uint32) (*poll, error) {
	p := &poll{number, make(chan struct{}), make(chan struct{})}
	d.mu.Lock()
	before := d.of[number]
	if d.of == nil {
		d.of = map[uint32]*poll{}
	}
	d.of[number] = p
	d.mu.Unlock()
	if before == nil {
		return p, nil
	}
	close(before.replaced)
	select {
	case <-before.done:
		return p, nil
	case <-ctx.Done():
		d.end(p)
		return nil, checkpoint.ErrUnavailable
	}
}

func (d *pollDesk) end(p *poll) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of[p.number] == p {
		delete(d.of, p.number)
	}
	close(p.done)
}
