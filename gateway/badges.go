package gateway

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"sync"

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

// handleMakeBadge makes a badge, which voids the one before it. Of the badge
// only a hash is kept.
func (s *Server) handleMakeBadge(c *fiber.Ctx) error {
	badge := "PGB1-" + rand.Text()
	qr, err := codes.QRSVG(badge)
	if err != nil {
		return fmt.Errorf("gateway: draw a badge: %w", err)
	}
	holder, err := s.putBadge(c, hashToken([]byte(badge)))
	if err != nil {
		return err
	}
	return c.Status(fiber.StatusCreated).JSON(struct {
		Login string `json:"login"`
		Name  string `json:"name"`
		Badge string `json:"badge"`
		QRSVG string `json:"badge_qr_svg"`
	}{holder.Login, holder.Name, badge, string(qr)})
}

// handleWithdrawBadge takes a badge away. A shift that it opened goes on.
func (s *Server) handleWithdrawBadge(c *fiber.Ctx) error {
	if _, err := s.putBadge(c, nil); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// putBadge gives the account in the path another badge, or none.
func (s *Server) putBadge(c *fiber.Ctx, hash []byte) (holder checkpoint.Staff, err error) {
	login := strings.Clone(c.Params("login"))
	err = s.store.Change(s.context(c), func(d *checkpoint.Draft) error {
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

// badgeTries is how many badges one device may try in a minute.
const badgeTries = 20

// minuteDesk counts what devices try in this minute. Its memory is bounded by
// the number of devices: nobody else gets as far.
type minuteDesk struct {
	mu     sync.Mutex
	minute int64
	tries  map[uint32]int
}

// admit tells whether a device may try once more at a time (UTC ms), of most
// times a minute. what says in a refusal what it tries.
func (d *minuteDesk) admit(device uint32, now int64, most int, what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if minute := now / 60_000; d.tries == nil || minute != d.minute {
		d.minute, d.tries = minute, map[uint32]int{}
	}
	if d.tries[device] >= most {
		return failure(codeTooMany, fmt.Sprintf("a device may %s %d times a minute", what, most))
	}
	d.tries[device]++
	return nil
}
