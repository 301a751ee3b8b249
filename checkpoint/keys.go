package checkpoint

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// Partitions is the number of parts into which people and their events are
// split. It is written into Redis at first start and can never change after.
const Partitions = 64

// partitionTags are the hash tags of the partitions: tag i hashes into the
// i-th 64th of the 16,384 cluster slots, so that any number of masters gets an
// even share. They are found by trying, once, at start.
var partitionTags = func() (tags [Partitions]string) {
	for p := range tags {
		for n := 0; tags[p] == ""; n++ {
			if tag := strconv.FormatInt(int64(n), 36); int(slotOf(tag))*Partitions/slots == p {
				tags[p] = tag
			}
		}
	}
	return tags
}()

const slots = 16384

// slotOf is the cluster slot of a hash tag: CRC16/XMODEM modulo 16,384, as in
// the Redis Cluster specification.
func slotOf(tag string) uint16 {
	var crc uint16
	for i := range len(tag) {
		crc ^= uint16(tag[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc % slots
}

// guardOf is a key with the tag of another one that never exists: see derives.
func guardOf(key string) string { return key[:strings.IndexByte(key, '}')+1] + ":-" }

// partitionOf is the partition of a person: the top 6 bits of the ID, for life.
func partitionOf(person uint64) int { return int(person >> 58) }

// keys builds every key that this package uses. Nothing else spells a key.
// doc.go lists them with type, writer, lifetime and size.
type keys struct{ prefix string }

func (k keys) part(p int, rest string) string {
	return k.prefix + "{" + partitionTags[p] + "}:" + rest
}

func (k keys) partition(p int) string { return k.part(p, "part") } // hash: rules version, lease, projector cursor
func (k keys) log(p int) string       { return k.part(p, "log") }  // stream: every event in arrival order
func (k keys) changes(p int) string   { return k.part(p, "ch") }   // stream: whose record has changed, see changes.lua

func (k keys) news(p int) string { return k.part(p, "fs") } // stream: what is told of people beside scans, see tell.lua

// feedStream is one of the two streams that other offices follow.
func (k keys) feedStream(p, stream int) string {
	if stream == NewsStream {
		return k.news(p)
	}
	return k.log(p)
}

func (k keys) person(id uint64) string   { return k.part(partitionOf(id), "p:"+raw(id)) } // hash: status, home, generation, gate state
func (k keys) identity(id uint64) string { return k.part(partitionOf(id), "i:"+raw(id)) } // string: sealed identity
func (k keys) trail(id uint64) string    { return k.part(partitionOf(id), "t:"+raw(id)) } // sorted sets, chunk n at key:n

// homeSet lists the people of one home site that live in one partition, as a
// hash: a small hash takes a quarter of the memory of a small set.
func (k keys) homeSet(p int, site uint32) string { // hash: 8 bytes of person ID -> empty
	return k.part(p, "h:"+strconv.FormatUint(uint64(site), 10))
}

func (k keys) outings(p int) string      { return k.part(p, "q:") } // sorted sets, one at key + household: exits that counted
func (k keys) fevers(p int) string       { return k.part(p, "f") }  // sorted set: open fever cases; hash of a case at key:case
func (k keys) closedFevers(p int) string { return k.part(p, "fz") } // sorted set: closed fever cases by closed_at
func (k keys) fever(id FeverID) string {
	return k.fevers(partitionOf(uint64(id))) + ":" + raw(uint64(id))
}                                  // hash: one case
func (k keys) inside(p int) string { return k.part(p, "n") } // hash: site -> people of this partition who are inside

func (k keys) people(p int) string  { return k.part(p, "p:") } // base of every person's key in the partition
func (k keys) permits(p int) string { return k.part(p, "m") }  // sorted set: permits and exemptions by the time when they end
func (k keys) permit(number uint32) string { // hash: one of them
	return k.permits(permitPartition(number)) + ":" + string(appendUint32(nil, number))
}

// isOuting tells whether a key is that of a household's exits.
func (k keys) isOuting(key string) bool {
	_, rest, _ := strings.Cut(strings.TrimPrefix(key, k.prefix), "}:")
	return strings.HasPrefix(rest, "q:")
}

// household is what is kept of a household beside its people. The index of
// activation codes, whose hashes find it, is of kind "a" and of the first version.
func (k keys) household(id uint64) string { return k.part(partitionOf(id), "a:"+raw(id)) } // hash: generation of its code, phones

func (k keys) activation(hash uint64) string { return k.index(firstVersion, "a", hash) } // hash: 8 bytes -> household, site

// parseHousehold reads the household out of its key.
func (k keys) parseHousehold(key string) (uint64, bool) {
	if len(key) < 8 {
		return 0, false
	}
	id := fromRaw(key[len(key)-8:])
	return id, k.household(id) == key
}

// care is what is written of a person beside the gates, see care.lua.
func (k keys) care(id uint64) string { return k.part(partitionOf(id), "k:"+raw(id)) } // hash: tables, sealed records

// careListKind is one of a partition's lists of such records.
type careListKind byte

// The lists, in the order of the keys of care.lua. Their members are 8 bytes of a
// person and 8 of a record, of listEnding the person alone.
const (
	listContests careListKind = 'c' // open, by when an answer is due
	listAnswered careListKind = 'C' // contests by answered_at
	listRequests careListKind = 'q' // open and taken, by opened_at
	listDone     careListKind = 'Q' // requests by done_at
	listFeverish careListKind = 'f' // readings of diaries at or above the fever line, by time
	listEnding   careListKind = 'u' // people by when their status ends
)

var careLists = [...]careListKind{listContests, listAnswered, listRequests, listDone, listFeverish, listEnding}

func (k keys) careList(p int, list careListKind) string { return k.part(p, "k"+string(rune(list))) } // sorted set

// parseCare reads the person out of a key of care.
func (k keys) parseCare(key string) (uint64, bool) {
	if len(key) < 8 {
		return 0, false
	}
	id := fromRaw(key[len(key)-8:])
	return id, k.care(id) == key
}

// index is one bucket of a blind index: kind "d" document number, "f" phone, of
// the given version of the keys. hash is the keyed hash of the value; its top bits
// choose partition and bucket.
func (k keys) index(version byte, kind string, hash uint64) string {
	return k.indexBucket(version, kind, partitionOf(hash), int(hash>>52&(indexBuckets-1)))
}

// indexBuckets is how many buckets a blind index has in each partition.
const indexBuckets = 64

func (k keys) indexBucket(version byte, kind string, p, bucket int) string { // hash: 8 bytes -> 8 bytes of person ID(s)
	if version != firstVersion {
		kind += strconv.Itoa(int(version))
	}
	return k.part(p, "x"+kind+":"+strconv.FormatInt(int64(bucket), 36))
}

// plate lists the passages of one plate in the partition of the plate's keyed hash.
func (k keys) plate(hash uint64) string { return k.part(partitionOf(hash), "v:"+raw(hash)) } // string: chunk table; sorted sets at key:n

// alerts lists the events of one day, at all gates, that somebody should look at.
func (k keys) alerts(day int64) string { // string: chunk table; sorted sets at key:n
	return k.prefix + "{al}:e:" + strconv.FormatInt(day, 10)
}

func (k keys) gate(gate uint32, rest string) string {
	return k.prefix + "{g" + strconv.FormatUint(uint64(gate), 10) + "}:" + rest
}

func (k keys) gateDay(gate uint32, day int64) string { // string: chunk table; sorted sets at key:n
	return k.gate(gate, "e:"+strconv.FormatInt(day, 10))
}

func (k keys) readings(gate uint32, day Day) string { // hash: 2 bytes, how and what was read -> count; 3 days
	return k.gate(gate, "T:"+strconv.FormatInt(int64(day), 10))
}

func (k keys) logPages(gate uint32, day Day) string { // string: last number of a page of its paper log; 400 days
	return k.gate(gate, "L:"+strconv.FormatInt(int64(day), 10))
}

// paperRows is what was typed back of one page of the gate's paper log.
func (k keys) paperRows(gate uint32, date string, page int) string { // hash: byte of the row -> mark, see paperrow.go
	return k.gate(gate, "w:"+date+":"+strconv.Itoa(page))
}

// isPaperRows tells whether a key is that of such a page.
func (k keys) isPaperRows(key string) bool {
	tag, rest, found := strings.Cut(strings.TrimPrefix(key, k.prefix), "}:")
	return found && strings.HasPrefix(tag, "{g") && strings.HasPrefix(rest, "w:")
}

func (k keys) refusals(gate uint32, day int64) string { // the same shape, for refusals without a person
	return k.gate(gate, "r:"+strconv.FormatInt(day, 10))
}

func (k keys) refusalCap(gate, device uint32, minute int64) string { // string: counter, 2 minutes
	return k.gate(gate, "c:"+strconv.FormatUint(uint64(device), 10)+":"+strconv.FormatInt(minute, 10))
}

func (k keys) registry(what string) string { return k.prefix + "{reg}:" + what } // hashes: meta, sites, gates, grid, devices, staff, policies
func (k keys) format() string              { return k.registry("format") }       // hash: version of the data's layout, since when, by which program
func (k keys) lastBackup() string          { return k.registry("backup") }       // hash, field v: when the newest backup was taken, UTC ms
func (k keys) logPagesCounted() string     { return k.registry("logpages") }     // hash, field v: the first day of which printed pages of paper logs are counted
func (k keys) revocations() string         { return k.prefix + "{rev}:log" }     // stream: person, generation, time, whether it is about a status

// cases is what belongs to tracing cases: "c" the cases, "n" their last number,
// "p:code" the people asked about under one of them, "m:code" those whom they met,
// "campaign" the campaign.
func (k keys) cases(what string) string { return k.prefix + "{case}:" + what } // hash, string, sets

// matter is one of the office's records, matters lists those of a kind at a node.
func (k keys) matter(kind MatterKind, id MatterID) string { // string: sealed record
	return k.office("m", string(kind)+":"+raw(uint64(id)))
}

func (k keys) matters(kind MatterKind, order MatterOrder, node string) string { // sorted set: 8 bytes of ID by opened_at or closed_at
	return k.office(string(order), string(kind)+":"+node)
}

func (k keys) mattersDue(kind MatterKind) string { return k.office("d", string(kind)) } // sorted set: 8 bytes of ID by when its next step is due

func (k keys) mattersOf(person uint64) string { return k.office("p", raw(person)) } // sorted set: kind:8 bytes of ID by opened_at

func (k keys) office(what, rest string) string { return k.prefix + "{off}:" + what + ":" + rest }

// parseMatter reads the name of a matter out of its key.
func (k keys) parseMatter(key string) (MatterRef, bool) {
	rest, ok := strings.CutPrefix(key, k.office("m", ""))
	if !ok {
		return MatterRef{}, false
	}
	return parseMatterMember(rest)
}

// parseClosedMatters reads kind and node out of the key of a list of closed ones.
func (k keys) parseClosedMatters(key string) (kind MatterKind, node string, ok bool) {
	rest, ok := strings.CutPrefix(key, k.office(string(ClosedOnly), ""))
	if !ok {
		return "", "", false
	}
	name, node, ok := strings.Cut(rest, ":")
	return MatterKind(name), node, ok
}

// audit is the chain of who asked what: "log" the entries, "head" its end.
func (k keys) audit(what string) string { return k.prefix + "{aud}:" + what } // stream, hash

// readers lists the entries about somebody, "p" and 8 bytes, or about everybody of a
// site, "s" and 4 bytes.
func (k keys) readers(kind, id string) string { return k.audit(kind + ":" + id) } // sorted set: numbers of the last 200

// isReaders tells whether a key is such a list.
func (k keys) isReaders(key string) bool {
	return strings.HasPrefix(key, k.audit("p:")) || strings.HasPrefix(key, k.audit("s:"))
}

func (k keys) shifts(device uint32) string { // string: JSON, until retention is over
	return k.registry("shift:" + strconv.FormatUint(uint64(device), 10))
}

func (k keys) shiftVersions() string { return k.registry("shiftversion") } // sorted set: device -> number of its last change

func (k keys) contacts() string { return k.registry("contact") } // hash: 4 bytes of device -> when it last called, ms; those and "l" -> took the revocation list; retention

func (k keys) archiveLease() string { return k.prefix + "{arch}:lease" } // hash: owner, end, fencing token, the archive's name

func (k keys) duty(name string) string { return k.prefix + "{duty}:" + name } // hash, form of lease.lua: who has a duty of the town, how far it has come

// attempts is what is known of tries of secrets: "k:" and 8 bytes of an account
// the places where it signed in.
func (k keys) attempts(what string) string { return k.prefix + "{try}:" + what } // hash: 8 bytes of place -> counter, last time; 30 days

// attemptCount counts tries of one kind. Whatever strangers make up shares
// 65,536 counters of a kind, so that they cannot fill the memory.
func (k keys) attemptCount(kind string, hash uint64) string { // string: counter, time; a day
	return k.attempts(kind + ":" + string([]byte{byte(hash >> 56), byte(hash >> 48)}))
}

// chunk is the key of chunk n of a chunked sorted set.
func chunk(base string, n int) string { return base + ":" + strconv.Itoa(n) }

// numbers are those that were published of a day at the place.
func (k keys) numbers(day Day) string { // hash: node -> numbers of it and of all below; 400 days
	return k.prefix + "{num}:" + day.String()
}

// sweep is the state of the sweeps: who does them, what the last one did.
func (k keys) sweep() string { return k.prefix + "{sweep}:state" } // hash, form of lease.lua; field last: JSON

// raw is an ID in its shortest form for keys and stored values.
func raw(id uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], id)
	return string(b[:])
}

// dayOf is the UTC day of a time in ms, the unit of gate index keys.
func dayOf(ms int64) int64 { return ms / dayMillis }

const dayMillis = 86_400_000
