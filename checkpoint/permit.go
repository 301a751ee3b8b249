package checkpoint

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of permits.
const (
	// MaxPermitSpan is the longest time for which a permit lets somebody in, and
	// how far ahead it may begin.
	MaxPermitSpan = 30 * 24 * time.Hour
	// MaxPermitEntries is the most entries that are counted.
	MaxPermitEntries = 200
	// MaxPurpose bounds the purpose, in bytes: about 40 Chinese characters.
	MaxPurpose = 120
	// MaxPermits is the most permits that one list holds.
	MaxPermits = 1000
	// permitsAtOnce is how many permits and exemptions one person can have that
	// are not over. permit.lua has the same number.
	permitsAtOnce = 8
)

// permitRecord is the length of a permit in the person's field v, whose form
// verdict.lua states.
const permitRecord = 27

// plateHash is what a permit keeps of the plate it is bound to: enough to see
// that another vehicle came, no more.
func plateHash(plate string) (h [4]byte) {
	sum := sha256.Sum256([]byte("passgate plate " + plate))
	copy(h[:], sum[:])
	return h
}

// PermitGround is why an outsider may come in.
type PermitGround string

// The grounds. Only on official business does a visitor need no host.
const (
	PermitFamily   PermitGround = "family"   // a visit to family
	PermitCare     PermitGround = "care"     // care of somebody old, young or ill
	PermitService  PermitGround = "service"  // repair, delivery, removal
	PermitOfficial PermitGround = "official" // public services, inspection, rescue
	PermitOther    PermitGround = "other"
)

// PermitGrounds lists them.
func PermitGrounds() []PermitGround {
	return []PermitGround{PermitFamily, PermitCare, PermitService, PermitOfficial, PermitOther}
}

// PermitState is where a permit stands at one moment.
type PermitState string

// The states.
const (
	PermitComing     PermitState = "coming"
	PermitInForce    PermitState = "in_force"
	PermitEnded      PermitState = "ended"      // by itself, or withdrawn
	PermitOverstayed PermitState = "overstayed" // ended, and the visitor is still inside
)

// PermitStates lists them.
func PermitStates() []PermitState {
	return []PermitState{PermitComing, PermitInForce, PermitEnded, PermitOverstayed}
}

// Visitor is a person who asks for a permit, as the guard wrote them down.
type Visitor struct {
	Name     string // see CleanName
	IDNumber string // see ParseDocument; empty if none was shown, then with a phone
	Phone    string // see ParsePhone
}

// NewPermit asks for a permit. Like a scan it is frozen before its first send:
// (Device or By, ID) is its identity, and the same one again gives the same
// permit. Exactly one of Person and Visitor says who comes.
type NewPermit struct {
	ID      string // chosen by the client, 8 to 64 characters
	Person  uint64 // somebody on record
	Visitor *Visitor
	Site    string // code of the site, a residential one
	Host    uint64 // a resident of the site; 0 on official business only
	Ground  PermitGround
	From    int64  // UTC ms, 0: from now on
	Until   int64  // UTC ms, excluded
	Entries int    // 1: single use; 0: as many as they like
	Plate   string // of their vehicle, in ParsePlate's or a form of its own; empty: any or none
	Purpose string // a line for whoever reads it later
	By      string // login of who issues it, or of the person on shift, "" if nobody is
	Device  string // code of the device that asks, "" for staff
}

// Permit lets one outsider into one site for a time. At the gate it is found by
// the person; nothing has to be shown.
type Permit struct {
	Number  uint32 // one of its own in the whole town
	Person  uint64
	Site    string // code
	Host    uint64 // 0: none
	Ground  PermitGround
	From    int64 // UTC ms
	Until   int64 // UTC ms, excluded
	Entries int   // allowed, 0: no limit
	Used    int   // entries made, as far as they are limited
	Plate   string
	Purpose string

	IssuedAt    int64  // UTC ms
	IssuedBy    string // login, "" if nobody was on shift
	Device      string // code, "" if it was issued by staff
	WithdrawnAt int64  // UTC ms, 0: not withdrawn
	WithdrawnBy string // login or code of a device

	// Overstayed tells that the visitor came in before the permit ended, is
	// still inside by their last passage, and no other permit covers that.
	Overstayed bool
}

