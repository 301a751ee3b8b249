// Package trajectory turns the in and out events of one person into stays: who
// was at which site from when to when. It is a pure function of the events and
// of the moment asked about; it reads no clock and no store, so the same events
// always give the same stays, in whatever order and however often they arrived.
//
// # Rules
//
// Events are put in order by At, then by ID; RecordedAt, the time of arrival,
// plays no part, so an upload that comes days late lands where it belongs. Two
// events with the same At and ID are one event; if they differ in content, the
// one recorded first counts. Events after asOf are left out: a question about
// the past is answered as of then.
//
// An accepted "in" is an entry. An "out" is an exit whether accepted or denied,
// because a denied exit is advice to the guard, not a locked door. A denied
// "in" is an attempt: it belongs to no stay and changes none. It is weak
// evidence, a double tap refused as "already inside" or somebody else with a
// copied pass, and believing it would cut real presence short. [Attempts] lists
// them. A direction other than 'i' and 'o' is ignored.
//
//	what is seen                      what follows
//	------------                      ------------
//	in, out at one site               a stay from one to the other, however long
//	in, in at one site                the exit was missed: the first stay ends at the
//	                                  second entry (Inferred), the second is a Reentry
//	in here, in elsewhere             the first stay ends at the second entry (Inferred)
//	in here, out elsewhere            the first stay ends at that exit (Inferred); the
//	                                  exit is an exit without entry, as below
//	out without in (also: out, out)   a stay of no length at the exit, UnknownStart and
//	                                  Inferred: they were there, since when is not known
//	in, and nothing since             Open until asOf, if asOf is within the site's
//	                                  longest stay; else ended by it (Inferred)
//	in, and the next event is later   ended at From + longest stay (Inferred); the next
//	than the longest stay             event then begins afresh and is no Reentry. An out
//	                                  at the same site still closes its own stay: both
//	                                  ends were seen, nothing needs a rule
//
// An inferred end is the latest possible one. For tracing, somebody who may
// have been there counts as there; the mark lets the reader judge. The start of
// an exit without entry is the one exception: the earliest possible start would
// be the end of the stay before, possibly days, and would make contacts of
// half the town. Whoever needs a margin before it can add one.
//
// A home is a site like any other, only that people stay for long:
// [Rules].MaxStayOf gives 0, no limit, for residential sites.
//
// # What always holds
//
// Stays are sorted by From and never overlap; as half-open spans [From, To) at
// most one of them holds at any instant. Every entry and every exit up to asOf
// is in the Events of exactly one stay. Every accepted "in" is the From of its
// stay at its own site.
package trajectory
