package gateway

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

// Cost of one hash: 19 MiB and two passes, as OWASP asks at least, about 50 ms.
const (
	argonMemory  = 19 * 1024 // KiB
	argonPasses  = 2
	argonThreads = 1
	saltBytes    = 16
	hashBytes    = 32
	maxPassword  = 256 // bytes

	hashesAtOnce     = 2
	hashesOfFamiliar = 1 // more, for who is signed in, or did so from the same place lately
	hashesWaiting    = 16
)

// hashMemory is what HashPassword takes, KiB. Only the tests change it: the race
// detector makes memory dear.
var hashMemory uint32 = argonMemory

// HashPassword makes the PHC string that a Staff record keeps. It takes about
// 50 ms and 19 MiB.
func HashPassword(password string) (string, error) { return hashWith(hashMemory, password) }

func hashWith(memory uint32, password string) (string, error) {
	var salt [saltBytes]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return "", fmt.Errorf("gateway: salt: %w", err)
	}
	hash := argon2.IDKey([]byte(password), salt[:], argonPasses, memory, argonThreads, hashBytes)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, argonPasses,
		argonThreads, enc.EncodeToString(salt[:]), enc.EncodeToString(hash)), nil
}

var errPHC = errors.New("gateway: a stored password hash is not an argon2id PHC string within the bounds")

// verifyPassword compares a password with a PHC string. Costs beyond what a
// gateway can bear are an error: the string comes from a record.
func verifyPassword(phc, password string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, errPHC
	}
	var version int
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, errPHC
	}
	salt, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
	want, errHash := base64.RawStdEncoding.DecodeString(parts[5])
	if errSalt != nil || errHash != nil || len(salt) < 8 || len(salt) > 64 || len(want) < 16 || len(want) > 64 ||
		memory < 8 || memory > 256*1024 || passes < 1 || passes > 16 || threads < 1 || threads > 8 {
		return false, errPHC
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want))) //nolint:gosec // bounded above
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// passwordDesk lets few hashes run at once: they are dear, and whoever tries
// passwords must not slow the gates down.
type passwordDesk struct {
	slots   chan struct{}
	waiting atomic.Int32
	hashed  atomic.Int64 // how many passwords so far
	decoy   string       // hashed in place of an unknown account's
}

// newPasswordDesks makes the desk for everybody and that for the familiar.
func newPasswordDesks() (strangers, familiar *passwordDesk, err error) {
	decoy, err := HashPassword(rand.Text())
	if err != nil {
		return nil, nil, err
	}
	desk := func(atOnce int) *passwordDesk { return &passwordDesk{slots: make(chan struct{}, atOnce), decoy: decoy} }
	return desk(hashesAtOnce), desk(hashesOfFamiliar), nil
}

// enter waits for a slot; leave has to be called after it.
func (d *passwordDesk) enter(ctx context.Context) error {
	if d.waiting.Add(1) > hashesWaiting {
		d.waiting.Add(-1)
		return failure(codeTooMany, "too many sign-ins at once")
	}
	defer d.waiting.Add(-1)
	select {
	case d.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return failure(codeTooMany, "too many sign-ins at once")
	}
}

func (d *passwordDesk) leave() { <-d.slots }

// check compares a password with a PHC string. An empty one, of an unknown
// account, costs the same and is never right.
func (d *passwordDesk) check(ctx context.Context, phc, password string) (bool, error) {
	if err := d.enter(ctx); err != nil {
		return false, err
	}
	defer d.leave()
	d.hashed.Add(1)
	if phc == "" {
		_, err := verifyPassword(d.decoy, password)
		return false, err
	}
	return verifyPassword(phc, password)
}

// hash is HashPassword in its turn.
func (d *passwordDesk) hash(ctx context.Context, password string) (string, error) {
	if err := d.enter(ctx); err != nil {
		return "", err
	}
	defer d.leave()
	d.hashed.Add(1)
	return HashPassword(password)
}
