package gateway

// class says when a route's requests are refused while the gateway has more to
// do than it can: the lower ones first, see overload.go.
type class uint8

const (
	classUnset class = iota // by the route's form, see classOf

	classBulk    // looks at much and can wait: exports, streams, searches of tracers, imports
	classReads   // lists and records of the desk, a resident's own history
	classWrites  // the desk's changes, what residents send
	classPhones  // what goes on with it: signing in, pages, the live board, a phone's rules, shift and passes
	classUploads // scans that phones have kept
	classScans   // people who stand at a gate
	classVital   // never refused: is this process alive, or who watches it would end it; and what shuts somebody out or closes a site

	classes = int(classVital) + 1
)

var classNames = [classes]string{"unset", "bulk", "reads", "writes", "phones", "uploads", "scans", "vital"}

// String is the class as it stands in metrics and logs.
func (c class) String() string { return classNames[c] }

// classOf is the class that a route states, or the one of its form: what reads
// about people under a case, or looks at much, comes before other reads, and
// these before what changes something.
func (r *route) classOf() class {
	switch {
	case r.class != classUnset:
		return r.class
	case r.reads == asked, r.method == get && (r.slow || r.waits):
		return classBulk
	case r.method == get:
		return classReads
	}
	return classWrites
}
