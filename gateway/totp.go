package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/factor"
)

// handleMyFactor tells how the caller's second factor stands.
func (s *Server) handleMyFactor(c *fiber.Ctx) error {
	me := principalOf(c).Staff
	left, since, err := factor.Left(s.context(c), s.store, me)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		On       bool     `json:"on"`
		Since    *utcTime `json:"since"`
		Recovery int      `json:"recovery_left"`
	}{me.TOTP, timeOrNil(since), left})
}

// handleBeginFactor makes a secret for the caller's app. Nothing changes at
// sign-in until a code has proven that the app has it.
func (s *Server) handleBeginFactor(c *fiber.Ctx) error {
	if err := nothingIn(c); err != nil {
		return err
	}
	secret, err := factor.Begin(s.context(c), s.store, principalOf(c).Staff)
	if err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(struct {
		Secret string `json:"secret"`
		URI    string `json:"uri"`
	}{secret.Base32, secret.URI})
}

// handleConfirmFactor puts the factor in force, for the password and a code of the app.
func (s *Server) handleConfirmFactor(c *fiber.Ctx) error {
	var in struct {
		Password string `json:"password"`
		Code     string `json:"code"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if !principalOf(c).Staff.TOTP {
		if err := s.proveMyself(c, "password", in.Password, ""); err != nil {
			return err
		}
	}
	codes, err := factor.Confirm(s.context(c), s.store, principalOf(c).Staff, in.Code)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"recovery_codes": codes})
}

// handleRemoveFactor takes the caller's factor away, for password and code.
func (s *Server) handleRemoveFactor(c *fiber.Ctx) error {
	var in struct {
		Password string `json:"password"`
		Code     string `json:"code"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	me := principalOf(c).Staff
	if !me.TOTP {
		return factor.ErrNone
	}
	if err := s.proveMyself(c, "password", in.Password, in.Code); err != nil {
		return err
	}
	if err := factor.End(s.context(c), s.store, me, false); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// handleResetFactor takes an account's factor away, for who has lost phone and
// recovery codes, and ends the account's sessions.
func (s *Server) handleResetFactor(c *fiber.Ctx) error {
	st, ok := s.store.Registry().Staff(c.Params("login"))
	if !ok {
		return checkpoint.ErrNotFound
	}
	if st.Login == principalOf(c).Staff.Login {
		return failure(codeForbidden, "one's own second factor is removed with password and code: POST /v1/me/totp/remove")
	}
	if err := factor.End(s.context(c), s.store, st, true); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
