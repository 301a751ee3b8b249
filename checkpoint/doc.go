// Package checkpoint is the town on Redis: its people, sites and gates, the
// decision at a gate, the record of every passage and the questions asked of
// that record. It knows nothing of HTTP or of the form of a pass.
//
// # One scan
//
// Store.Scan makes one script call (scan.lua, verdict.lua, record.lua) in the
// person's partition. The script first looks for the same scan in the person's trail and, if it is
// there, gives its answer back. Otherwise it decides and writes the trail, the
// partition's log and the person's state together. A scan is named by
// (device, id, occurred_at); a retry, a resend after an outage and a doubled
// packet are all the same scan.
//
// Rules live in the Registry, which every gateway holds in memory, and travel
// to the script as arguments with their version. A change is acknowledged when
// every partition refuses older versions, so it is in force everywhere, at
// once, for whoever comes next; a gateway that was behind is told "stale",
// loads the new version and asks again.
//
// A Policy lays rules over those of many sites for a time. It begins and ends by
// occurred_at, without another version; one that has ended still judges what
// happened before.
//
// The rules are those of verdict.lua, in its order; Precedence publishes them.
// What depends on the person and the household is exact. What depends on the
// whole site (its capacity) is counted by the script in each partition and
// added up by every gateway four times a second.
//
// A scan taken back (Store.Annul) stays where it is. The annulment is an event
// of its own with the same occurred_at, so that both lie side by side in every
// index, and the person's state is worked out anew from the rest of the trail.
//
// # Without Redis
//
// Each gateway has a Standby: a copy of what verdicts depend on (snapshot.go), which
// follows the streams of changes that the scripts write, and the scan script itself
// in an interpreter of its own (judge.go). When Redis does not answer for a
// partition, scans there are decided by both, put into the journal on this
// machine's disk (package journal) and answered; they are recorded in order, as they
// were told, when Redis is back. The rules are one text, so the two can only differ
// by what the copy does not hold: Standby lists it. What was told is never decided
// anew: where the rules say otherwise the event is marked as a conflict, and if
// Redis already holds another answer, which was lost on the way, that one is taken
// back (told.go).
//
// A master that fails over may forget what it answered in its last moments. Where
// that can be (Sentinel, Cluster), the journal keeps every answer for a window, and
// MasterWatch has them sent again when a partition has another master, and the
// projectors sent back. The loss of a gateway and a master at the same moment is not
// covered.
//
// # Beside the gates
//
// A status is a decision (Store.ChangeStatus): with a ground, an author, an office
// and, where it keeps somebody at home, an end, after which it ends by itself
// (statuslapse.go). Whom it is about can contest it; who is under observation keeps
// a diary; a household asks for what it needs. All that is in one hash of the
// person, written by care.lua, and found by lists of the partition. Nothing of it
// but the status itself is looked at by a verdict.
//
// # Walk-ins
//
// Who is written down by a guard is a person whose ID comes from the words, with
// a trail of their own. Store.MatchWalkIn says which resident it was: from then
// on the same words are a scan of the resident, and the earlier events, which
// stay where they are, are read as part of the resident's trail. The two lie in
// two partitions: field r of the walk-in alone decides, the rest follows it, and
// doing the same again completes what was cut off.
//
// # Moving and merging
//
// A household shares a partition, and an ID names one. Who moves to a household of
// another partition (Store.Move) goes on under a successor's ID, and whoever was
// entered twice (Store.Merge) under one of the two. The other ID is known as that
// one, like a walk-in as a resident: field r decides, field y says that it has begun,
// so that the next sweep completes what was cut off. An ID of before has no identity
// (it is of the kind of those who were erased) and goes with its last event.
//
// # Shifts
//
// Every event names who was on shift at its device at occurred_at. Shifts are no
// part of the registry, whose changes cost every partition a write: each
// gateway holds those of all devices in memory and asks for changes every
// 250 ms, with the version of the rules. Until then a scan through another
// gateway than the one that opened the shift names whoever it knew before.
//
// # Permits
//
// A visitor's permit (Store.IssuePermit) is a record on the person, so that a
// scan is judged by it in the same script call and a single use is exact at
// any number of gates. Visitors are people of their own kind, without a home;
// a new one joins the host's partition, and whoever is on record already keeps
// their trail. An exemption from the limit of outings (Store.Exempt) is a
// record of the same form.
//
// # Temperatures
//
// The projector counts, for each gate and day at the place, how often each
// temperature was read, by method and direction. Store.SuspectGates compares a
// gate with its neighbours by these counts: see package drift. A count is
// raised together with the entry into the gate's index, so it is right as long
// as both are; whoever makes an index anew from the log begins its counts anew.
//
// # Who met whom
//
// Store.Contacts, Store.Crowd and Store.InsideAt find people by the gates'
// indexes and then look into their records: the index of a site says who may
// have been there, and only a person's own record, folded into stays, says
// whether they were. contact.go has the definition.
//
// # Audit
//
// Store.Audit puts on record who asked what, before it is answered. All gateways
// keep one chain, in which each entry carries the hash of the one before
// (AuditRecord has the bytes). Whoever can write to Redis can make another chain
// without a flaw; therefore each gateway signs the head it knows once a second
// into a file of its own (AuditFile). AuditVerifier holds the chain against the
// heads of any gateways. What came in the last second before somebody took both
// Redis and the gateway is not proven. What is kept long enough is cut off from
// the front, behind a head that is signed for that.
//
// Store.Readers tells who has read somebody, by lists of entries' numbers that are
// written together with the entries.
//
// # Households
//
// All residents of one site and door are a household; its members are found by
// what each person's record says, so there is no second list. Its phones
// (Store.ActivatePhone) lie in one hash in its partition, to which their tokens lead.
// The activation code is made of the household and a generation. Whoever leaves takes
// the phones that they opened along and raises the generation, before they have left.
//
// # Partitions
//
// People are split into 64 partitions by the top 6 bits of their ID; a
// household shares one. Each partition has a hash tag of its own, chosen so
// that the tags lie evenly over the slots of a Redis Cluster. All that one
// scan touches has the person's tag. What many people share (a gate's index)
// has a tag of its own and is written afterwards by the Projector, from the
// log.
//
// # Retention
//
// retention.go says when an event is shown no more and what goes with it.
// Whoever writes a new kind of key that tells of an event or of a person teaches
// the Sweeper about it: it looks at keys, not at a list of what there is.
//
// # Keys
//
// All start with the store's prefix ("pg:"). {t} is a partition's tag, id a
// person's 8 raw bytes, n and day are decimal numbers. keys.go builds them.
//
//	key               type    written by      what, and how long                          bytes each
//	{t}:p:id          hash    enrol, scan     person: status, home, gate state; for life  ~230
//	{t}:i:id          string  enrol, scan     sealed name, document, phone, door; for life ~180
//	{t}:t:id:n        zset    scan            trail: one chunk of <= 120 events           33-38 an event
//	{t}:log           stream  scan            every event in arrival order                ~49 an event
//	{t}:ch            stream  all that judge  whose record has changed, for gateways' copies; the last 10,000      ~20 a change
//	{t}:fs            stream  care, fever     decisions about statuses, closed fever cases, for other offices; retention    ~60 an entry
//	{t}:q:household   zset    scan            exits that counted as outings; 30 days      ~16 an exit
//	{t}:f             zset    scan            open fever cases by time                    ~20 a case
//	{t}:f:case        hash    scan, fever     a fever case: person, readings, closing     180-300 a case
//	{t}:fz            zset    fever           closed fever cases by time; retention       ~20 a case
//	{t}:k:id          hash    care            decisions about the status, contests, diary, requests: tables and
//	                                          sealed records; the status in force for life, the rest until retention is over  19 + ~220 a record
//	{t}:kc, :kC       zset    care            open contests by when an answer is due, answered ones               ~30 a contest
//	{t}:kq, :kQ       zset    care            requests by opened_at until done, by done_at then                   ~30 a request
//	{t}:kf            zset    care            readings of diaries with fever, by time; until retention is over    ~30 a reading
//	{t}:ku            zset    care            people by when their status ends                                    ~22 a person
//	{t}:m             zset    permit          permits and exemptions by end; until retention is over ~125 a permit
//	{t}:m:number      hash    permit          one of them: sealed particulars, withdrawal         ~250 a permit
//	{t}:n             hash    scan            people of this partition inside each site   ~12 a site
//	{t}:part          hash    scan's callers  rules version in force, projector's lease and cursor, permits issued,
//	                                          how far the log is archived and cut (cutlog.lua), fl the last of {t}:fs that was swept
//	{t}:h:n           hash    enrol           people of home site n in this partition, 0: visitors ~12 a person
//	{t}:xd:b, :xf:b   hash    enrol           blind indexes of documents and phones; of version v of the keys :xdv:b  ~20 a value
//	{t}:a:household   hash    household       g generation of its activation code, by 8 bytes its phones; for life  ~115 a phone, <= 12
//	{t}:xa:b          hash    codes printed   activation codes, by keyed hash: household and site  ~24 a code
//	{t}:v:hash        string  projector       table of a plate's chunks, by keyed hash    8 a chunk
//	{t}:v:hash:n      zset    projector       passages of a plate: <= 120 events a chunk  45-60 an event
//	{gN}:e:day        string  projector       table of the gate's chunks that day         8 a chunk
//	{gN}:e:day:n      zset    projector       gate index: one chunk of <= 120 events      36-56 an event
//	{gN}:w:date:page  hash    RecordPaper     rows typed back of a page of the paper log; retention      ~35 a row
//	{gN}:T:localday   hash    projector       how often each temperature was read; 3 days         ~7 a value
//	{gN}:L:localday   string  logpages        last page of the gate's paper log that was printed; 400 days  ~90
//	{gN}:r:day, :n    both    refuse          refusals without a person, in the same form
//	{al}:e:day, :n    both    projector       alerts of that day at all gates, in the same form      ~52 an alert
//	{gN}:c:dev:min    string  refuse          refusals of a device in a minute; 2 minutes
//	{reg}:meta        hash    registry        format (the oldest whose programs may work here), partitions, version, last numbers
//	{reg}:format      hash    Open            version of the data's format, at when it got it, by which program; see DataFormat
//	{reg}:backup      hash    backup          v when the newest whole backup was taken, UTC ms
//	{reg}:logpages    hash    Open, logpages, restore  v the first day of which printed pages of paper logs are counted
//	{reg}:sites ...   hash    registry        sites, gates, devices, grid, staff, policies: JSON by code
//	{reg}:seal        hash    Open, rotation  proof that the secrets are those of the data; which field keys are in use
//	{reg}:sealers     hash    gateways        which field keys each gateway holds; a day
//	{reg}:shift:n     string  shift           shifts of device n, JSON; until retention is over    ~250 a shift
//	{reg}:shiftversion zset   shift           devices by the number of their last change of shifts
//	{reg}:contact     hash    gateways        when each device last called, and last took the list, by its number, every 10 s; retention  ~70 a device
//	{off}:m:kind:id   string  matter          what the office sees to and writes down, sealed; until it is closed and
//	                                          retention is over                             ~350 and its text
//	{off}:a, :o, :z   zset    matter          at :kind:node all of them, the open ones, the closed ones by time   ~20 each
//	{off}:d:kind      zset    matter          open ones by when they are due                                      ~20 each
//	{off}:p:id        zset    matter          those about a person                                                ~30 each
//	{case}:c, :n      hash    case            tracing cases: sealed records by number, last number     ~500 a case
//	{case}:campaign   hash    case            whether the campaign runs, JSON
//	{case}:p:code     set     ask             people asked about under a case                     ~20 a person
//	{case}:m:code     set     contacts        whom an answer under a case named as contacts       ~20 a person
//	{aud}:log         stream  audit           entries by number: who asked what; see AuditRecord      ~330 an entry
//	{aud}:head        hash    audit           its end: n number, h hash, w who waits; c, l the last cut from the front
//	{aud}:p:id, :s:n  zset    audit           last 200 entries about a person, or about all of site n; as long as they are kept ~10 an entry
//	{sweep}:state     hash    sweep           lease of the sweeper, result of the last sweep
//	{try}:k:login     hash    attempt         where an account signed in, by keyed hashes; 30 days  ~60 a place, <= 32
//	{try}:n,a,e,b,h,c,p:2 string attempt      wrong tries by account, address, device, household; a day ~100, <= 65,536 each
//	{arch}:lease      hash    archiver        who archives, and the name of the archive
//	{duty}:name       hash    gateways        who has a duty of the whole town, and how far it has come
//	{num}:date        hash    PublishNumbers  numbers of the bulletins of a day, by the node that they were published for;
//	                                          they tell of nobody; 400 days                    ~25,000 a day of the whole town
//	{rev}:log         stream  Revoke, status  person, generation that ended, time; c 1 confined, 0 no longer ~60 a change
//	{any tag}:-       none    nobody          never there: a script that names it is refused while its slot moves
//
// Fields of a person: s status, h home site, g generation, k kind, n masked
// name, u household, d created, w micro-grid, v permits and exemptions
// (verdict.lua has their form); of walkin.lua: r the resident that a walk-in
// turned out to be, b when and by whom that was said, or when it was taken back, q those it was known as
// before, j of a resident, the walk-ins that they turned out to be; of move.lua: r, b
// and j of an ID of before as well, y under which ID a record is about to go on; of scan.lua
// alone: l the last passage (way, time, site, gate, app pass), m a
// first reading that waits for its second (kind, code, time, site, scan), f the
// open fever case, c (table of the trail's chunks, see chunks.lua); of forget.lua:
// x when and by whom an erasure was begun that is not complete.
//
// # Time
//
// All times are UTC milliseconds. occurred_at comes from the device and orders
// history; recorded_at is the gateway's clock. Hours of a site are meant in
// the site's zone.
package checkpoint
