// Package replay makes the indexes anew from the record, and compares them with
// it. The record is the archive together with the partitions' logs; what follows
// from it is every trail and gate index, the sets of plates and of alerts, how
// often each temperature was read on the last three days, where people are by
// their last passage, and how many are inside each site.
//
// [Rebuild] writes them, onto an empty Redis or over what is there; it wants the
// store for itself. [Verify] writes nothing, may run beside gateways, and names
// what differs.
//
// # What is not replayed
//
// People, the registry, permits, fever and tracing cases, revocations and the
// household's outings are records of their own and no index: they come back with
// a backup. Refusals for which no person was known lie in their gate's own log;
// they are taken from there for the alerts. A reading that waits for its second
// one is rebuilt by the rules of today and not compared: it ends by itself within
// minutes. Without a registry nothing is known of sites, so nobody's last passage
// and no number inside is made.
//
// # One event once
//
// An event that is in the archive and in a log counts once. It is the same if
// person, occurred_at and the hash of its scan are; if the rest differs, that is
// counted and the one that was recorded first is taken.
//
// # A record that is not whole
//
// A damaged file or log entry is named, and the rest is replayed. A log from
// which entries were taken away, without an archive that has them, is not whole
// either. What Redis holds of a day that is not whole, or of the time before
// retention, stays as it is beside what the record has: a replay never takes away
// the last copy. Verify does not call it a difference.
//
// # Memory
//
// All events are first sorted into buckets in one temporary file, by partition
// and then by day, about 70 bytes an event each time. Its blocks are encrypted
// with a key that is nowhere but in memory. Then one bucket after the other is
// held: some 350 bytes for each event of the largest day, of two days at a time,
// and 16 bytes for each key of the indexes that is in Redis already. 10 million
// events of a month need about 250 MB and 1.4 GB of disk.
//
// # Digests
//
// The digest of a family is the SHA-256 of its sets in the order of their
// buckets, each by name, score and member; how sets are cut into chunks does not
// matter. What lies before retention is left out, as it goes at any time. Equal
// digests mean the same events in the same bytes, and Rebuild and Verify give
// the same one.
package replay
