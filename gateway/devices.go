package gateway

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

// enrolWithin is how long a one-time code is good.
const enrolWithin = 15 * time.Minute

// enrolCode is the form of a one-time code: 26 characters of rand.Text.
var enrolCode = regexp.MustCompile(`^PGE1-[A-Z2-7]{26}$`)

// deviceView is a device as the API shows it.
type deviceView struct {
	Code       string   `json:"code"`
	Gate       string   `json:"gate"`
	Lane       string   `json:"lane"`
	Site       string   `json:"site"`
	State      string   `json:"state"`
	CreatedAt  utcTime  `json:"created_at"`
	EnrolledAt *utcTime `json:"enrolled_at,omitempty"`
	RevokedAt  *utcTime `json:"revoked_at,omitempty"`
}

func viewOfDevice(d *checkpoint.Device, site string, now int64) deviceView {
	v := deviceView{Code: d.Code, Gate: d.Gate, Lane: d.Lane, Site: site, CreatedAt: utcTime(d.CreatedAt)}
	if at := utcTime(d.EnrolledAt); at != 0 {
		v.EnrolledAt = &at
	}
	if at := utcTime(d.RevokedAt); at != 0 {
		v.RevokedAt = &at
	}
	switch {
	case d.Paper:
		v.State = "paper"
	case d.RevokedAt != 0:
		v.State = "revoked"
	case d.EnrolledAt != 0:
		v.State = "active"
	case d.EnrolBefore > now:
		v.State = "pending"
	default:
		v.State = "lapsed"
	}
	return v
}

// handleDevices lists the devices in the caller's scope.
func (s *Server) handleDevices(c *fiber.Ctx) error {
	who, reg, devices := principalOf(c), s.store.Registry(), []deviceView{}
	for _, d := range reg.Devices() {
		gate, ok := reg.Gate(d.Gate)
		if !ok {
			continue
		}
		if site, ok := reg.Site(gate.Site); ok && s.reaches(who, site.Grid) {
			devices = append(devices, viewOfDevice(d, site.Code, s.now()))
		}
	}
	return c.JSON(fiber.Map{"devices": devices})
}

// handleAddDevice makes a device at a gate and the code with which one phone
// becomes it. Of the code only a hash is kept.
func (s *Server) handleAddDevice(c *fiber.Ctx) error {
	var in struct {
		Gate string `json:"gate"`
		Lane string `json:"lane"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := checkLine("lane", in.Lane, 60); err != nil {
		return err
	}
	node, err := s.gateNode(in.Gate)
	if err != nil {
		return invalid("gate", "there is no such gate")
	}
	if !s.reaches(principalOf(c), node) {
		return outOfScope()
	}
	made, once, err := AddDevice(s.context(c), s.store, "", in.Gate, in.Lane)
	if err != nil {
		return err
	}
	qr, err := codes.QRSVG(once)
	if err != nil {
		return fmt.Errorf("gateway: draw an enrolment code: %w", err)
	}
	s.subject(c, made.Code)
	return c.Status(fiber.StatusCreated).JSON(struct {
		Code       string  `json:"code"`
		EnrolCode  string  `json:"enrol_code"`
		EnrolQRSVG string  `json:"enrol_qr_svg"`
		ExpiresAt  utcTime `json:"expires_at"`
	}{made.Code, once, string(qr), utcTime(made.EnrolBefore)})
}

// AddDevice makes room for a phone at a gate and gives the one-time code that
// enrols it within 15 minutes, of which only a hash is kept. code names the device,
// "" for a name that none has; one that is there already gets another code and
// keeps its phone until that is used.
func AddDevice(ctx context.Context, store *checkpoint.Store, code, gate, lane string) (made checkpoint.Device, once string, err error) {
	once = "PGE1-" + rand.Text()
	err = store.Change(ctx, func(d *checkpoint.Draft) error {
		made = checkpoint.Device{Code: code, Gate: gate, Lane: lane, CreatedAt: d.Now()}
		if code == "" {
			made.Code = newDeviceCode(d)
		} else if old, ok := d.Device(code); ok && old.Gate == gate {
			made = *old
		}
		made.EnrolHash, made.EnrolBefore = hashToken([]byte(once)), d.Now()+enrolWithin.Milliseconds()
		return d.PutDevice(made)
	})
	return made, once, err
}

// newDeviceCode gives a name that no device has. It is no secret.
func newDeviceCode(d *checkpoint.Draft) string {
	for {
		code := "d-" + strings.ToLower(rand.Text()[:8])
		if _, taken := d.Device(code); !taken {
			return code
		}
	}
}

// handleEnrolDevice gives the token of a device to the first who brings its
// code. The check lies in the change, so of many at once exactly one gets it.
func (s *Server) handleEnrolDevice(c *fiber.Ctx) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	code := strings.ToUpper(strings.TrimSpace(in.Code))
	if !enrolCode.MatchString(code) {
		return invalid("code", "must be PGE1- and 26 letters and digits, as the enrolment code shows them")
	}
	hash := hashToken([]byte(code))
	// Anybody may ask: the registry is changed only by codes that are known here.
	if _, ok := waitingFor(s.store.Registry(), hash, s.now()); !ok {
		if err := s.tryEnrolment(c); err != nil {
			return err
		}
		return codeNotGood()
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: it would end the process
	token := deviceToken(random)
	var device checkpoint.Device
	err := s.store.Change(s.context(c), func(d *checkpoint.Draft) error {
		found, ok := waitingFor(d.Registry, hash, d.Now())
		if !ok {
			return codeNotGood()
		}
		device = *found
		device.TokenHash, device.EnrolHash, device.EnrolBefore = hashToken([]byte(token)), nil, 0
		device.EnrolledAt = d.Now()
		return d.PutDevice(device)
	})
	if err != nil {
		return err
	}
	site := ""
	if gate, ok := s.store.Registry().Gate(device.Gate); ok {
		site = gate.Site
	}
	return c.JSON(struct {
		Token  string `json:"token"`
		Device string `json:"device"`
		Gate   string `json:"gate"`
		Lane   string `json:"lane"`
		Site   string `json:"site"`
	}{token, device.Code, device.Gate, device.Lane, site})
}

func codeNotGood() error {
	return failure(codeUsed, "this code is not known, was used or is older than 15 minutes: have a new one made")
}

// waitingFor finds the device that waits for the code with this hash.
func waitingFor(reg *checkpoint.Registry, hash []byte, now int64) (found *checkpoint.Device, ok bool) {
	for _, d := range reg.Devices() {
		same := subtle.ConstantTimeCompare(d.EnrolHash, hash) == 1
		if same && d.RevokedAt == 0 && d.EnrolledAt == 0 && d.EnrolBefore > now {
			found, ok = d, true
		}
	}
	return found, ok
}

// handleRevokeDevice ends a device. When it answers, the token is void at every
// gateway; it stays known, so that the device is told why.
func (s *Server) handleRevokeDevice(c *fiber.Ctx) error {
	code := strings.Clone(c.Params("code"))
	err := s.store.Change(s.context(c), func(d *checkpoint.Draft) error {
		found, ok := d.Device(code)
		if !ok {
			return checkpoint.ErrNotFound
		}
		if found.Paper {
			return invalid("code", "is the paper log of a gate and no phone")
		}
		if found.RevokedAt != 0 {
			return nil
		}
		device := *found
		device.RevokedAt, device.EnrolHash, device.EnrolBefore = d.Now(), nil, 0
		return d.PutDevice(device)
	})
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
