package checkpoint

import "sync"

// recentScans remembers what this process has lately been asked, so that one
// scan identity used for two different people, who may live in different
// partitions, is caught as well. The exact check for one person is in the
// script; this one is bounded to the last recentSize identities.
type recentScans struct {
	mu   sync.Mutex
	seen map[scanKey]recentScan
	ring []scanKey
	next int
}

type scanKey struct {
	hash [8]byte
	at   int64
}

type recentScan struct {
	digest  [4]byte
	refused bool // answered from the gate's own log: its repeat is looked up there
}

// recentSize bounds the memory to about 3 MB.
const recentSize = 32768

func newRecentScans() *recentScans {
	return &recentScans{seen: make(map[scanKey]recentScan, recentSize), ring: make([]scanKey, recentSize)}
}

// claim notes the content of a scan. It tells false if the same identity came
// with other content.
func (r *recentScans) claim(hash [8]byte, at int64, digest [4]byte) bool {
	k := scanKey{hash, at}
	r.mu.Lock()
	defer r.mu.Unlock()
	if had, ok := r.seen[k]; ok {
		return had.digest == digest
	}
	delete(r.seen, r.ring[r.next])
	r.seen[k], r.ring[r.next] = recentScan{digest: digest}, k
	r.next = (r.next + 1) % recentSize
	return true
}

// refuse notes that a claimed scan went to the gate's own log.
func (r *recentScans) refuse(hash [8]byte, at int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if had, ok := r.seen[scanKey{hash, at}]; ok {
		had.refused = true
		r.seen[scanKey{hash, at}] = had
	}
}

// refused tells whether the scan went to the gate's own log before: the person
// may have become known since, but a retry does not flip.
func (r *recentScans) refused(hash [8]byte, at int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[scanKey{hash, at}].refused
}
