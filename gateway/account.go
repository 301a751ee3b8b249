package gateway

import (
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// nothingIn is a body without anything in it. It is read all the same: a request
// that changes something says that it means to.
func nothingIn(c *fiber.Ctx) error {
	var in struct{}
	return decode(c, &in)
}

// proveMyself asks who is signed in for password and code once more: a session
// left open on somebody's desk must not be enough for this. It counts like a try to
// sign in. What is wrong is told at the field, so that the session goes on.
func (s *Server) proveMyself(c *fiber.Ctx, field, password, code string) error {
	if len(password) > maxPassword {
		return invalid(field, fmt.Sprintf("has more than %d bytes", maxPassword))
	}
	me := principalOf(c).Staff
	_, err := s.signIn(c, me.Login, password, code)
	var told *apiError
	switch {
	case !errors.As(err, &told):
		return err
	case told.code == codeCodeRequired:
		return invalid("code", "is missing: this account has a second factor")
	case told.code == codeUnauthorized && me.TOTP:
		return invalid(field, "is wrong, or the code is: a code is good once, so wait for the next one")
	case told.code == codeUnauthorized:
		return invalid(field, "is wrong")
	}
	return err
}

// handleMyPassword gives the caller's account another password. All its sessions
// end; the answer is a new one.
func (s *Server) handleMyPassword(c *fiber.Ctx) error {
	var in struct {
		Old  string `json:"old"`
		New  string `json:"new"`
		Code string `json:"code"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := checkPassword("new", in.New); err != nil {
		return err
	}
	if in.New == in.Old {
		return invalid("new", "is the old one")
	}
	if err := s.proveMyself(c, "old", in.Old, in.Code); err != nil {
		return err
	}
	hash, err := s.familiar.hash(s.context(c), in.New)
	if err != nil {
		return err
	}
	now, err := s.changeMyself(c, func(st *checkpoint.Staff) { st.PasswordHash = hash })
	if err != nil {
		return err
	}
	return s.answerSession(c, now)
}

// handleSignOut ends all sessions of the caller's account, this one too.
func (s *Server) handleSignOut(c *fiber.Ctx) error {
	if err := nothingIn(c); err != nil {
		return err
	}
	if _, err := s.changeMyself(c, func(*checkpoint.Staff) {}); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// changeMyself changes the caller's account and ends its sessions.
func (s *Server) changeMyself(c *fiber.Ctx, change func(*checkpoint.Staff)) (*checkpoint.Staff, error) {
	me := principalOf(c).Staff
	err := s.store.Change(s.context(c), func(d *checkpoint.Draft) error {
		found, ok := d.Staff(me.Login)
		if !ok || found.Disabled || found.Epoch != me.Epoch {
			return failure(codeUnauthorized, "the session was ended: sign in again")
		}
		st := *found
		st.Epoch++
		change(&st)
		return d.PutStaff(st)
	})
	if err != nil {
		return nil, err
	}
	now, ok := s.store.Registry().Staff(me.Login)
	if !ok {
		return nil, fmt.Errorf("gateway: account %s is not there after it was put", me.Login)
	}
	return now, nil
}
