package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// AuditHash is the SHA-256 of an entry; that of no entry is all zero.
type AuditHash [sha256.Size]byte

// String is the hash in hexadecimal digits.
func (h AuditHash) String() string { return hex.EncodeToString(h[:]) }

// AuditRecord is an entry of the audit as it is stored, chained to the one
// before it. Its bytes are
//
//	1 byte    version, 1
//	8 bytes   number (Seq)
//	8 bytes   time (At), UTC ms
//	32 bytes  hash of the entry before (Prev), zero for number 1
//	8 bytes   Writer
//	8 bytes   Rows
//	9 texts   actor, role, action, case, subject, detail, outcome, request and
//	          the sealed reason; each 2 bytes of length and that many bytes
//	32 bytes  SHA-256 of "passgate audit 1\n" and of all bytes before (Hash)
//
// All numbers are big-endian. The reason is sealed because it may name people;
// the hash covers the sealed bytes, so the chain is verified without a secret.
type AuditRecord struct {
	AuditEntry        // Reason is empty until it was opened
	Writer     uint64 // the process that wrote it, a random number
	Sealed     []byte // the reason, nil without
	Prev, Hash AuditHash
}

const (
	auditDomain  = "passgate audit 1\n"
	auditVersion = 1
	// auditText bounds each text of an entry, in bytes.
	auditText = 1024
	// auditFixed is a record without its texts and its hash.
	auditFixed = 1 + 8 + 8 + sha256.Size + 8 + 8
	auditTexts = 9
	// MaxAuditLine bounds an entry in its JSON form, in bytes.
	MaxAuditLine = 64 << 10
)

// texts are the texts in their order, without the sealed reason.
func (r *AuditRecord) texts() [auditTexts - 1]*string {
	return [...]*string{&r.Actor, &r.Role, &r.Action, &r.Case, &r.Subject, &r.Detail, &r.Outcome, &r.Request}
}

// appendBody writes the bytes that the hash covers, after the domain.
func (r *AuditRecord) appendBody(b []byte) []byte {
	b = append(b, auditVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(r.At))
	b = append(b, r.Prev[:]...)
	b = binary.BigEndian.AppendUint64(b, r.Writer)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Rows))
	for _, text := range r.texts() {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(*text))), *text...)
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(r.Sealed))), r.Sealed...)
}

// Sum is the hash that the entry should have.
func (r *AuditRecord) Sum() AuditHash {
	return sha256.Sum256(r.appendBody([]byte(auditDomain)))
}

// encode puts the hash in place and gives the stored form.
func (r *AuditRecord) encode() []byte {
	b := r.appendBody(append(make([]byte, 0, 512), auditDomain...))
	r.Hash = sha256.Sum256(b)
	return append(b[len(auditDomain):], r.Hash[:]...)
}

var errAuditForm = errors.New("checkpoint: an entry of the audit is not in its form")

