package backup

import (
	"errors"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
)

// signedIn gives a Redis the users of deploy/redis-users.acl, with passwords, and
// signs in as one of them.
func signedIn(t *testing.T, w *world, c redis.UniversalClient) (as func(user string) redis.UniversalClient) {
	t.Helper()
	for line := range strings.Lines(redisd.Users(w.prefix)) {
		if strings.HasPrefix(line, "user default") {
			continue // the test itself needs it
		}
		args := []any{"ACL", "SETUSER"}
		for _, word := range append(strings.Fields(line)[1:], ">secret of the test") {
			args = append(args, word)
		}
		must(t, c.Do(t.Context(), args...).Err())
	}
	addr := c.(*redis.Client).Options().Addr //nolint:forcetypeassert // of newRedis
	return func(user string) redis.UniversalClient {
		o := checkpoint.Tune(&redis.UniversalOptions{Addrs: []string{addr}, Username: user, Password: "secret of the test"})
		one := checkpoint.Connect(o)
		t.Cleanup(func() { _ = one.Close() })
		return one
	}
}

// TestTheOperatorMayBackUpAndRestoreAndAGatewayMayNot: with the published users.
func TestTheOperatorMayBackUpAndRestoreAndAGatewayMayNot(t *testing.T) {
	t.Parallel()
	from := newRedis(t)
	w := newWorld(t, []string{from.(*redis.Client).Options().Addr}, 20) //nolint:forcetypeassert // of newRedis
	w.pass(2)
	as := signedIn(t, w, from)
	src := w.source(nil)
	src.Client = as(redisd.ServerUser)
	if _, err := Create(t.Context(), src, w.options()); !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "may not SYNC") {
		t.Errorf("as a gateway: %v", err)
	}
	src.Client = as(redisd.OperatorUser)
	taken, err := Create(t.Context(), src, w.options())
	must(t, err)

	to := signedIn(t, w, newRedis(t))
	if _, err := Restore(t.Context(), taken.Dir, w.target(to(redisd.ServerUser)), w.restoring()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("restored as a gateway: %v", err)
	}
	restored, err := Restore(t.Context(), taken.Dir, w.target(to(redisd.OperatorUser)), w.restoring())
	must(t, err)
	if restored.Digests["trail"] != taken.Manifest.Digests["trail"] {
		t.Errorf("digests: %v, %v", restored.Digests, taken.Manifest.Digests)
	}
}

// TestTheMasterBehindSentinelsIsBackedUp: its address comes from them.
func TestTheMasterBehindSentinelsIsBackedUp(t *testing.T) {
	t.Parallel()
	group, err := redisd.StartSentinel(t.Context(), redisd.SentinelOptions{Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { must(t, group.Stop()) })
	c := checkpoint.Connect(checkpoint.Tune(&redis.UniversalOptions{Addrs: group.Addrs(), MasterName: redisd.SentinelMaster}))
	t.Cleanup(func() { _ = c.Close() })
	w := worldOn(t, c, 20)
	w.pass(2)
	taken := w.backup()
	one := newRedis(t)
	_, err = Restore(t.Context(), taken.Dir, w.target(one), w.restoring())
	must(t, err)
	w.checkPeople(one)
}
