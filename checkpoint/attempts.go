package checkpoint

import (
	"context"
	"fmt"
	"time"
)

// Secret is a kind of secret that somebody may try to guess.
type Secret uint8

// The kinds of secrets.
const (
	SecretPassword     Secret = iota // of an account, from an address
	SecretEnrolment                  // a device's one-time code, from an address
	SecretBadge                      // a guard's badge, at a device
	SecretActivation                 // the tail of a document to the code of a household, from an address
	SecretNoActivation               // the same with a code that nobody has: counted apart, so that codes made up shut nobody out
)

// Attempt is one try of a secret. Account and Address are kept as keyed hashes
// only; which of them a kind has is said at the constants.
type Attempt struct {
	Secret  Secret
	Account string // login, the device's code, or an activation code
	Address string // network address of the client, as coarse as it should count
	// Familiar is set by Try: the account signed in from this address in the
	// last 30 days. Such tries are counted on their own, so that nobody
	// elsewhere can shut the account's owner out by guessing.
	Familiar bool
}

// TooSoonError refuses a try because too many before it were wrong. The secret
// was not looked at.
type TooSoonError struct{ Wait time.Duration }

// Error says how long to wait.
func (e *TooSoonError) Error() string {
	return fmt.Sprintf("too many tries were wrong: wait %s", e.Wait.Round(time.Second))
}

// allowance is how many wrong tries are free of any wait. After that each one
// doubles the wait, from 1 s up to the longest. A counter is forgotten when
// nobody tried for a day.
type allowance struct {
	free    int
	longest time.Duration
	clears  bool // being right clears the counter; otherwise it takes back its own try only
}

// What is allowed. An address stands for many people behind one router, an
// account is the target itself: from unfamiliar places at most about 110 guesses
// a day at one account, however many addresses they come from. Being right does
// not clear what is counted of an address, nor of an account: otherwise whoever
// has one account could guess on at others' by signing in between.
var (
	allowAccount  = allowance{free: 10, longest: 15 * time.Minute}
	allowAddress  = allowance{free: 30, longest: 15 * time.Minute}
	allowFamiliar = allowance{free: 10, longest: 5 * time.Minute} // cleared by being right, as the place is remembered anew
	allowDevice   = allowance{free: 20, longest: time.Minute, clears: true}
	// A tail has about 11,000 forms: whoever found a sheet gets about 20 guesses on
	// the first day and 6 on each after it.
	allowTail = allowance{free: 5, longest: 4 * time.Hour}
)

// Try counts a try before the secret is looked at, for all gateways together,
// so that as many at once get no further than one after the other. It fails
// with a *TooSoonError, or with ErrUnavailable, and then the secret must not be
// looked at. Whoever was right, or was never looked at, goes on to Settle.
func (s *Store) Try(ctx context.Context, a Attempt) (Attempt, error) {
	reply, err := s.attempt(ctx, "try", a)
	if err != nil {
		return a, err
	}
	if reply[0] > 0 {
		return a, &TooSoonError{time.Duration(reply[0]) * time.Millisecond}
	}
	a.Familiar = len(reply) > 1 && reply[1] == 1
	return a, nil
}

// Settle takes a try back that Try has counted: the secret was right, or (right
// is false) it was never looked at. A wrong one stays counted.
func (s *Store) Settle(ctx context.Context, a Attempt, right bool) error {
	op := "none"
	if right {
		op = "good"
	}
	_, err := s.attempt(ctx, op, a)
	return err
}

func (s *Store) attempt(ctx context.Context, op string, a Attempt) ([]int64, error) {
	place, known := "", s.keys.attempts("k:")
	if a.Secret == SecretPassword {
		place, known = raw(s.seal.blind("place", a.Address)), known+raw(s.seal.blind("login", a.Account))
	}
	keys := []string{known}
	args := []any{op, s.now(), place, bit(a.Familiar), allowFamiliar.free, allowFamiliar.longest.Milliseconds()}
	count := func(kind, who string, allow allowance) {
		keys = append(keys, s.keys.attemptCount(kind, s.seal.blind("try "+kind, who)))
		args = append(args, allow.free, allow.longest.Milliseconds(), bit(allow.clears))
	}
	switch a.Secret {
	case SecretPassword:
		count("n", a.Account, allowAccount)
		count("a", a.Address, allowAddress)
	case SecretEnrolment:
		count("e", a.Address, allowAddress)
	case SecretBadge:
		count("b", a.Account, allowDevice)
	case SecretActivation, SecretNoActivation:
		count(map[Secret]string{SecretActivation: "h", SecretNoActivation: "c"}[a.Secret], a.Account, allowTail)
		count("p", a.Address, allowAddress)
	}
	reply, err := s.run(ctx, s.rdb, attemptScript, keys, args...)
	if err != nil {
		return nil, err
	}
	list, ok := reply.([]any)
	numbers := make([]int64, len(list))
	for i, v := range list {
		n, isNumber := v.(int64)
		numbers[i], ok = n, ok && isNumber
	}
	if !ok || len(numbers) == 0 {
		return nil, fmt.Errorf("checkpoint: attempt.lua replied %T %v", reply, reply)
	}
	return numbers, nil
}
