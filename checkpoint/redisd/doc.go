// Package redisd starts real redis-server processes and owns them: one that
// keeps the data of a single machine, and whole clusters on loopback for tests
// and trials.
//
// # What is guaranteed
//
// One server per directory, never two. Two kernel locks (flock) see to it,
// because a lock cannot go stale the way a pid file does:
//
//   - Dir/owner.lock is held by the process that called [Start], for as long as
//     it lives. A second Start on the same directory is refused with [ErrInUse].
//   - Dir/redis.lock is handed to redis-server as an open file and held by it
//     until it and its rewriting children are gone. So a server that outlived
//     its owner is noticed even when its socket was removed.
//
// A server that outlived its owner is not adopted as it is: it could not be
// tied to the new owner's life and may be about to end. Start asks it to shut
// down cleanly, waits until the directory is free, and starts its own child on
// the same files. The data is the same; only the process is new.
//
// The child dies with its owner. On Linux the kernel signals it (Pdeathsig,
// SIGTERM, so that the append-only file is closed cleanly). That signal belongs
// to the thread that started the child, not to the process, so the thread is
// locked for as long as the child lives. Elsewhere the child is found and
// replaced by the next Start.
//
// # Files in Dir
//
//	redis.conf        written anew at each start from the embedded template
//	redis.sock        the socket (or a link to it when the path is too long)
//	redis.pid         written by redis-server, for people only
//	operator.secret   password of the operator, when Options.Restricted is set
//	owner.lock        held by the owner; its text is the owner's process id
//	redis.lock        held by redis-server
//	appendonlydir/    the data, when Options.Persist is set
//
// Dir gets mode 0700: whoever can open the socket can read everything.
//
// # Groups
//
// [StartCluster] and [StartSentinel] run many servers that know each other by
// loopback TCP, and everything that can happen to such a group: a node killed,
// paused, parted from the others (by wires in this process, see network.go), a
// replica promoted, a slot moved. They are for tests and trials.
package redisd
