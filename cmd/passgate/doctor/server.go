package doctor

import "time"

// Answer is what a running server says of itself.
type Answer struct {
	Where    string
	Err      error // it does not answer, or says that it is not ready
	NotReady bool  // it was the latter
	// Ends is when its certificate does; zero without TLS.
	Ends time.Time
	Now  time.Time
}

// Check judges an answer.
func (a *Answer) Check() []Finding {
	f := &findings{where: a.Where}
	switch {
	case a.Err != nil && a.NotReady:
		f.add(Error, "server-not-ready", a.Err.Error(), "scans are answered by the gateway's copy, or not at all", "look at what else is found here, and at the server's log")
	case a.Err != nil:
		f.add(Error, "server-down", a.Err.Error(), refuse, "start it, or name its address as phones use it with --server (--ca FILE for an authority of your own)")
	}
	if !a.Ends.IsZero() {
		f.checkEnd(a.Ends, a.Now)
	}
	return f.all
}
