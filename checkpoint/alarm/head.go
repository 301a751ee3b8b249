package alarm

import (
	"slices"

	"passgate/checkpoint"
)

// told is a node whose head is told.
type told struct {
	node string
	head *checkpoint.Staff // nil: nobody answers for the town
}

func (t told) num() uint32 {
	if t.head == nil {
		return 0
	}
	return t.head.Num
}

// chain are those to tell about something at a node, the nearest first: the nodes
// with a head, none of whom it is about. With nobody it is the town's root.
func (b *Book) chain(node string, hidden []uint32) (all []told) {
	reg := b.store.Registry()
	root := told{node: b.place(node)}
	for id, steps := root.node, 0; id != "" && steps < 8; steps++ {
		n, ok := reg.Grid(id)
		if !ok {
			break
		}
		root.node = id
		who, ok := reg.Staff(n.Head)
		if ok && !who.Disabled && !slices.Contains(hidden, who.Num) {
			if !slices.ContainsFunc(all, func(t told) bool { return t.head == who }) {
				all = append(all, told{id, who})
			}
		}
		id = n.Parent
	}
	if len(all) == 0 {
		return []told{root}
	}
	return all
}

func (b *Book) firstTold(a *Alarm) told { return b.chain(a.Node, a.Hidden)[0] }

// nextTold is who is told after the head of a node; top tells that there is nobody
// above, who is told again then.
func (b *Book) nextTold(e *Entry) (next told, top bool) {
	all := b.chain(e.Node, e.Hidden)
	at := slices.IndexFunc(all, func(t told) bool { return t.node == e.Told })
	at = min(at+1, len(all)-1)
	return all[at], at == len(all)-1
}

// place is a node that is there: one that is not, or none, is the town's root.
func (b *Book) place(node string) string {
	reg := b.store.Registry()
	if _, ok := reg.Grid(node); ok {
		return node
	}
	for _, n := range reg.GridNodes() {
		if n.Parent == "" {
			return n.ID
		}
	}
	return ""
}

// placeName is what people call a node.
func (b *Book) placeName(node string) string {
	if n, ok := b.store.Registry().Grid(node); ok {
		return n.Name
	}
	return node
}
