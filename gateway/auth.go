package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"

	"passgate/checkpoint"
	"passgate/checkpoint/feed"
)

// principal is who asks: exactly one of them, none on public routes.
type principal struct {
	Staff  *checkpoint.Staff
	Device *checkpoint.Device
	Phone  *checkpoint.Phone // of a resident

	Subscriber *feed.Subscriber // an office outside the town
}

// principalOf is who asks, as admit has found out.
func principalOf(c *fiber.Ctx) principal {
	who, _ := c.Locals(principalKey).(principal)
	return who
}

const (
	sessionIssuer   = "passgate"
	sessionAudience = "passgate-api"
	devicePrefix    = "pgd_"
	deviceChars     = 43 // base64url of 32 bytes
)

// session is what the token of a member of staff says.
type session struct {
	// Epoch is the account's at sign-in: raising it ends every session.
	Epoch uint32 `json:"ep"`
	jwt.RegisteredClaims
}

// caller finds out who sends a request.
func (s *Server) caller(c *fiber.Ctx) (principal, error) {
	header := c.Request().Header.Peek(fiber.HeaderAuthorization)
	if token, ok := bearer(header); ok && bytes.HasPrefix(token, []byte(phonePrefix)) {
		return s.phoneOf(s.context(c), token)
	}
	if token, ok := bearer(header); ok && bytes.HasPrefix(token, []byte(feed.TokenPrefix)) {
		return s.subscriberOf(c, token)
	}
	return s.authenticate(header)
}

// bearer is the token in an Authorization header.
func bearer(header []byte) (token []byte, ok bool) {
	scheme, token, ok := bytes.Cut(header, []byte(" "))
	return token, ok && bytes.EqualFold(scheme, []byte("Bearer")) && len(token) <= 2048
}

// authenticate reads the Authorization header of staff and devices, for which it
// asks nobody. A revoked device is still known: the caller decides what that
// means. It keeps nothing of header.
func (s *Server) authenticate(header []byte) (principal, error) {
	token, ok := bearer(header)
	if !ok {
		return principal{}, failure(codeUnauthorized, "the header Authorization: Bearer … is missing")
	}
	if bytes.HasPrefix(token, []byte(devicePrefix)) {
		return s.deviceOf(token)
	}
	return s.staffOf(string(token))
}

func (s *Server) deviceOf(token []byte) (principal, error) {
	if len(token) == len(devicePrefix)+deviceChars {
		if d, ok := s.store.Registry().DeviceByToken(hashToken(token)); ok {
			return principal{Device: d}, nil
		}
	}
	return principal{}, failure(codeUnauthorized, "this device is not known: enrol it again")
}

// hashToken is the form in which the registry keeps a secret of ours. The
// secrets have 256 bits of chance, so a plain hash is enough.
func hashToken(token []byte) []byte {
	sum := sha256.Sum256(token)
	return sum[:]
}

// deviceToken writes the token of a device from 32 random bytes.
func deviceToken(random [32]byte) string {
	return devicePrefix + base64.RawURLEncoding.EncodeToString(random[:])
}

func (s *Server) staffOf(token string) (principal, error) {
	var claims session
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return s.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(sessionIssuer),
		jwt.WithAudience(sessionAudience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.clock))
	if err != nil {
		return principal{}, failure(codeUnauthorized, "the session has expired or is not ours: sign in again")
	}
	staff, ok := s.store.Registry().Staff(claims.Subject)
	if !ok || staff.Disabled || staff.Epoch != claims.Epoch {
		return principal{}, failure(codeUnauthorized, "the session was ended: sign in again")
	}
	return principal{Staff: staff}, nil
}

// openSession signs a session for an account.
func (s *Server) openSession(staff *checkpoint.Staff) (token string, expires time.Time, err error) {
	now := s.clock()
	expires = now.Add(sessionLife).Truncate(time.Second)
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, session{staff.Epoch, jwt.RegisteredClaims{
		Issuer: sessionIssuer, Subject: staff.Login, Audience: jwt.ClaimStrings{sessionAudience},
		ExpiresAt: jwt.NewNumericDate(expires), IssuedAt: jwt.NewNumericDate(now),
	}}).SignedString(s.key)
	if err != nil {
		return "", expires, fmt.Errorf("gateway: sign a session: %w", err)
	}
	return token, expires, nil
}

type staffView struct {
	Login string          `json:"login"`
	Name  string          `json:"name"`
	Role  checkpoint.Role `json:"role"`
	Grid  string          `json:"grid"`
	TOTP  bool            `json:"totp"` // signing in takes a code as well
}

func viewOfStaff(st *checkpoint.Staff) staffView {
	return staffView{st.Login, st.Name, st.Role, st.Grid, st.TOTP}
}

// sessionView is a session as the API gives it.
type sessionView struct {
	Token     string  `json:"token"`
	ExpiresAt utcTime `json:"expires_at"`
	staffView
}

// answerSession opens a session for an account.
func (s *Server) answerSession(c *fiber.Ctx, staff *checkpoint.Staff) error {
	token, expires, err := s.openSession(staff)
	if err != nil {
		return err
	}
	return c.JSON(sessionView{token, utcTime(expires.UnixMilli()), viewOfStaff(staff)})
}

// handleLogin signs a member of staff in, within the limits of loginlimit.go.
func (s *Server) handleLogin(c *fiber.Ctx) error {
	var in struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		Code     string `json:"code"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if len(in.Password) > maxPassword {
		return invalid("password", fmt.Sprintf("has more than %d bytes", maxPassword))
	}
	staff, err := s.signIn(c, in.Login, in.Password, in.Code)
	if err != nil {
		return err
	}
	return s.answerSession(c, staff)
}

// handleMe tells callers who they are, and a device what its gate needs.
func (s *Server) handleMe(c *fiber.Ctx) error {
	who := principalOf(c)
	if who.Staff != nil {
		return c.JSON(viewOfStaff(who.Staff))
	}
	reg := s.store.Registry()
	gate, ok := reg.Gate(who.Device.Gate)
	if !ok {
		return failure(codeNotFound, "the gate of this device is gone")
	}
	site, ok := reg.Site(gate.Site)
	if !ok {
		return failure(codeNotFound, "the site of this device is gone")
	}
	return c.JSON(struct {
		Code         string       `json:"code"`
		Gate         string       `json:"gate"`
		Lane         string       `json:"lane"`
		Site         string       `json:"site"`
		RulesVersion int64        `json:"rules_version"`
		SiteRules    rulesInForce `json:"site_rules"`
		ServerTime   utcTime      `json:"server_time"`
		Shift        *shiftView   `json:"shift"`
	}{
		who.Device.Code, gate.Code, who.Device.Lane, site.Code, reg.Version,
		rulesAt(reg, site, s.now()),
		utcTime(s.now()), s.shiftOnNow(who.Device),
	})
}