// decodeAudit reads the stored form. It does not check the hash.
func decodeAudit(b []byte) (r AuditRecord, err error) {
	if len(b) < auditFixed+2*auditTexts+sha256.Size || b[0] != auditVersion {
		return r, errAuditForm
	}
	r.Hash = AuditHash(b[len(b)-sha256.Size:])
	r.Seq, r.At = int64(binary.BigEndian.Uint64(b[1:])), int64(binary.BigEndian.Uint64(b[9:]))
	r.Prev = AuditHash(b[17 : 17+sha256.Size])
	r.Writer, r.Rows = binary.BigEndian.Uint64(b[49:]), int64(binary.BigEndian.Uint64(b[57:]))
	rest := b[auditFixed : len(b)-sha256.Size]
	next := func() (text []byte, ok bool) {
		if len(rest) < 2 {
			return nil, false
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n > len(rest)-2 {
			return nil, false
		}
		text, rest = rest[2:2+n], rest[2+n:]
		return text, true
	}
	for _, text := range r.texts() {
		value, ok := next()
		if !ok {
			return AuditRecord{}, errAuditForm
		}
		*text = string(value)
	}
	sealed, ok := next()
	if !ok || len(rest) != 0 {
		return AuditRecord{}, errAuditForm
	}
	if len(sealed) > 0 {
		r.Sealed = bytes.Clone(sealed)
	}
	return r, nil
}

// cleanAudit makes texts fit for the record: valid UTF-8 of at most auditText
// bytes. A record cut short is better than none.
func cleanAudit(r *AuditRecord) {
	for _, text := range append([]*string{&r.Reason}, sliceOf(r.texts())...) {
		*text = strings.ToValidUTF8(*text, "\ufffd")
		if len(*text) > auditText {
			*text = strings.ToValidUTF8((*text)[:auditText], "")
		}
	}
}

func sliceOf(texts [auditTexts - 1]*string) []*string { return texts[:] }

// auditLine is the JSON form, in which entries are answered and exported.
type auditLine struct {
	Seq     int64  `json:"seq"`
	At      string `json:"at"`
	Actor   string `json:"actor"`
	Role    string `json:"role"`
	Action  string `json:"action"`
	Case    string `json:"case"`
	Reason  string `json:"reason"`
	Subject string `json:"subject"`
	Detail  string `json:"detail"`
	Outcome string `json:"outcome"`
	Rows    int64  `json:"rows"`
	Request string `json:"request"`
	Sealed  []byte `json:"reason_sealed"`
	Writer  string `json:"writer"`
	Prev    string `json:"prev"`
	Hash    string `json:"hash"`
}

const auditTime = "2006-01-02T15:04:05.000Z"

// AppendJSON writes the entry as one JSON object. An entry has one form only.
func (r *AuditRecord) AppendJSON(b []byte) []byte {
	out := bytes.NewBuffer(b)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	sealed := r.Sealed
	if sealed == nil {
		sealed = []byte{}
	}
	err := enc.Encode(auditLine{
		r.Seq, time.UnixMilli(r.At).UTC().Format(auditTime), r.Actor, r.Role, r.Action, r.Case, r.Reason, r.Subject, r.Detail,
		r.Outcome, r.Rows, r.Request, sealed, fmt.Sprintf("%016x", r.Writer), r.Prev.String(), r.Hash.String(),
	})
	if err != nil {
		panic("checkpoint: texts and numbers cannot fail to encode: " + err.Error())
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// ParseAuditJSON reads what AppendJSON wrote, and nothing else: any other
// spelling of the same values is refused, so that what a reader sees is what
// was hashed. The text of the reason alone is not under the hash, its sealed
// form is. It does not check the hash.
func ParseAuditJSON(text []byte) (AuditRecord, error) {
	var line auditLine
	if len(text) > MaxAuditLine {
		return AuditRecord{}, fmt.Errorf("%w: it is longer than %d bytes", errAuditForm, MaxAuditLine)
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return AuditRecord{}, fmt.Errorf("%w: %w", errAuditForm, err)
	}
	at, err := time.Parse(auditTime, line.At)
	if err != nil {
		return AuditRecord{}, fmt.Errorf("%w: at: %w", errAuditForm, err)
	}
	r := AuditRecord{AuditEntry: AuditEntry{
		Seq: line.Seq, At: at.UnixMilli(), Actor: line.Actor, Role: line.Role, Action: line.Action, Case: line.Case, Reason: line.Reason,
		Subject: line.Subject, Detail: line.Detail, Outcome: line.Outcome, Request: line.Request, Rows: line.Rows,
	}}
	if len(line.Sealed) > 0 {
		r.Sealed = line.Sealed
	}
	if r.Writer, err = strconv.ParseUint(line.Writer, 16, 64); err != nil {
		return AuditRecord{}, fmt.Errorf("%w: writer: %w", errAuditForm, err)
	}
	if r.Prev, err = parseAuditHash(line.Prev); err != nil {
		return AuditRecord{}, err
	}
	if r.Hash, err = parseAuditHash(line.Hash); err != nil {
		return AuditRecord{}, err
	}
	if len(r.Sealed) > 2*auditText || !bytes.Equal(r.AppendJSON(nil), text) {
		return AuditRecord{}, fmt.Errorf("%w: it is not written as it was exported", errAuditForm)
	}
	for _, value := range r.texts() {
		if len(*value) > auditText {
			return AuditRecord{}, fmt.Errorf("%w: a text is longer than %d bytes", errAuditForm, auditText)
		}
	}
	return r, nil
}

func parseAuditHash(text string) (h AuditHash, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("%w: a hash has 64 hexadecimal digits", errAuditForm)
	}
	return AuditHash(b), nil
}
