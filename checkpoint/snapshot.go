package checkpoint

import (
	"sync"
	"time"
)

// snapshot is a gateway's copy of what verdicts depend on besides the rules:
// of every person the fields that somebody sets (status, home, generation of
// the passes, permits, an open fever case …) and the blind index of documents.
// It holds no name but the masked one. It does not hold what each scan changes:
// where people are, a reading that waits for its second one, used outings.
//
// It is filled at start, follows the streams of changes (changes.lua) and reads
// each partition anew from time to time, so that nothing missed stays missed.
type snapshot struct {
	mu    sync.RWMutex
	parts [Partitions]snapshotPart
}

// newSnapshot is one of which nothing has been read yet.
func newSnapshot() *snapshot {
	n := &snapshot{}
	for i := range n.parts {
		n.parts[i] = snapshotPart{people: map[uint64]personFacts{}, docs: map[uint64]uint64{}, cursor: "0"}
	}
	return n
}

type snapshotPart struct {
	people map[uint64]personFacts
	docs   map[uint64]uint64 // keyed hash of a document -> person
	cursor string            // last change that is in it
	at     time.Time         // when it was last known to be complete
	whole  time.Time         // when it was last read anew
	tried  time.Time         // when that was last tried
}

// factFields are the fields of a person's hash that personFacts hold, in their order.
var factFields = [...]string{"s", "h", "g", "k", "n", "f", "u", "v", "r", "q"}

// factPlace finds a field in factFields.
var factPlace = func() map[string]int {
	place := make(map[string]int, len(factFields))
	for i, name := range factFields {
		place[name] = i
	}
	return place
}()

// personFacts are a person's factFields, each behind a byte with its length plus one,
// 0 if there is none: about 40 bytes a person. "" is nobody.
type personFacts string

// packFacts packs the reply to HMGET of factFields. Fields have bounds far
// under 255 bytes; one that is longer counts as none.
func packFacts(values []any) personFacts {
	b := make([]byte, 0, 64)
	there := false
	for _, v := range values {
		text, ok := v.(string)
		if !ok || len(text) > 254 {
			b = append(b, 0)
			continue
		}
		there = true
		b = append(append(b, byte(len(text)+1)), text...)
	}
	if !there {
		return ""
	}
	return personFacts(b)
}

// field gives a field of factFields by its place.
func (f personFacts) field(place int) (string, bool) {
	for ; f != ""; place-- {
		n := int(f[0])
		if place == 0 {
			if n == 0 {
				return "", false
			}
			return string(f[1:n]), true
		}
		f = f[max(n, 1):]
	}
	return "", false
}

// person gives what is known of somebody, "" if nothing.
func (n *snapshot) person(id uint64) personFacts {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.parts[partitionOf(id)].people[id]
}

// document finds who has a document by its keyed hash.
func (n *snapshot) document(hash uint64) (person uint64, ok bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	person, ok = n.parts[partitionOf(hash)].docs[hash]
	return person, ok
}

// put replaces what is known of some people of one partition.
func (n *snapshot) put(part int, people map[uint64]personFacts) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, f := range people {
		if f == "" {
			delete(n.parts[part].people, id)
		} else {
			n.parts[part].people[id] = f
		}
	}
}

// putDocuments adds documents that were met with changed people.
func (n *snapshot) putDocuments(docs map[uint64]uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for hash, person := range docs {
		n.parts[partitionOf(hash)].docs[hash] = person
	}
}

// replace puts in a partition that was read anew.
func (n *snapshot) replace(part int, with snapshotPart) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.parts[part] = with
}

// walkIns lists those whom the copy has of a partition. No list in Redis names
// them all; they are met as somebody whom a resident turned out to be, by an open
// case or a permit, or by a change.
func (n *snapshot) walkIns(part int) (ids []uint64) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	kind := factPlace["k"]
	for id, f := range n.parts[part].people {
		if k, _ := f.field(kind); k == string(KindWalkIn) {
			ids = append(ids, id)
		}
	}
	return ids
}

// trying notes that a partition is read anew now.
func (n *snapshot) trying(part int, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.parts[part].tried = now
}

// distrust has a partition read anew, however fresh it is.
func (n *snapshot) distrust(part int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.parts[part].whole = time.Time{}
}

// complete is when a partition was last known to be complete.
func (n *snapshot) complete(part int) time.Time {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.parts[part].at
}

// seen notes that a partition was complete at a moment, up to a change.
func (n *snapshot) seen(part int, cursor string, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.parts[part].cursor, n.parts[part].at = cursor, at
}

// state is where the following of a partition stands.
func (n *snapshot) state(part int) (cursor string, at time.Time) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.parts[part].cursor, n.parts[part].at
}

// stalest chooses the partition to read anew among those that are not lost: one
// that has missed changes, the longest untried first, or else the one that was not
// read anew for longest; -1 if all are lost.
func (n *snapshot) stalest(now time.Time, lost func(part int) bool) (part int, missed bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	part = -1
	var tried, whole time.Time
	for i := range n.parts {
		p := &n.parts[i]
		switch {
		case lost(i):
		case now.Sub(p.at) > snapshotGap || p.whole.IsZero():
			if !missed || p.tried.Before(tried) {
				part, missed, tried = i, true, p.tried
			}
		case !missed && (part < 0 || p.whole.Before(whole)):
			part, whole = i, p.whole
		}
	}
	return part, missed
}

// oldest is when the least fresh partition was last complete; zero if one never
// was.
func (n *snapshot) oldest() time.Time {
	n.mu.RLock()
	defer n.mu.RUnlock()
	oldest := n.parts[0].at
	for i := range n.parts {
		if n.parts[i].at.Before(oldest) {
			oldest = n.parts[i].at
		}
	}
	return oldest
}

// size counts the people in it.
func (n *snapshot) size() (people int) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for i := range n.parts {
		people += len(n.parts[i].people)
	}
	return people
}
