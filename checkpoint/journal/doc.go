// Package journal is a gateway's own memory on its local disk, for the time in
// which Redis cannot be asked or may forget. It knows nothing of scans: a value
// is bytes, of a partition.
//
// # Two promises
//
// What is owed (Owe) is on the disk when the call returns: a decision that was
// made without Redis, and which Redis is owed. It is read in order, partition by
// partition (Owed), and leaves when Redis has recorded it (Paid). What Redis
// refuses for good is set aside (SetAside): it stays, is listed and counted.
//
// What is kept (Keep) was recorded by Redis already, and is remembered for a
// window in which a change of master could lose it. Keep copies the value and
// returns; the copies are written every 50 ms. Kept reads the window, what is not
// yet written included; Forget drops what is older. A process that is killed
// loses at most what it kept since the last write, which Redis still has: the
// loss of gateway and master at the same moment is not covered.
//
// Values are delivered at least once, never exactly once. An Owe that returned
// an error or whose context ended may have been written even so, and after damage
// a paid value may come again. Both are harmless to a receiver that knows the
// value by its own identity, as the store knows a scan.
//
// # Files
//
//	DIR/journal.db                      a bbolt file with pages of 4,096 bytes
//	DIR/journal.db.new                  being written; of no worth after a crash
//	DIR/journal.db.damaged-20261126T…Z  was damaged; kept for whoever looks into it
//	DIR/journal.lock                    locked by the process that owns DIR
//
// Buckets and keys, numbers big-endian:
//
//	owed   partition (1), sequence (8)   record of kind 'o'
//	aside  partition (1), sequence (8)   record of kind 'a': reason and value
//	kept   block (8)                     record of kind 'k': some hundred values
//	meta   name                          record of kind 'm': name and value
//
// A record is a header of 34 bytes and the content, sealed by AES-256-GCM under
// the caller's key with a random nonce and with the header as additional data:
//
//	"pgJ1"  kind (1)  partition (1)  sequence (8)  at (8)  floor (8)  length (4)
//	nonce (12)  ciphertext  tag (16)
//
// At is UTC ms. Floor is, in kind 'o', the oldest sequence then owed to the
// partition; in kind 'k' the time of the block's youngest value, at being that
// of its oldest; else 0. Length counts what follows the header. The content of
// kind 'a' and 'm' begins with the length of reason or name as a uvarint; that
// of kind 'k' is a list of partition (1), at (8), length (uvarint), value.
//
// A sequence is a counter times 256 plus the partition: it tells its partition
// and grows over all of them.
//
// # Bounds
//
// The file is at most MaxBytes. Owe gives ErrFull when all of it is used but an
// eighth, or 8 MiB if that is more: removing needs pages, too. Kept values take
// at most half of that and 8 MiB of memory; Keep gives ErrFull beyond that.
// The file never shrinks while it is open; when less than a quarter of it is
// used, Open makes it anew, without the remains of what was removed.
//
// # Trouble
//
// A write that fails for want of room gives ErrBroken to all who wait for it, and
// so do all others until one succeeds, tried at most once a second. After any
// other failure, such as one of a sync, nobody knows what the disk holds: the
// journal is copied to a new file before it accepts anything again.
//
// bbolt maps the file and trusts it, so Open first reads it page by page with
// plain reads and opens every record. If anything is wrong, it says what and
// where, puts every record that is whole into a new file and keeps the damaged
// one under another name. Records say what they are, so they are found by
// searching the file for "pgJ1" when the pages lead nowhere. That finds removed
// ones, too: those older than the floor of a later record are left out. A fact
// may then be an older one.
package journal
