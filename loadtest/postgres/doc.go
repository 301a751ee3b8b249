// The postgres program answers what it is worth to decide scans in Redis: it makes
// the same decision the way most would build it, in one PostgreSQL transaction,
// and drives both with the same load on the same machine in the same run.
//
// It is a module of its own, so that nothing of PostgreSQL gets into passgate:
//
//	cd loadtest/postgres && go run .
//
// PostgreSQL 14 or newer has to be installed (Debian: postgresql); the program
// starts a cluster of its own in a temporary folder. As root it runs the cluster
// as the user postgres, since PostgreSQL refuses root.
//
// # What is the same
//
// The town, copied from the gateway over its API; the requests, byte for byte; the
// form of a request and of an answer, in Fiber with the same limits; the check of
// the pass, by package codes; the durability: an answered scan is on the disk
// (fsync, synchronous_commit, full_page_writes on). The answers: -check compares
// them, scan by scan.
//
// Decided alike, in the same order: the table of status × site kind × direction ×
// own home, as data; validity and revocation of the pass; an open fever case;
// closed sites and hours; outings of a household; disinfection; the temperature
// with its second measurement; anti-passback; the replayed pass. A repeat gets the
// stored answer, other content under the same name is refused.
//
// # What the gate does beyond that
//
// Permits of visitors, walk-ins, identity documents, capacity of sites, overrides,
// car plates; a live count of who is inside; alerts; metrics; a journal for when
// the store is away; limits per device. The baseline has none of them, which is in
// its favour.
//
// # What makes it no strawman
//
// One round trip by a prepared statement; three statements in it. Updates of a
// person stay on their page and touch no index. Three indexes on events, no
// foreign keys there. Rules, device and person come by one query, by primary
// keys. Memory for the whole town, checkpoints far apart, compressed page images.
// Many connections, whose commits share a flush of the log; 24 or 128 of them
// instead of 64, or a commit_delay of 2 ms, change the ratio by less than the runs
// differ, so that there is none. Nothing is put
// together into one transaction that came as several scans: the gate does not do
// that either, though a design that gave up on deciding at once could.
package main
