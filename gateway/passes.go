package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

const (
	// passAhead is how long before its start a pass is issued. The revocation
	// list counts on it.
	passAhead = 24 * time.Hour
	// qrPixels is the side of a QR as PNG: twelve pixels a module.
	qrPixels = 588
)

// passInput says which pass is wanted.
type passInput struct {
	Kind      string `json:"kind"`
	NotBefore string `json:"not_before"`
	Days      *int   `json:"days"`
}

// passRequest checks the input; person, generation and home come from the record.
func (s *Server) passRequest(in passInput, person checkpoint.Resident) (codes.Request, error) {
	q := codes.Request{Person: person.ID, Generation: person.Generation, Home: person.Site, NotBefore: s.clock()}
	if person.Status == checkpoint.StatusGone {
		return q, invalid("id", "this person moved away or died: there are no passes for them")
	}
	var err error
	if q.Kind, err = codes.ParseKind(in.Kind); err != nil {
		return q, invalid("kind", "must be app, paper or visitor")
	}
	if in.NotBefore != "" {
		at, err := parseTime("not_before", in.NotBefore)
		if err != nil {
			return q, err
		}
		q.NotBefore = time.UnixMilli(at)
	}
	if q.NotBefore.After(s.clock().Add(passAhead)) {
		return q, invalid("not_before", "must lie at most 24 hours ahead")
	}
	if in.Days != nil {
		if q.Days, err = checkDays(q.Kind, *in.Days); err != nil {
			return q, err
		}
	}
	return q, nil
}

func checkDays(kind codes.Kind, days int) (int, error) {
	most := codes.MaxPaperDays
	switch kind {
	case codes.KindApp:
		return 0, invalid("days", "an app pass lives for 10 minutes: leave it out")
	case codes.KindVisitor:
		most = codes.MaxVisitorDays
	}
	if days < 1 || days > most {
		return 0, invalid("days", fmt.Sprintf("must be 1 to %d for this kind", most))
	}
	return days, nil
}

// signer gives the one for now. A gateway that only scans has none.
func (s *Server) signer() (*codes.Signer, error) {
	signer, err := s.ring.Signer(s.clock())
	if errors.Is(err, codes.ErrNoSigningKey) {
		return nil, failure(codeUnavailable, "this gateway holds no key that may sign")
	}
	return signer, err
}

// handleIssue issues a pass: as JSON, or as the picture of its QR.
func (s *Server) handleIssue(c *fiber.Ctx) error {
	var in passInput
	if err := decode(c, &in); err != nil {
		return err
	}
	request, err := s.passRequest(in, residentOf(c))
	if err != nil {
		return err
	}
	signer, err := s.signer()
	if err != nil {
		return err
	}
	pass, compact, err := signer.IssueCompact(request)
	if err != nil {
		return fmt.Errorf("gateway: issue a pass: %w", err)
	}
	if pass.ExpiresAt <= s.clock().Unix() {
		return invalid("not_before", "lies so far back that the pass has expired")
	}
	c.Status(fiber.StatusCreated)
	switch c.Accepts(fiber.MIMEApplicationJSON, "image/png", "image/svg+xml") {
	case "image/png":
		return sendPicture(c, "image/png", func() ([]byte, error) { return codes.QRPNG(compact, qrPixels) })
	case "image/svg+xml":
		return sendPicture(c, "image/svg+xml", func() ([]byte, error) { return codes.QRSVG(compact) })
	}
	view, err := s.viewOfPass(&pass, compact)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

// passView is a pass in both forms.
type passView struct {
	Kind      string  `json:"kind"`
	Token     string  `json:"token"`
	Compact   string  `json:"compact"`
	NotBefore utcTime `json:"not_before"`
	ExpiresAt utcTime `json:"expires_at"`
}

// viewOfPass shows a pass just issued.
func (s *Server) viewOfPass(pass *codes.Pass, compact string) (passView, error) {
	token, err := s.verifier.Expand(compact)
	if err != nil {
		return passView{}, fmt.Errorf("gateway: expand a pass just issued: %w", err)
	}
	return passView{pass.Kind.String(), token, compact, utcTime(pass.NotBefore * 1000), utcTime(pass.ExpiresAt * 1000)}, nil
}

func sendPicture(c *fiber.Ctx, media string, draw func() ([]byte, error)) error {
	picture, err := draw()
	if err != nil {
		return fmt.Errorf("gateway: draw a pass: %w", err)
	}
	c.Set(fiber.HeaderContentType, media)
	return c.Send(picture)
}

// handleRevoke voids all passes of a person.
func (s *Server) handleRevoke(c *fiber.Ctx) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := checkLine("reason", in.Reason, 200); err != nil {
		return err
	}
	generation, err := s.store.Revoke(s.context(c), residentOf(c).ID)
	if errors.Is(err, checkpoint.ErrGenerations) {
		return invalid("id", "the passes of this person were revoked 255 times: enrol a successor with a new ID")
	}
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Generation uint32 `json:"generation"`
	}{generation})
}

// handleJWKS publishes the keys that verify passes and lists.
func (s *Server) handleJWKS(c *fiber.Ctx) error {
	keys, err := s.ring.JWKS(s.clock())
	if err != nil {
		return fmt.Errorf("gateway: write the JWKS: %w", err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	return c.Send(keys)
}
