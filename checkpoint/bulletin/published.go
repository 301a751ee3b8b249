package bulletin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"

	"passgate/checkpoint"
)

// ErrNotOver says that a day cannot be published yet.
var ErrNotOver = errors.New("bulletin: the day is not over: it can be published from midnight on")

// ErrTooOld says that what a day is counted from may be gone.
var ErrTooOld = errors.New("bulletin: the day lies before retention, and no bulletin of it was published")

// published is what stands of a day for a node and all below it.
type published struct {
	At    int64              `json:"at"` // UTC ms
	By    uint32             `json:"by"` // number of the member of staff, 0: the program
	Keys  []string           `json:"k"`  // of the lines
	Nodes map[string]Numbers `json:"n"`  // in the order of Keys
}

// maxPublished bounds what is unpacked, in bytes.
const maxPublished = 16 << 20

// pack is the stored form: JSON, deflated, since most numbers of most nodes are 0.
func (p *published) pack() ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("bulletin: %w", err)
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("bulletin: %w", err)
	}
	_, err = w.Write(text)
	if closing := w.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, fmt.Errorf("bulletin: %w", err)
	}
	return out.Bytes(), nil
}

func unpack(packed []byte) (*published, error) {
	r := flate.NewReader(bytes.NewReader(packed))
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, maxPublished))
	p := &published{}
	if err == nil {
		err = json.Unmarshal(text, p)
	}
	if err != nil {
		return nil, fmt.Errorf("bulletin: published numbers are damaged: %w", err)
	}
	return p, nil
}

// of gives the numbers of a node in the order of the table; known tells of which
// lines there were any when it was published. nil if it is not about the node.
func (p *published) of(node string) (n Numbers, known []bool) {
	given, ok := p.Nodes[node]
	if !ok {
		return nil, nil
	}
	n, known = make(Numbers, len(lines)), make([]bool, len(lines))
	for i, key := range p.Keys {
		if at, ok := places[key]; ok && i < len(given) {
			n[at], known[at] = given[i], true
		}
	}
	return n, known
}

// standing finds what was published first of a day that is about a node: for itself,
// or for one above it. nil if nothing was.
func (b *Book) standing(ctx context.Context, node string, day checkpoint.Day) (*published, error) {
	reg := b.store.Registry()
	var above []string
	for id := node; ; {
		n, ok := reg.Grid(id)
		if above = append(above, id); !ok || n.Parent == "" || len(above) > len(reg.GridNodes()) {
			break
		}
		id = n.Parent
	}
	stored, err := b.store.PublishedNumbers(ctx, day, above)
	if err != nil {
		return nil, err
	}
	var first *published
	for _, packed := range stored {
		if packed == nil {
			continue
		}
		p, err := unpack(packed)
		if err != nil {
			return nil, err
		}
		if _, about := p.Nodes[node]; about && (first == nil || p.At < first.At) {
			first = p
		}
	}
	return first, nil
}

// countable tells that all is there that a day is counted from.
func (b *Book) countable(day checkpoint.Day) bool {
	from, _ := b.store.Bounds(day)
	return from >= b.store.RetainedFrom()
}

// Publish makes the numbers of a day stand for a node and all below it, but for those
// nodes below it for which that was done before; again, it changes nothing. Errors:
// ErrNotOver, ErrTooOld, ErrUnavailable of package checkpoint.
func (b *Book) Publish(ctx context.Context, node string, day checkpoint.Day, by uint32) error {
	before, err := b.standing(ctx, node, day)
	if err != nil || before != nil {
		return err
	}
	d := b.spanOf(day)
	switch {
	case !d.over():
		return ErrNotOver
	case !b.countable(day):
		return ErrTooOld
	}
	t, err := b.count(ctx, node, day)
	if err != nil {
		return err
	}
	p := published{At: b.store.Now(), By: by, Nodes: make(map[string]Numbers, len(t.nodes))}
	for i := range lines {
		p.Keys = append(p.Keys, lines[i].Key)
	}
	for i, id := range t.nodes {
		p.Nodes[id] = t.whole[i]
	}
	packed, err := p.pack()
	if err != nil {
		return err
	}
	_, _, err = b.store.PublishNumbers(ctx, day, node, packed)
	return err
}

func unavailable(err error) error {
	return fmt.Errorf("bulletin: %w: %w", checkpoint.ErrUnavailable, err)
}
