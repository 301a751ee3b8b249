package checkpoint

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// try makes one try and tells how long it has to wait, 0 if it was let through.
func try(t *testing.T, s *Store, a Attempt) (Attempt, time.Duration) {
	t.Helper()
	got, err := s.Try(t.Context(), a)
	var soon *TooSoonError
	if err != nil && !errors.As(err, &soon) {
		t.Fatal(err)
	}
	if soon != nil {
		return got, soon.Wait
	}
	return got, 0
}

func settle(t *testing.T, s *Store, a Attempt, right bool) {
	t.Helper()
	if err := s.Settle(t.Context(), a, right); err != nil {
		t.Fatal(err)
	}
}

// guess tries wrongly until it has to wait.
func guess(t *testing.T, s *Store, a Attempt, most int) (tries int, wait time.Duration) {
	t.Helper()
	for tries < most {
		if _, wait = try(t, s, a); wait > 0 {
			return tries, wait
		}
		tries++
	}
	return tries, 0
}

func TestGuessesAtOneAccountGetFewWhereverTheyComeFrom(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	n := 0
	elsewhere := func() Attempt { n++; return Attempt{Account: "wang", Address: fmt.Sprintf("198.51.100.%d", n)} }
	count := 0
	for range 24 * 60 * 2 { // a day of a try each half minute
		if _, wait := try(t, s, elsewhere()); wait == 0 {
			count++
		}
		clock.Advance(30 * time.Second)
	}
	if count < 96 || count > 120 {
		t.Errorf("%d guesses in a day, want about 110", count)
	}
	if _, wait := try(t, s, elsewhere()); wait < 10*time.Minute || wait > allowAccount.longest {
		t.Errorf("then wait %s", wait)
	}
	if _, wait := try(t, s, Attempt{Account: "li", Address: "198.51.100.1"}); wait > 0 {
		t.Errorf("another account waits %s", wait)
	}
}

func TestWaitsDoubleAndAreForgotten(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	a := Attempt{Account: "wang", Address: "198.51.100.1"}
	if tries, wait := guess(t, s, a, 1000); tries != allowAccount.free || wait != time.Second {
		t.Errorf("%d tries, then wait %s", tries, wait)
	}
	for want := time.Second; want < 5*time.Minute; want *= 2 {
		_, wait := try(t, s, a)
		if wait != want {
			t.Fatalf("wait %s, want %s", wait, want)
		}
		clock.Advance(wait)
		if _, wait = try(t, s, a); wait > 0 {
			t.Fatalf("having waited, wait %s more", wait)
		}
	}
	clock.Advance(-time.Hour) // the clock was wrong by an hour
	if _, wait := try(t, s, a); wait > 0 {
		t.Errorf("a clock that was ahead makes everybody wait %s", wait)
	}
	if ttl := s.rdb.PTTL(t.Context(), s.keys.attemptCount("n", s.seal.blind("try n", "wang"))).Val(); ttl <= 0 || ttl > 24*time.Hour {
		t.Errorf("the counter lives for %s", ttl)
	}
}

func TestSprayOfOneAddressOverManyAccounts(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	for i := range 2 * allowAddress.free {
		a, wait := try(t, s, Attempt{Account: fmt.Sprintf("staff-%d", i), Address: "198.51.100.1"})
		if i < allowAddress.free == (wait > 0) {
			t.Fatalf("try %d of the address waits %s", i, wait)
		}
		if i%3 == 2 && wait == 0 { // with an account of one's own in between
			own, wait := try(t, s, Attempt{Account: "own", Address: "198.51.100.1"})
			if wait > 0 {
				t.Fatalf("own account after %d tries waits %s", i, wait)
			}
			settle(t, s, own, true)
		}
		_ = a
	}
	if _, wait := try(t, s, Attempt{Account: "staff-1", Address: "198.51.100.2"}); wait > 0 {
		t.Errorf("another address waits %s", wait)
	}
}