// EndsAt is when the permit ceases to let in: Until, or its withdrawal.
func (p *Permit) EndsAt() int64 {
	if p.WithdrawnAt != 0 {
		return p.WithdrawnAt
	}
	return p.Until
}

// StateAt is the state at a time, UTC ms, not before the permit was read.
func (p *Permit) StateAt(now int64) PermitState {
	switch {
	case p.Overstayed:
		return PermitOverstayed
	case p.EndsAt() <= now:
		return PermitEnded
	case now < p.From:
		return PermitComing
	}
	return PermitInForce
}

// PermitUse is what the answer to a scan tells of the permit that let somebody
// in, as it was at that moment.
type PermitUse struct {
	Number uint32 // 0: no permit was used
	Until  int64  // UTC ms
	Left   uint8  // entries left, EntriesUnlimited if they are not counted
}

// EntriesUnlimited is PermitUse.Left of a permit without a limit.
const EntriesUnlimited = 255

// FormatPermit gives the form of the APIs: a decimal number.
func FormatPermit(number uint32) string { return strconv.FormatUint(uint64(number), 10) }

// ParsePermit reads what FormatPermit wrote and nothing else. The error is a
// *FieldError for "id".
func ParsePermit(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || FormatPermit(uint32(n)) != s {
		return 0, &FieldError{"id", "must be the number of a permit"}
	}
	return uint32(n), nil
}

// permitPartition is where a permit lies. The script counts permits for each
// partition and makes the number of count and partition.
func permitPartition(number uint32) int { return int(number % Partitions) }

// check brings a request into its stored form and refuses what no permit can be.
func (in *NewPermit) check(reg *Registry) (*Site, error) {
	site, ok := reg.Site(in.Site)
	switch {
	case len(in.ID) < 8 || len(in.ID) > 64:
		return nil, &FieldError{"id", "must have 8 to 64 characters, unique for each permit that you issue"}
	case in.By == "" && in.Device == "":
		return nil, &FieldError{"by", "is missing: somebody issues a permit"}
	case in.By != "" && !validCode(in.By):
		return nil, &FieldError{"by", "must be the login of an account"}
	case in.Device != "" && !validCode(in.Device):
		return nil, &FieldError{"device", "must be the code of a device"}
	case (in.Person == 0) == (in.Visitor == nil):
		return nil, &FieldError{"visitor", "name the visitor either by person, if they are on record, or by visitor"}
	case !ok:
		return nil, &FieldError{"site", "is not the code of a known site"}
	case !site.Kind.Residential():
		return nil, &FieldError{"site", "is a " + site.Kind.String() + ", which strangers enter without a permit: give a village or compound"}
	case !slices.Contains(PermitGrounds(), in.Ground):
		return nil, &FieldError{"ground", "must be one of family, care, service, official, other"}
	case in.Host == 0 && in.Ground != PermitOfficial:
		return nil, &FieldError{"host", "is missing: give the resident whom they visit; only official business needs none"}
	case in.Entries < 0 || in.Entries > MaxPermitEntries:
		return nil, &FieldError{"entries", fmt.Sprintf("must be 1 to %d, or 0 for as many as they like", MaxPermitEntries)}
	case len(in.Plate) > 20:
		return nil, &FieldError{"plate", "must have at most 20 bytes"}
	case len(in.Purpose) > MaxPurpose || !utf8.ValidString(in.Purpose) || strings.ContainsFunc(in.Purpose, unicode.IsControl):
		return nil, &FieldError{"purpose", fmt.Sprintf("must be one line of at most %d bytes", MaxPurpose)}
	}
	return site, nil
}

// inTime tells why a permit with these times cannot be issued any more, or yet.
func (in *NewPermit) inTime(now, fresh int64) error {
	from, most := max(in.From, now), MaxPermitSpan.Milliseconds()
	switch {
	case in.From != 0 && in.From < now-fresh:
		return &FieldError{"from", "lies in the past: leave it out for now"}
	case in.From > now+most:
		return &FieldError{"from", "must lie at most 30 days ahead"}
	case in.Until <= from:
		return &FieldError{"until", "must lie ahead, behind from"}
	case in.Until-from > most:
		return &FieldError{"until", "must lie at most 30 days behind from: issue another one then"}
	}
	return nil
}
