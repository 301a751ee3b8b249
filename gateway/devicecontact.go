package gateway

import (
	"context"
	"sync"
	"time"
)

// contactEvery is how often at most a gateway writes down which devices called it.
const contactEvery = 10 * time.Second

// contactDesk notes when devices call this gateway and writes it down for all gateways
// afterwards, so that no call waits for it.
type contactDesk struct {
	mu      sync.Mutex
	calls   map[uint32]int64 // since they were last written down, by device, UTC ms
	lists   map[uint32]int64 // as calls: those that were given the revocation list
	waiting bool             // they are going to be
	written time.Time
}

// noteContact notes that a device calls.
func (s *Server) noteContact(device uint32) {
	s.noteCall(device, func(d *contactDesk) *map[uint32]int64 { return &d.calls })
}

// noteList notes that a device is given the revocation list.
func (s *Server) noteList(device uint32) {
	s.noteCall(device, func(d *contactDesk) *map[uint32]int64 { return &d.lists })
}

func (s *Server) noteCall(device uint32, of func(*contactDesk) *map[uint32]int64) {
	d, now := &s.contacts, s.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	noted := of(d)
	if *noted == nil {
		*noted = map[uint32]int64{}
	}
	(*noted)[device] = now
	if !d.waiting {
		d.waiting = true
		time.AfterFunc(max(0, contactEvery-time.Since(d.written)), s.writeContacts)
	}
}

// writeContacts writes down what was noted. What Redis does not take is lost: a device
// that is there calls again within a minute.
func (s *Server) writeContacts() {
	d := &s.contacts
	d.mu.Lock()
	calls, lists := d.calls, d.lists
	d.calls, d.lists, d.waiting, d.written = nil, nil, false, time.Now()
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.life, requestTimeout)
	defer cancel()
	if err := s.store.NoteContacts(ctx, calls, lists); err != nil && s.life.Err() == nil {
		s.logger.Debug("contacts of devices are not written down", "devices", len(calls), "error", err)
	}
}
