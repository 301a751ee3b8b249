package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

// badgeForm is the form of a badge: 26 characters of rand.Text.
var badgeForm = regexp.MustCompile(`^PGB1-[A-Z2-7]{26}$`)

// readBadge gives the hash under which the registry knows a badge.
func readBadge(text string) ([]byte, error) {
	badge := strings.ToUpper(strings.TrimSpace(text))
	if !badgeForm.MatchString(badge) {
		return nil, invalid("badge", "must be PGB1- and 26 letters and digits, as the badge shows them")
	}
	return hashToken([]byte(badge)), nil
}

// handleMakeBadge makes a badge.
func (s *Server) handleMakeBadge(c *fiber.Ctx) error {
	holder, badge, err := MakeBadge(s.context(c), s.store, strings.Clone(c.Params("login")))
	if err != nil {
		return err
	}
	qr, err := codes.QRSVG(badge)
	if err != nil {
		return fmt.Errorf("gateway: draw a badge: %w", err)
	}
	return c.Status(fiber.StatusCreated).JSON(struct {
		Login string `json:"login"`
		Name  string `json:"name"`
		Badge string `json:"badge"`
		QRSVG string `json:"badge_qr_svg"`
	}{holder.Login, holder.Name, badge, string(qr)})
}

// MakeBadge makes a badge of an account, which voids the one before it. Of the
// badge only a hash is kept.
func MakeBadge(ctx context.Context, store *checkpoint.Store, login string) (holder checkpoint.Staff, badge string, err error) {
	badge = "PGB1-" + rand.Text()
	holder, err = putBadge(ctx, store, login, hashToken([]byte(badge)))
	return holder, badge, err
}

// handleWithdrawBadge takes a badge away. A shift that it opened goes on.
func (s *Server) handleWithdrawBadge(c *fiber.Ctx) error {
	if _, err := putBadge(s.context(c), s.store, strings.Clone(c.Params("login")), nil); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// putBadge gives an account another badge, or none.
func putBadge(ctx context.Context, store *checkpoint.Store, login string, hash []byte) (holder checkpoint.Staff, err error) {
	err = store.Change(ctx, func(d *checkpoint.Draft) error {
		found, ok := d.Staff(login)
		if !ok {
			return checkpoint.ErrNotFound
		}
		holder = *found
		if len(hash) == 0 && len(holder.BadgeHash) == 0 {
			return nil
		}
		holder.BadgeHash = hash
		return d.PutStaff(holder)
	})
	return holder, err
}
