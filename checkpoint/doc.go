// Package checkpoint is the town on Redis: its people, sites and gates, the
// decision at a gate, the record of every passage and the questions asked of
// that record. It knows nothing of HTTP or of the form of a pass.
//
// # One scan
//
// Store.Scan makes one script call (scan.lua) in the person's partition. The
// script first looks for the same scan in the person's trail and, if it is
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
// The order in which rules are applied is that of scan.lua: the pass (expired,
// not yet valid, revoked), the table (status × site kind × direction × own
// home), closed sites and hours, the temperature, anti-passback and replayed
// passes. What depends on the person is exact.
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
//	{t}:part          hash    scan's callers  rules version in force, projector's lease and cursor
//	{t}:h:n           hash    enrol           people of home site n in this partition     ~12 a person
//	{t}:xd:b, :xf:b   hash    enrol           blind indexes of documents and phones       ~20 a value
//	{gN}:e:day        string  projector       table of the gate's chunks that day         8 a chunk
//	{gN}:e:day:n      zset    projector       gate index: one chunk of <= 120 events      36-56 an event
//	{gN}:r:day, :n    both    refuse          refusals without a person, in the same form
//	{gN}:c:dev:min    string  refuse          refusals of a device in a minute; 2 minutes
//	{reg}:meta        hash    registry        format, partitions, version, last numbers
//	{reg}:sites ...   hash    registry        sites, gates, devices, grid, staff: JSON by code
//	{reg}:seal        hash    Open            proof that the secrets are those of the data
//	{rev}:log         stream  Revoke          person, generation that ended, time
//
// Fields of a person: s status, h home site, g generation, k kind, n masked
// name, u household, d created, w micro-grid; of scan.lua alone: lt ld ls lg
// lj (time, way, site, gate and app pass of the last passage), mt ms mh mk
// (time, site, scan and kind of a first reading that waits for its second),
// c (table of the trail's chunks, see chunks.lua).
//
// # Time
//
// All times are UTC milliseconds. occurred_at comes from the device and orders
// history; recorded_at is the gateway's clock. Hours of a site are meant in
// the site's zone.
package checkpoint
