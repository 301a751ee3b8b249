package checkpoint

import "context"

// EventsAt hands all that is on record of some gates with from <= occurred_at < to
// (UTC ms) to fn: what passed them and was refused there, and the refusals that name
// nobody. It goes gate by gate, in order of time within each part of a gate; a scan
// that was taken back has its mark. The indexes follow the record within the
// projector's lag. It stops at fn's first error and returns it. Errors:
// ErrUnavailable.
func (s *Store) EventsAt(ctx context.Context, gates []*Gate, from, to int64, fn func(*ScanEvent) error) error {
	refused := func(at int64, member string) (ScanEvent, error) { return parseTrail(0, at, member) }
	var spans []span
	for _, gate := range gates {
		spans = append(spans, s.gateSpans(gate.Num, from, to)...)
		for day := dayOf(from); from < to && day <= dayOf(to-1); day++ {
			spans = append(spans, span{base: s.keys.refusals(gate.Num, day), from: from, to: to, parse: refused})
		}
	}
	if err := s.readTables(ctx, spans); err != nil {
		return err
	}
	return s.readSpans(ctx, spans, func(_ int, e *ScanEvent) error { return fn(e) })
}

// NodesOf gives the node of the grid that answers for each of some people, "" for
// whoever has no home.
func (s *Store) NodesOf(ctx context.Context, people []uint64) (map[uint64]string, error) {
	nodes := make(map[uint64]string, len(people))
	for _, id := range people {
		nodes[id] = ""
	}
	return nodes, s.nodesOf(ctx, nodes)
}
