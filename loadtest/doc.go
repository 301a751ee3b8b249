// Package loadtest drives scans at a server at a rate that the server cannot
// influence, and holds what the server says afterwards against what it answered.
//
// # Open loop
//
// A Pacer says when each send is due, before the run begins. A send leaves at
// that time whatever became of those before it, and its latency runs from the
// time it was due to the end of its answer. A server that stalls for a second at
// 1,000 scans/s has a thousand scans of up to a second in its percentiles, not
// one: what is called coordinated omission cannot happen. Where all connections
// are busy, a scan waits in its latency; how many waited, and how long, is
// reported beside it, and so is the generator's own lateness. If that is not
// small against what it measures, the report says so.
//
// # What is counted
//
//	offered       sends that were due
//	acknowledged  answered 200, with a decision: from now on the scan has to be on record
//	shed          answered 503 with Retry-After: the server chose not to take it
//	errors        everything else: no answer in time, no connection, another status
//	wrong         acknowledged with a reason that the Source did not allow for
//
// # Ledger and audit
//
// Every send and its outcome is written to a file. After the run every
// acknowledged scan is looked up over the API, in the trail of its person and in
// the window of its gate: it has to be in both, once, with the decision that was
// answered. A scan without an acknowledgement may be in both or in neither.
//
// Memory does not grow with the number of scans.
package loadtest