func TestGuessingDoesNotShutTheOwnerOut(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	home := Attempt{Account: "wang", Address: "203.0.113.7"}
	first, _ := try(t, s, home)
	settle(t, s, first, true)
	for i := range 50 { // the account is guessed at from everywhere, and from the owner's router
		try(t, s, Attempt{Account: "wang", Address: fmt.Sprintf("198.51.100.%d", i)})
		guess(t, s, Attempt{Account: fmt.Sprintf("other-%d", i), Address: home.Address}, 1)
	}
	if _, wait := try(t, s, Attempt{Account: "wang", Address: "192.0.2.1"}); wait == 0 {
		t.Fatal("the account is not guarded")
	}
	for range 3 {
		again, wait := try(t, s, home)
		if wait > 0 || !again.Familiar {
			t.Fatalf("the owner at home waits %s, familiar %v", wait, again.Familiar)
		}
		settle(t, s, again, true)
	}
	// At home, too, guesses are few, and being right begins anew.
	if tries, wait := guess(t, s, home, 1000); tries != allowFamiliar.free || wait == 0 {
		t.Errorf("%d guesses at home, then wait %s", tries, wait)
	}
	clock.Advance(time.Minute)
	back, wait := try(t, s, home)
	if wait > 0 {
		t.Fatalf("a minute later wait %s", wait)
	}
	settle(t, s, back, true)
	if tries, _ := guess(t, s, home, 1000); tries != allowFamiliar.free {
		t.Errorf("after being right %d guesses", tries)
	}
	clock.Advance(31 * 24 * time.Hour)
	if a, _ := try(t, s, home); a.Familiar {
		t.Error("a place is familiar after a month without a sign-in")
	}
}

func TestRightTriesTakeBackTheirOwnOnly(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	a := Attempt{Account: "wang", Address: "198.51.100.1"}
	guess(t, s, a, allowAccount.free-1)
	last, wait := try(t, s, a)
	if wait > 0 {
		t.Fatal(wait)
	}
	settle(t, s, last, false) // it was never looked at
	if tries, _ := guess(t, s, a, 1000); tries != 1 {
		t.Errorf("then %d tries, want 1", tries)
	}
	d := Attempt{Secret: SecretBadge, Account: "D1"}
	guess(t, s, d, allowDevice.free-1)
	right, _ := try(t, s, d)
	settle(t, s, right, true)
	if tries, _ := guess(t, s, d, 1000); tries != allowDevice.free {
		t.Errorf("a right badge leaves %d tries, want all %d", tries, allowDevice.free)
	}
	if tries, _ := guess(t, s, Attempt{Secret: SecretEnrolment, Address: "198.51.100.1"}, 1000); tries != allowAddress.free {
		t.Errorf("%d codes tried; passwords are another matter", tries)
	}
}

// Fifty gateways at once get no further than one.
func TestTriesAtOnceAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	var through atomic.Int64
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if _, err := s.Try(t.Context(), Attempt{Account: "wang", Address: fmt.Sprintf("10.0.0.%d", i)}); err == nil {
				through.Add(1)
			}
		})
	}
	wg.Wait()
	if n := through.Load(); n != int64(allowAccount.free) {
		t.Errorf("%d of 200 tries at once got through, want %d", n, allowAccount.free)
	}
}

func TestWhatIsKeptOfTriesIsBoundedAndNamesNobody(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	for i := range 40 {
		a, _ := try(t, s, Attempt{Account: "wang", Address: fmt.Sprintf("203.0.113.%d", i)})
		settle(t, s, a, true)
		clock.Advance(time.Second)
	}
	known := s.keys.attempts("k:") + raw(s.seal.blind("login", "wang"))
	if n := s.rdb.HLen(t.Context(), known).Val(); n != 32 {
		t.Errorf("%d places are kept of one account, want 32", n)
	}
	if a, _ := try(t, s, Attempt{Account: "wang", Address: "203.0.113.39"}); !a.Familiar {
		t.Error("the newest place is not familiar")
	}
	if a, _ := try(t, s, Attempt{Account: "wang", Address: "203.0.113.0"}); a.Familiar {
		t.Error("the oldest place is kept")
	}
	if got, want := len(s.keys.attemptCount("a", 1<<63|7)), len(s.keys.attempts("a:"))+2; got != want {
		t.Errorf("a counter's key has %d bytes, want %d: strangers choose one of 65,536", got, want)
	}
	if s.keys.attemptCount("a", 1<<63|7) != s.keys.attemptCount("a", 1<<63|8) {
		t.Error("counters are not shared")
	}
	for _, key := range s.rdb.Keys(t.Context(), s.keys.prefix+"*").Val() {
		if strings.Contains(key, "wang") || strings.Contains(key, "203.0.113") {
			t.Errorf("key %q names somebody", key)
		}
	}
}
