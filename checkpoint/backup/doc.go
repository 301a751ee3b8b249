// Package backup copies a running store to a folder, and puts such a copy back
// into an empty system.
//
// # What a backup is
//
//	PARENT/passgate-20261126T081500Z/
//	  manifest.json     what it is, in the clear; written last, so without it there is no backup
//	  keys.tar.age      all secrets: DATA/keys with the keys of the archived days
//	  redis.zst.age     every key of the store, see records.go
//	  archive/…         the archive's folder as it is: encrypted to the keys of its days
//	  audit/…           the signed heads of the audit
//
// Until it is complete it has another name (.passgate-….partial) and what was
// left of one that was cut off goes when the next one is made. Nothing in it can
// be read by whoever holds the folder alone: the two .age files are encrypted to
// the recipients that were given, who are somebody else than the server.
//
// # What is consistent
//
// A backup asks each master for its data as a replica does (SYNC). Redis forks and
// sends what it holds at that moment, while it goes on working. All keys of one
// partition lie on one master, so they are of one moment: no scan is there in
// half, and every scan that was acknowledged before the backup began is there.
// On one Redis everything is of one moment. In a cluster the moments of the
// masters differ by a little, and what goes from one partition to another is
// made to agree in the copy (checkpoint.Store.SettleCopy). Slots must not move
// meanwhile; if they do, the backup says so and is given up.
//
// The archive is copied first and kept from changing until Redis has forked:
// what is not in the copied archive is still in the copied logs.
//
// The copy is loaded into a redis-server of our own and its indexes are made
// from its record (package replay). So a backup is known to be readable before
// it is called one, its indexes agree with its logs, and the manifest has their
// digests, which a restore compares with what it finds in the new Redis.
//
// That server needs as much memory as the store, for a minute or so. Its files
// lie in a folder that only its owner reads and go at the end.
//
// # Whom to believe
//
// The manifest has the SHA-256 of every file and carries a MAC under a key made
// from the site's own secrets: a flipped byte, a file of another backup, a moved
// date are refused. It does not tell a whole forged site from the true one, as
// the secrets come from the backup: whoever knows the site's ID (printed by each
// backup, the same for life) gives it to the restore.
//
// # For how long
//
// Past retention an event has to be nowhere, and a backup has events in it. The
// manifest therefore says until when it may be kept (destroy_by: a few days).
// Each new backup removes those beside it whose time is over; a restore refuses
// them unless it is told otherwise, and sweeps what is past retention before
// anybody is served. What was forgotten by an erasure after the backup has to be
// forgotten again.
package backup
