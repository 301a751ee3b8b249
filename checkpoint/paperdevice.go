package checkpoint

import (
	"context"
	"fmt"
)

// paperLane is what the lane of a paper log is called.
const paperLane = "纸质登记"

// PaperDevice is the device under which the rows of a gate's paper log are
// recorded, whoever types them back. It is made when it is first needed, and no
// phone ever becomes it. Errors: ErrNotFound (no such gate), ErrUnavailable.
func (s *Store) PaperDevice(ctx context.Context, gate string) (*Device, error) {
	find := func(r *Registry) (*Gate, *Device) {
		at, ok := r.Gate(gate)
		if !ok {
			return nil, nil
		}
		found, _ := r.Device(paperCode(at))
		return at, found
	}
	at, found := find(s.Registry())
	switch {
	case at == nil:
		return nil, notFound("gate", gate)
	case found != nil:
		return found, nil
	}
	err := s.Change(ctx, func(d *Draft) error {
		if at, found = find(d.Registry); at == nil || found != nil {
			return nil
		}
		return d.PutDevice(Device{Code: paperCode(at), Gate: gate, Lane: paperLane, Paper: true, CreatedAt: d.Now()})
	})
	if err != nil {
		return nil, err
	}
	if _, found = find(s.Registry()); found == nil {
		return nil, notFound("gate", gate)
	}
	return found, nil
}

// paperCode names the device of a gate's paper log; others have other names.
func paperCode(gate *Gate) string { return fmt.Sprintf("paper-%d", gate.Num) }
