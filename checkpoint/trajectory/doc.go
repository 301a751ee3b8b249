// Package trajectory turns the in and out events of one person into stays: who
// was at which site from when to when. It is a pure function of the events and
// of the moment asked about; it reads no clock and no store, so the same events
// always give the same stays, in whatever order and however often they arrived.
//
// # Rules
//
// Events are put in order by At, then by ID; RecordedAt, the time of arrival,
// plays no part in it, so an upload that comes days late lands where it belongs.
// Two events with the same At and ID are one event; if they differ in content,
// the one recorded first counts. Events after asOf are left out: a question
// about the past is answered as of then.
//
// An accepted "in" is an entry. An "out" is an exit whether accepted or denied,
// because a denied exit is advice to the guard, not a locked door. A denied
// "in" is an attempt: it belongs to no stay and changes none. It is weak
// evidence, a double tap refused as "already inside" or somebody else with a
// copied pass, and believing it would cut real presence short. A direction other
// than 'i' and 'o' is ignored.
//
//	what is seen                  what follows                              sets
//	------------                  ------------                              ----
//	in, out at one site           a stay from one to the other,             -
//	                              however long
//	in, in at one site            the exit was missed: the first stay       Inferred (EnteredAgain),
//	                              ends at the second entry, which           Reentry (Again)
//	                              begins the second stay
//	in here, in or out elsewhere  the stay here ends then                   Inferred (SeenElsewhere)
//	out without in, out, out      a stay of no length at the exit: they     Inferred, UnknownStart
//	                              were there, since when is not known       (ExitOnly)
//	out refused                   they left, as long as nothing says        - (ExitRefused)
//	                              otherwise
//	out refused, then the next    they had stayed on until then, if that    - (ExitRefused)
//	thing is an out here          is within the longest stay
//	in, and nothing since         open until asOf, if asOf is within the    Open
//	                              site's longest stay
//	in, and nothing, or nothing   the stay ends at From + longest stay;     Inferred (NeverLeft)
//	within the longest stay       what comes next begins afresh, and is
//	                              no Reentry. An out at the same site
//	                              still closes its own stay: both ends
//	                              were seen, nothing needs a rule
//	an event uploaded late        it stands where it happened               Late (LateUpload)
//	in denied                     an attempt, in no stay                    -
//	an event that was disputed    the stay is in doubt                      Conflict (ToldOtherwise)
//	late events of one device,    its clock was set back between them,      Conflict (ClockSetBack)
//	sent in another order than    or its queue was out of order: their
//	they are dated                stays are in doubt
//	in A, in B, out A; or         the events at A cross those at B: all     Conflict (TwoPlaces)
//	in B, out A, out B            stays concerned are in doubt
//	different entries or exits    only their IDs put them in order: their   Conflict (OneInstant)
//	in one instant                stays are in doubt
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
// # What a record cannot tell
//
// A mark of Conflict changes no stay; it says that the record contradicts
// itself. A copied pass that is used elsewhere shows only where its events cross
// those of its owner: in here, out there, out here. That it was seen here and
// then elsewhere sooner than anybody can walk does not show: the package knows
// no distances and invents none. A site within another (a shop in a compound)
// crosses, too, when its exits are not scanned.
//
// A clock that was set back shows only between events that waited in the same
// device: what is sent at once overtakes what waits, and says nothing. Two
// gateways with clocks of their own can make two uploads in quick succession
// look so, and so can one event of a queue that failed and was sent again. A
// clock that is simply wrong does not show at all; the devices measure theirs.
//
// # What always holds
//
// Stays are sorted by From and never overlap; as half-open spans [From, To) at
// most one of them holds at any instant. Every entry and every exit up to asOf
// is in the Events of exactly one stay. Every accepted "in" is the From of its
// stay at its own site. A stay without a rule in Why is as
// it was in truth; only where an exit and the next entry at the same site were
// both lost are two stays told as one.
package trajectory
