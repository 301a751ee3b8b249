package checkpoint

import "sync"

// lately remembers something about each of the last so many scans.
type lately[V any] struct {
	mu   sync.Mutex
	seen map[scanKey]V
	ring []scanKey // in the order of their coming, from next on once it has size
	next int
	size int
}

type scanKey struct {
	hash [8]byte
	at   int64
}

func newLately[V any](size int) *lately[V] {
	return &lately[V]{seen: map[scanKey]V{}, size: size}
}

// find gives what is remembered of a scan.
func (l *lately[V]) find(hash [8]byte, at int64) (V, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, known := l.seen[scanKey{hash, at}]
	return v, known
}

// add remembers a scan that is not known yet, and forgets the oldest one for it;
// of one that is known it gives what was remembered.
func (l *lately[V]) add(hash [8]byte, at int64, v V) (had V, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := scanKey{hash, at}
	if had, known = l.seen[k]; known {
		return had, true
	}
	l.seen[k] = v
	if len(l.ring) < l.size {
		l.ring = append(l.ring, k)
		return had, false
	}
	delete(l.seen, l.ring[l.next])
	l.ring[l.next] = k
	l.next = (l.next + 1) % l.size
	return had, false
}

// change replaces what is remembered of a scan that is known.
func (l *lately[V]) change(hash [8]byte, at int64, to func(V) V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := scanKey{hash, at}
	if had, known := l.seen[k]; known {
		l.seen[k] = to(had)
	}
}

// recentScans remembers what this process has lately been asked, so that one
// scan identity used for two different people, who may live in different
// partitions, is caught as well. The exact check for one person is in the
// script; this one is bounded to the last recentSize identities.
type recentScans struct{ *lately[recentScan] }

type recentScan struct {
	digest  [4]byte
	refused bool // answered from the gate's own log: its repeat is looked up there
}

// recentSize bounds the memory to about 3 MB.
const recentSize = 32768

func newRecentScans() *recentScans { return &recentScans{newLately[recentScan](recentSize)} }

// claim notes the content of a scan. It tells false if the same identity came
// with other content.
func (r *recentScans) claim(hash [8]byte, at int64, digest [4]byte) bool {
	had, known := r.add(hash, at, recentScan{digest: digest})
	return !known || had.digest == digest
}

// refuse notes that a claimed scan went to the gate's own log.
func (r *recentScans) refuse(hash [8]byte, at int64) {
	r.change(hash, at, func(had recentScan) recentScan { had.refused = true; return had })
}

// refused tells whether the scan went to the gate's own log before: the person
// may have become known since, but a retry does not flip.
func (r *recentScans) refused(hash [8]byte, at int64) bool {
	had, _ := r.find(hash, at)
	return had.refused
}

// toldScans remembers the last answers of this process, so that a scan repeated
// while Redis is away gets the answer that it got before.
type toldScans struct{ *lately[ScanResult] }

// toldSize bounds the memory to about 5 MB.
const toldSize = 16384

func newToldScans() *toldScans { return &toldScans{newLately[ScanResult](toldSize)} }

// put remembers an answer, the newest one to its scan.
func (t *toldScans) put(hash [8]byte, at int64, res *ScanResult) {
	if _, known := t.add(hash, at, *res); known {
		t.change(hash, at, func(ScanResult) ScanResult { return *res })
	}
}

// again gives the answer as a repeat gets it.
func (t *toldScans) again(hash [8]byte, at int64) (ScanResult, bool) {
	res, told := t.find(hash, at)
	res.Duplicate = true
	return res, told
}
