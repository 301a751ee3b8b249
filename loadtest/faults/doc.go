// Package faults hurts a real passgate and counts what is lost. It holds tests
// only: TestFaultMatrix runs one row for each kind of fault and prints them all
// as one Markdown table.
//
// # A row
//
// A row has a redis-server of its own, a proxy that can spoil the way to it, and
// one or two gateways: built binaries in processes of their own, which the row
// may freeze and kill. A driver presents scans at a fixed rate, whatever comes
// back, and repeats each as a guard's page does, with the same body, until it is
// answered. Its ledger holds what was sent and every answer. When the fault is
// over and nothing waits any more, the ledger is held against five records of
// the same events: the trails, the logs and the gate indexes in Redis, read
// without passgate's help, and the gates' windows and the trajectories over the
// API.
//
//	lost    acknowledged (a 200 was received), but missing in one of the five
//	twice   in one of the five more than once, acknowledged or not
//	wrong   recorded with another answer than the one given, or never sent
//
// All three have to be 0.
//
// # Controls
//
// Each row runs a second time with one protection switched off, or with a
// record spoiled by hand, and the same account has to show it. A row whose
// control sees nothing fails: it would not have noticed a loss.
//
// # What it needs
//
// Linux, redis-server in the path, and the Go tool chain: the binary is built
// with the tag faults, which lets a test step the gateway's clock.
//
// # Variables
//
//	PASSGATE_LONG=1          faults last longer and are repeated more often
//	PASSGATE_FAULT_TABLE     file into which the table is written, too
//	PASSGATE_FAULTS_BINARY   a binary built with the tag faults, instead of building one
package faults
