package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// AuditHead says, under a gateway's signature, which entry the chain ended with
// at a time. Heads are kept outside Redis: whoever can write there can make a
// chain without a flaw, but not one that goes through the heads. The signature
// (Ed25519) is over
//
//	"passgate audit head 1\n", number (8 bytes), hash (32), time in UTC ms (8),
//	and gateway and mark, each with 2 bytes of length before; big-endian
type AuditHead struct {
	Seq     int64
	Hash    AuditHash
	At      int64 // UTC ms
	Gateway string
	Mark    string // "" for most, or AuditCut, AuditBroken
	Key     string // names the public key: AuditKeyID
	Sig     []byte
}

// What a head can be marked as.
const (
	// AuditCut: the entries up to this one were cut off, their time was over.
	AuditCut = "cut"
	// AuditBroken: the chain that was found later does not go through here.
	AuditBroken = "broken"
)

const (
	auditHeadDomain = "passgate audit head 1\n"
	maxGatewayName  = 100
	// MaxAuditHead bounds a head in its JSON form, in bytes.
	MaxAuditHead = 1 << 10
)

// AuditKeyID names a public key: the first 16 hexadecimal digits of its SHA-256.
func AuditKeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

func (h *AuditHead) message() []byte {
	b := binary.BigEndian.AppendUint64([]byte(auditHeadDomain), uint64(h.Seq))
	b = binary.BigEndian.AppendUint64(append(b, h.Hash[:]...), uint64(h.At))
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(h.Gateway))), h.Gateway...)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(h.Mark))), h.Mark...)
}

// Errors of a head.
var (
	// ErrHeadKey: it is signed by a key that is not among those given.
	ErrHeadKey = errors.New("checkpoint: the head is signed by another key")
	// ErrHeadSignature: it was changed, or its signature was.
	ErrHeadSignature = errors.New("checkpoint: the signature of the head is wrong")
)

// Verify checks the signature with the one of the keys that the head names.
// Errors: ErrHeadKey, ErrHeadSignature.
func (h *AuditHead) Verify(keys []ed25519.PublicKey) error {
	for _, key := range keys {
		if AuditKeyID(key) != h.Key {
			continue
		}
		if !ed25519.Verify(key, h.message(), h.Sig) {
			return ErrHeadSignature
		}
		return nil
	}
	return ErrHeadKey
}

// AuditSigner signs heads for one gateway, with a key that signs nothing else.
type AuditSigner struct {
	key     ed25519.PrivateKey
	gateway string
}

// NewAuditSigner takes the 32 bytes from which the key is made, and the
// gateway's name.
func NewAuditSigner(seed []byte, gateway string) (*AuditSigner, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("checkpoint: the audit key has %d bytes, it must have %d", len(seed), ed25519.SeedSize)
	}
	if gateway == "" || !validLine(gateway, maxGatewayName) {
		return nil, fmt.Errorf("checkpoint: the gateway's name must be one line of 1 to %d bytes", maxGatewayName)
	}
	return &AuditSigner{ed25519.NewKeyFromSeed(seed), gateway}, nil
}

// Public is the key with which others verify.
func (a *AuditSigner) Public() ed25519.PublicKey {
	return a.key.Public().(ed25519.PublicKey) //nolint:forcetypeassert // says crypto/ed25519
}

// Sign signs a head at a time (UTC ms).
func (a *AuditSigner) Sign(seq int64, hash AuditHash, at int64, mark string) AuditHead {
	h := AuditHead{Seq: seq, Hash: hash, At: at, Gateway: a.gateway, Mark: mark, Key: AuditKeyID(a.Public())}
	h.Sig = ed25519.Sign(a.key, h.message())
	return h
}

// auditHeadLine is the JSON form.
type auditHeadLine struct {
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
	At      string `json:"at"`
	Gateway string `json:"gateway"`
	Mark    string `json:"mark"`
	Key     string `json:"key"`
	Sig     []byte `json:"sig"`
}

// MarshalJSON writes the form of the file of heads and of the API.
func (h AuditHead) MarshalJSON() ([]byte, error) {
	return json.Marshal(auditHeadLine{
		h.Seq, h.Hash.String(), time.UnixMilli(h.At).UTC().Format(auditTime), h.Gateway, h.Mark, h.Key, h.Sig,
	})
}

var errHeadForm = errors.New("checkpoint: a head of the audit is not in its form")

// UnmarshalJSON reads it. It does not check the signature.
func (h *AuditHead) UnmarshalJSON(text []byte) error {
	var line auditHeadLine
	if len(text) > MaxAuditHead {
		return fmt.Errorf("%w: it is longer than %d bytes", errHeadForm, MaxAuditHead)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&line); err != nil {
		return fmt.Errorf("%w: %w", errHeadForm, err)
	}
	at, err := time.Parse(auditTime, line.At)
	if err != nil {
		return fmt.Errorf("%w: at: %w", errHeadForm, err)
	}
	hash, err := parseAuditHash(line.Hash)
	if err != nil {
		return fmt.Errorf("%w: hash: %w", errHeadForm, err)
	}
	switch {
	case line.Seq < 0:
		return fmt.Errorf("%w: seq is negative", errHeadForm)
	case line.Mark != "" && line.Mark != AuditCut && line.Mark != AuditBroken:
		return fmt.Errorf("%w: there is no such mark", errHeadForm)
	}
	*h = AuditHead{line.Seq, hash, at.UnixMilli(), line.Gateway, line.Mark, line.Key, line.Sig}
	return nil
}

// ParseAuditHeads reads a file of heads, one a line. A last line without its end
// is left out: the gateway was ended while it wrote it. An error names the line.
func ParseAuditHeads(text []byte) ([]AuditHead, error) {
	var heads []AuditHead
	for n := 1; ; n++ {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return heads, nil
		}
		var h AuditHead
		if err := json.Unmarshal(line, &h); err != nil {
			return heads, fmt.Errorf("line %d: %w", n, err)
		}
		heads, text = append(heads, h), rest
	}
}
