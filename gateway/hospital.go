package gateway

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// A hospital has no account here. Whoever has the code of a case gives its result, by a
// form or as JSON, and learns nothing about the case.

const hospitalPath = "/hospital"

//go:embed hospital.html
var hospitalSource string

//go:embed hospital.css
var hospitalStyle []byte

//go:embed hospital.js
var hospitalScript []byte

var hospitalTemplate = template.Must(template.New("hospital").Parse(hospitalSource))

// hospitalPolicy is the form's Content-Security-Policy.
const hospitalPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

type hospitalPage struct {
	Done                       bool
	Wrong                      string
	Code, Result, Doctor, Note string
}

func (s *Server) handleHospitalPage(c *fiber.Ctx) error {
	return sendHospitalPage(c, http.StatusOK, hospitalPage{})
}

func sendHospitalPage(c *fiber.Ctx, status int, page hospitalPage) error {
	var out bytes.Buffer
	if err := hospitalTemplate.Execute(&out, page); err != nil {
		return fmt.Errorf("gateway: write the hospital's form: %w", err)
	}
	pageHeaders(c)
	c.Set(fiber.HeaderContentSecurityPolicy, hospitalPolicy)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Status(status).Send(out.Bytes())
}

func handleHospitalStyle(c *fiber.Ctx) error { return sendHospitalFile(c, "x.css", hospitalStyle) }

func handleHospitalScript(c *fiber.Ctx) error { return sendHospitalFile(c, "x.js", hospitalScript) }

func sendHospitalFile(c *fiber.Ctx, name string, body []byte) error {
	pageHeaders(c)
	c.Set(fiber.HeaderCacheControl, askCache)
	c.Set(fiber.HeaderContentType, mediaOf(name))
	return c.Send(body)
}

// handleHospitalForm takes the form.
func (s *Server) handleHospitalForm(c *fiber.Ctx) error {
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationForm) {
		return failure(codeUnsupportedMedia, "send the form of "+hospitalPath+", or JSON to /v1/hospital/result")
	}
	page := hospitalPage{
		Code: strings.Clone(c.FormValue("code")), Result: strings.Clone(c.FormValue("result")),
		Doctor: strings.Clone(c.FormValue("doctor")), Note: strings.Clone(c.FormValue("note")),
	}
	err := s.screenByLink(c, page.Code, office.Screening{Result: page.Result, Doctor: page.Doctor, Note: page.Note})
	if err == nil {
		return sendHospitalPage(c, http.StatusOK, hospitalPage{Done: true})
	}
	told := explain(err)
	page.Wrong = hospitalWords(told)
	return sendHospitalPage(c, problems[told.code].status, page)
}

// hospitalWords say what was wrong to whoever fills in the form.
func hospitalWords(told *apiError) string {
	switch {
	case told.code == codeUsed:
		return "代码不正确、已使用或已过期，请向社区索取新代码。 The code is wrong, was used or has expired: ask the community for a new one."
	case told.code == codeTooMany:
		return "请一分钟后再试。 Try again in a minute."
	case told.code == codeUnavailable:
		return "系统暂时不可用，请再次提交。 Not available at the moment: send it again."
	}
	return "请核对填写内容。 Look at what you filled in: " + told.detail
}

// handleHospitalResult takes the same as JSON.
func (s *Server) handleHospitalResult(c *fiber.Ctx) error {
	var in struct {
		Code      string `json:"code"`
		Result    string `json:"result"`
		SampledAt string `json:"sampled_at"`
		Doctor    string `json:"doctor"`
		Note      string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	r, err := office.Screening{Result: in.Result, Doctor: in.Doctor, Note: in.Note}, error(nil)
	if in.SampledAt != "" {
		if r.SampledAt, err = parseTime("sampled_at", in.SampledAt); err != nil {
			return err
		}
	}
	if err := s.screenByLink(c, in.Code, r); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"recorded": true})
}

// screenByLink counts tries by address. Codes have 128 random bits, so this only keeps
// the store from being busy with them, and shuts no hospital elsewhere out.
func (s *Server) screenByLink(c *fiber.Ctx, code string, r office.Screening) error {
	if err := s.doorstep.admit(s.addressOf(c), s.now()); err != nil {
		return err
	}
	m, err := s.office.ScreenByLink(s.context(c), code, r)
	if errors.Is(err, office.ErrHospitalCode) {
		return failure(codeUsed, "the code is wrong, was used or has expired: ask the community for a new one")
	}
	if err != nil {
		return err
	}
	s.log(c).Info("result of a hospital", "case", checkpoint.FeverID(m.ID).String(), "result", r.Result)
	return nil
}
