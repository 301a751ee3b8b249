package bulletin

import (
	"passgate/checkpoint"
)

// span is the day of a bulletin, in UTC ms.
type span struct {
	Day      checkpoint.Day
	From, To int64
	until    int64 // To, of a day that is not over: now
}

func (b *Book) spanOf(day checkpoint.Day) span {
	from, to := b.store.Bounds(day)
	return span{day, from, to, min(to, b.store.Now())}
}

// over tells that nothing more occurs on the day.
func (d *span) over() bool { return d.until == d.To }

// record is what a source has of one thing that bulletins count.
type record struct {
	Node   string // of the grid
	Person uint64 // whom it is about, 0: nobody
	Opened int64  // UTC ms
	Closed int64  // UTC ms, 0: open
	Due    int64  // UTC ms, 0: never
	State  string // at the end of the day
	Ref    string // where it is found: kind and ID
	Gate   string // code, "" if it is about none
}

// tally counts for a node and all below it.
type tally struct {
	span
	root   string         // the node that has none above it, "" if there is none
	nodes  []string       // the node itself first
	place  map[string]int // of the nodes
	parent []int          // places; -1 of the node itself
	own    []Numbers      // of what lies at each node
	whole  []Numbers      // with all below it, after sum
}

func newTally(reg *checkpoint.Registry, root, node string, d span) *tally {
	t := &tally{span: d, root: root, nodes: reg.Subtree(node), place: map[string]int{}}
	for i, id := range t.nodes {
		t.place[id] = i
		t.own = append(t.own, make(Numbers, len(lines)))
		t.whole = append(t.whole, make(Numbers, len(lines)))
	}
	for _, id := range t.nodes {
		above := -1
		if n, ok := reg.Grid(id); ok && id != node {
			above = t.place[n.Parent]
		}
		t.parent = append(t.parent, above)
	}
	return t
}

// at finds the place of a node, false if it lies outside. What lies nowhere in the
// grid lies at its root.
func (t *tally) at(reg *checkpoint.Registry, node string) (int, bool) {
	i, ok := t.place[node]
	if ok {
		return i, true
	}
	if _, known := reg.Grid(node); known || t.nodes[0] != t.root {
		return 0, false
	}
	return 0, true
}

// up visits a node and all above it, as far as the tally goes.
func (t *tally) up(place int, visit func(place int) bool) {
	for ; place >= 0 && visit(place); place = t.parent[place] {
	}
}

// sum rolls the numbers up.
func (t *tally) sum() {
	for i, own := range t.own {
		t.up(i, func(place int) bool {
			whole := t.whole[place]
			for line, n := range own {
				whole[line] += n
			}
			return true
		})
	}
}
