package codes

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// A gate's paper log is kept on printed pages for when nothing else works. Each
// page has a QR that names it, so that whoever types it back says which page it
// is without a slip:
//
//	PGL1-<gate code>-<yyyymmdd>-<page number>-<check>
//
// The check is 4 characters over all before it. It guards against mistakes; who
// may type the pages of a gate, and which were printed, is for the gateway to say.

// LogRows is how many rows a page has, numbered from 1.
const LogRows = 25

// MaxLogPage is the highest number that a page of one gate and day can have.
const MaxLogPage = 9999

// ErrLogPage says that a text names no page of a paper log.
var ErrLogPage = errors.New("codes: not the code of a log page: scan it again, or type PGL1-, the gate, the date, the page and the last four characters as printed")

// LogPage names one printed page.
type LogPage struct {
	Gate   string // the gate's code
	Date   string // of printing, at the place: yyyymmdd
	Number int    // 1 to MaxLogPage, never twice for a gate and day
}

var logPage = regexp.MustCompile(`^PGL1-([A-Za-z0-9][A-Za-z0-9_-]{0,39})-([0-9]{8})-([1-9][0-9]{0,3})-([0-9A-HJKMNP-TV-Z]{4})$`)

// String is the text of the page's QR.
func (p LogPage) String() string {
	body := fmt.Sprintf("PGL1-%s-%s-%d", p.Gate, p.Date, p.Number)
	return body + "-" + logCheck(body)
}

// logCheck is the first 20 bits of the SHA-256 in characters that nobody takes
// for others (Crockford's base32).
func logCheck(body string) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	sum := sha256.Sum256([]byte(body))
	bits := uint32(sum[0])<<16 | uint32(sum[1])<<8 | uint32(sum[2])
	var check [4]byte
	for i := range check {
		check[i] = digits[bits>>(19-5*i)&31]
	}
	return string(check[:])
}

// ParseLogPage reads what String wrote and nothing else. The error is ErrLogPage.
func ParseLogPage(text string) (LogPage, error) {
	parts := logPage.FindStringSubmatch(text)
	if parts == nil {
		return LogPage{}, ErrLogPage
	}
	number, _ := strconv.Atoi(parts[3]) // four digits
	page := LogPage{Gate: parts[1], Date: parts[2], Number: number}
	if _, err := page.PrintedAt(time.UTC); err != nil || page.String() != text {
		return LogPage{}, ErrLogPage
	}
	return page, nil
}

// PrintedAt is the beginning of the day of printing in the zone of the place.
func (p LogPage) PrintedAt(zone *time.Location) (time.Time, error) {
	day, err := time.ParseInLocation("20060102", p.Date, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %.8q is no date", ErrLogPage, p.Date)
	}
	return day, nil
}
