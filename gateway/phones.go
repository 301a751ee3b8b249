package gateway

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

const (
	phonePrefix = "pgr_"
	phoneChars  = 43 // base64url of 32 bytes
	// callsAMinute is how often one phone may ask.
	callsAMinute = 120
)

// phoneOf finds a resident's phone by its token.
func (s *Server) phoneOf(ctx context.Context, token []byte) (principal, error) {
	phone, err := s.phoneBy(ctx, token)
	if errors.Is(err, checkpoint.ErrNoPhone) {
		return principal{}, failure(codeUnauthorized, "this phone is signed out: activate it again with the code of the household's sheet")
	}
	return principal{Phone: phone}, err
}

func (s *Server) phoneBy(ctx context.Context, text []byte) (*checkpoint.Phone, error) {
	var token checkpoint.PhoneToken
	encoded := text[len(phonePrefix):]
	if len(encoded) != phoneChars {
		return nil, checkpoint.ErrNoPhone
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(token[:], encoded); err != nil {
		return nil, checkpoint.ErrNoPhone
	}
	return s.store.PhoneByToken(ctx, token)
}

// phoneToken writes the token of a phone.
func phoneToken(token checkpoint.PhoneToken) string {
	return phonePrefix + base64.RawURLEncoding.EncodeToString(token[:])
}

// deskOf is under what a phone is counted: of two among four thousand million
// that share it, each may do a little less.
func deskOf(p *checkpoint.Phone) uint32 { return uint32(p.ID) } //nolint:gosec // half of it

// handleActivate opens a phone for a household, for who has the code of its
// sheet and knows the end of a member's document.
func (s *Server) handleActivate(c *fiber.Ctx) error {
	var in struct {
		Code string `json:"code"`
		Tail string `json:"tail"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	code, err := checkpoint.ParseActivationCode(in.Code)
	if err != nil {
		return err
	}
	tail := strings.ToUpper(strings.TrimSpace(in.Tail))
	if len(tail) != 4 || strings.ContainsFunc(tail, func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') }) {
		return invalid("tail", "must be the last four characters of the document of somebody in the household")
	}
	address := s.addressOf(c)
	if err := s.doorstep.admit(address, s.now()); err != nil {
		return err
	}
	phone, token, err := s.store.ActivatePhone(s.context(c), checkpoint.Activation{
		Code: code, Tail: tail, Name: phoneKind(c.Get(fiber.HeaderUserAgent)), Address: address,
	})
	if err != nil {
		return err
	}
	view, err := s.viewOfHousehold(s.context(c), &phone)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Token     string         `json:"token"`
		Household *householdView `json:"household"`
	}{phoneToken(token), view})
}

// phoneKinds are what a browser's name tells of a phone, the first that fits.
var phoneKinds = [...]struct{ sign, name string }{
	{"HarmonyOS", "华为 HarmonyOS"},
	{"Android", "Android"},
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Windows", "Windows"},
	{"Macintosh", "Mac"},
	{"Linux", "Linux"},
}

// phoneKind is how a household tells its phones apart: nothing that the client
// wrote is kept, only which of these it is.
func phoneKind(agent string) string {
	name := "手机 Phone"
	for _, k := range phoneKinds {
		if strings.Contains(agent, k.sign) {
			name = k.name
			break
		}
	}
	if strings.Contains(agent, "MicroMessenger") {
		name = "微信 " + name
	}
	return name
}

type phoneView struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	ActivatedAt utcTime `json:"activated_at"`
	LastSeen    utcTime `json:"last_seen"` // midnight of the day, at the place
	This        bool    `json:"this"`
}

// viewOfPhones shows a household its phones.
func (s *Server) viewOfPhones(ctx context.Context, own *checkpoint.Phone) ([]phoneView, error) {
	phones, err := s.store.Phones(ctx, own.Household)
	if err != nil {
		return nil, err
	}
	views := make([]phoneView, len(phones))
	for i := range phones {
		p := &phones[i]
		views[i] = phoneView{checkpoint.FormatPersonID(p.ID), p.Name, utcTime(p.ActivatedAt), s.midnight(p.LastSeen), p.ID == own.ID}
	}
	return views, nil
}

// midnight is when a day began at the place.
func (s *Server) midnight(d checkpoint.Day) utcTime {
	at, _ := time.ParseInLocation(time.DateOnly, d.String(), s.store.Zone()) // as it wrote it
	return utcTime(at.UnixMilli())
}

// handleEndPhone signs a phone of the household out, this one or a lost one.
func (s *Server) handleEndPhone(c *fiber.Ctx) error {
	id, err := checkpoint.ParsePersonID(c.Params("id"))
	if err != nil {
		return invalid("id", "must be one of the household's phones: 16 digits and letters a to f")
	}
	err = s.store.EndPhone(s.context(c), principalOf(c).Phone.Household, id)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return failure(codeNotFound, "the household has no such phone: it was signed out before")
	}
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// handleRenewActivation voids the code of a person's household and signs its
// phones out, as when a sheet or a phone was lost.
func (s *Server) handleRenewActivation(c *fiber.Ctx) error {
	person := residentOf(c)
	if person.Kind != checkpoint.KindResident || person.Site == "" {
		return invalid("id", "this person is no resident, who has no household here")
	}
	code, ended, err := s.store.RenewActivation(s.context(c), person.Site, person.Household)
	if err != nil {
		return fmt.Errorf("gateway: renew the code of a household: %w", err)
	}
	return c.JSON(struct {
		Code  string `json:"code"`
		Ended int    `json:"phones_ended"`
	}{code, ended})
}
