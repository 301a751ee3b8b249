package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/factor"
)

// signIn finds the account that a login and password belong to, and the code of
// one that has a second factor. Whether the login is unknown, the account disabled,
// the password or the code wrong makes no difference in the answer, in the work, or
// in what is counted. Only who has the password hears that a code is missing. Tries
// are counted before the password is looked at; without Redis nobody signs in.
//
// Those from where the account signed in lately wait for a hash at a desk of
// their own, so that a flood of guesses does not keep them out.
func (s *Server) signIn(c *fiber.Ctx, login, password, code string) (*checkpoint.Staff, error) {
	ctx := s.context(c)
	staff, known := s.store.Registry().Staff(login)
	phc := ""
	if known {
		phc = staff.PasswordHash
	}
	address := s.addressOf(c)
	if err := s.doorstep.admit(address, s.now()); err != nil {
		return nil, err
	}
	try, err := s.store.Try(ctx, checkpoint.Attempt{Secret: checkpoint.SecretPassword, Account: login, Address: address})
	if err != nil {
		return nil, err
	}
	desk := s.passwords
	if try.Familiar {
		desk = s.familiar
	}
	right, err := desk.check(ctx, phc, password)
	if err != nil { // a full desk has not looked at it
		return nil, errors.Join(err, s.settle(try, false))
	}
	if !right || !known || staff.Disabled {
		account := "" // what else is typed there may be a password
		if known {
			account = login
		}
		s.log(c).Warn("a sign-in was refused", "account", account)
		return nil, wrongSignIn()
	}
	if staff.TOTP {
		if err := s.proveFactor(ctx, try, staff, code); err != nil {
			return nil, err
		}
	}
	return staff, s.settle(try, true)
}

func wrongSignIn() error { return failure(codeUnauthorized, "login, password or code is wrong") }

// proveFactor takes the code of an account whose password was right. A wrong one
// stays counted; a missing one is as if nobody had tried, which is not the same as
// being right: that would make guesses at the code free.
func (s *Server) proveFactor(ctx context.Context, try checkpoint.Attempt, staff *checkpoint.Staff, code string) error {
	if code == "" {
		return errors.Join(failure(codeCodeRequired, "this account has a second factor: give the code that its app shows"), s.settle(try, false))
	}
	err := factor.Prove(ctx, s.store, staff, code)
	switch {
	case errors.Is(err, factor.ErrWrong):
		return wrongSignIn()
	case err != nil:
		return errors.Join(err, s.settle(try, false))
	}
	return nil
}

// settle takes a try back that was right or never looked at, also when it took
// all the time that the request had.
func (s *Server) settle(try checkpoint.Attempt, right bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkpoint.ClientTimeout)
	defer cancel()
	return s.store.Settle(ctx, try, right)
}

// tryEnrolment counts a one-time code that is not known here against the
// address that it comes from.
func (s *Server) tryEnrolment(c *fiber.Ctx) error {
	address := s.addressOf(c)
	if err := s.doorstep.admit(address, s.now()); err != nil {
		return err
	}
	_, err := s.store.Try(s.context(c), checkpoint.Attempt{Secret: checkpoint.SecretEnrolment, Address: address})
	return err
}

// openWithBadge opens a shift by a badge, counting badges that are not known
// against the device.
func (s *Server) openWithBadge(ctx context.Context, device *checkpoint.Device, req checkpoint.ShiftRequest) (checkpoint.ShiftResult, error) {
	try, err := s.store.Try(ctx, checkpoint.Attempt{Secret: checkpoint.SecretBadge, Account: device.Code})
	if err != nil {
		return checkpoint.ShiftResult{}, err
	}
	res, err := s.store.OpenShift(ctx, req)
	if errors.Is(err, checkpoint.ErrBadge) {
		return res, err
	}
	return res, errors.Join(err, s.settle(try, err == nil))
}

// addressOf is the network address that tries are counted against. Behind
// proxies that the configuration names it is the last address in
// X-Forwarded-For that none of them has: what stands before that, a client may
// have made up.
func (s *Server) addressOf(c *fiber.Ctx) string {
	addr, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	addr = addr.Unmap()
	hops := strings.Split(string(bytes.Join(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor), []byte(","))), ",")
	for len(hops) > 0 && s.isProxy(addr) {
		last := hops[len(hops)-1]
		hops = hops[:len(hops)-1]
		before, err := netip.ParseAddr(strings.TrimSpace(last))
		if err != nil {
			break
		}
		addr = before.Unmap()
	}
	return coarse(addr).String()
}

func (s *Server) isProxy(addr netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// ParseProxies reads addresses (10.0.0.7) and prefixes (10.0.0.0/8, fd00::/8)
// for Config.TrustedProxies.
func ParseProxies(texts []string) ([]netip.Prefix, error) {
	proxies := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if addr, notPrefix := netip.ParseAddr(text); err != nil && notPrefix == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil || prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("%q is no address or prefix: give for example 10.0.0.7 or 10.0.0.0/8", text)
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}
