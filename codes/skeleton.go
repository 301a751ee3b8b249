package codes

import (
	"errors"
	"io"
	"time"
)

var errTodo = errors.New("codes: not written yet")
var ErrNoSigningKey = errors.New("codes: the ring holds no key that may sign now")

type Ring struct{}
type KeyInfo struct {
	KeyID                           string
	Use                             string // "pass" or "list"
	CreatedAt, SignsFrom, RetiredAt time.Time
	CanSign                         bool
}
type Signer struct{}
type Verifier struct{}
type Request struct {
	Person     uint64
	Generation uint32
	Kind       Kind
	Home       string
	NotBefore  time.Time
	Days       int
}

const MaxGeneration = 255

func CreateRing(dir string, now time.Time) (*Ring, error) { return nil, errTodo }
func OpenRing(dir string) (*Ring, error)                  { return nil, errTodo }
func RingFromEnv(value string) (*Ring, error)             { return nil, errTodo }

func (r *Ring) Rotate(now time.Time) (kid string, err error)     { return "", errTodo }
func (r *Ring) RotateList(now time.Time) (kid string, err error) { return "", errTodo }
func (r *Ring) Reload() (changed bool, err error)                { return false, errTodo }
func (r *Ring) List() []KeyInfo                                  { return nil }
func (r *Ring) JWKS(now time.Time) ([]byte, error)               { return nil, errTodo }
func (r *Ring) Retire(now time.Time) ([]string, error)           { return nil, errTodo }
func (r *Ring) Prune(now time.Time, retention time.Duration) ([]string, error) {
	return nil, errTodo
}
func (r *Ring) VerifyOnly() *Ring                      { return nil } // copy without private keys
func (r *Ring) Export() ([]byte, error)                { return nil, errTodo } // JSON for PASSGATE_KEYS
func (r *Ring) SaveTo(dir string) error                { return errTodo }
func (r *Ring) Signer(now time.Time) (*Signer, error)  { return nil, errTodo }
func (r *Ring) Verifier() *Verifier                    { return nil } // follows Rotate and Reload
func (r *Ring) SiteKey(site string) []byte             { return nil }
func (p Pass) OfSite(siteKey []byte) bool              { return false }
func (r *Ring) Open(p Pass) (person uint64, generation uint32, ok bool) { return 0, 0, false }

// Issue gives the JWT, IssueCompact the text of the QR.
func (s *Signer) Issue(q Request) (Pass, string, error)        { return Pass{}, "", errTodo }
func (s *Signer) IssueCompact(q Request) (Pass, string, error) { return Pass{}, "", errTodo }

func VerifierFromJWKS(json []byte) (*Verifier, error)         { return nil, errTodo }
func (v *Verifier) Verify(token string) (Pass, *Refusal)      { return Pass{}, nil }
func (v *Verifier) Expand(compact string) (string, error)     { return "", errTodo }
func (v *Verifier) Compact(token string) (string, error)      { return "", errTodo }

// Revoked is one entry of the list with the time (Unix s) from which it can be dropped.
type Revoked struct {
	ID        [8]byte
	ExpiresAt int64
}
type RevocationList struct {
	Counter, Since      uint64
	IssuedAt, ExpiresAt int64
	IDs                 [][8]byte
}

func (l RevocationList) Contains(id [8]byte) bool                             { return false }
func (r *Ring) SignList(list RevocationList, now time.Time) (string, error)   { return "", errTodo }
func (v *Verifier) VerifyList(token string, now time.Time) (RevocationList, error) {
	return RevocationList{}, errTodo
}
func Merge(full, delta RevocationList) (RevocationList, error)           { return RevocationList{}, errTodo }
func Pad(entries []Revoked, random io.Reader) ([]Revoked, error)         { return nil, errTodo }
func (r *Ring) Enumerate(person uint64, generation uint32, from, to time.Time) []Revoked { return nil }

func QRPNG(text string, size int) ([]byte, error) { return nil, errTodo }
func QRSVG(text string) ([]byte, error)           { return nil, errTodo }
func QRTerminal(text string) (string, error)      { return "", errTodo }

// Question is what the guard asks the holder of a paper pass.
type Question int

const (
	AskBirthYearAndDoor Question = iota
	AskDocumentTail
)

type SheetPass struct {
	Name, Site, Door    string
	Token               string // compact form
	NotBefore, ExpiresAt int64 // Unix s
	Question            Question
}
type SheetData struct {
	Title  string
	Passes []SheetPass
}

func Sheet(w io.Writer, data SheetData) error { return errTodo }
