// Package limits measures what a scan costs the server in CPU time, and beside it,
// in the same run on the same machine, what its parts cost at the least.
//
// # The figure
//
// A closed loop keeps the gateway saturated with scans of distinct people, and the
// operating system says what gateway and Redis used. The parts are:
//
//	echo       a bare Fiber server that decodes the same body into the same
//	           members and writes it back, driven by the same client
//	verify     one crypto/ed25519 verification of the same token
//	reference  Redis's CPU for the frozen script loadtest/testdata/reference.lua
//	           on copies of the same keys, in a Redis with the same settings and
//	           just as durable, in pipelines of 64
//
// The cost of a scan is the server's CPU per scan divided by the sum of the parts.
// All that the server does for a scan is in it: rules, indexes that are written
// afterwards, metrics, the collector, the append-only file. The parts are
// measured in turn, several times a run, so that whatever slows the machine down
// for a while hits all of them.
//
// CPU times, not wall times: they say how many machines a city needs, and others
// who work on the same machine disturb them little.
package limits
