package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// siteView is a site with its own rules as the API shows it.
type siteView struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Kind string `json:"kind"`
	Grid string `json:"grid"`
	rulesView
}

func viewOfSite(s *checkpoint.Site) siteView {
	return siteView{s.Code, s.Name, s.Kind.String(), s.Grid, viewOfRules(&s.SiteRules)}
}

// siteInput is a site as the API takes it; what is left out gets its default.
type siteInput struct {
	Code             string                   `json:"code"`
	Name             string                   `json:"name"`
	Kind             string                   `json:"kind"`
	Grid             string                   `json:"grid"`
	Closed           bool                     `json:"closed"`
	OpensAt          string                   `json:"opens_at"`
	ClosesAt         string                   `json:"closes_at"`
	TemperatureOn    checkpoint.TemperatureOn `json:"temperature_on"`
	FeverLine        json.RawMessage          `json:"fever_line"` // raw, so that an error names this field
	LowLine          json.RawMessage          `json:"low_line"`
	RemeasureMinutes int                      `json:"remeasure_minutes"`
	AntiPassback     checkpoint.Strictness    `json:"anti_passback"`
	ReplayedPass     checkpoint.Strictness    `json:"replayed_pass"`
	ResidentsOnly    bool                     `json:"residents_only"`
	Capacity         int                      `json:"capacity"`
	Outings          int                      `json:"outings"`
	OutingDays       int                      `json:"outing_days"`
	Disinfection     bool                     `json:"disinfection"`
	LowAgain         checkpoint.Strictness    `json:"low_again"`
	MaxStayHours     int                      `json:"max_stay_hours"`
	ReturneeDays     int                      `json:"returnee_days"`
}

// site checks what the store leaves to the gateway.
func (in siteInput) site() (checkpoint.Site, error) {
	kind, err := checkpoint.ParseSiteKind(in.Kind)
	if err != nil {
		return checkpoint.Site{}, invalid("kind", "must be one of "+joined(checkpoint.SiteKinds()))
	}
	if err := checkLine("name", in.Name, 120); err != nil {
		return checkpoint.Site{}, err
	}
	for field, text := range map[string]string{"opens_at": in.OpensAt, "closes_at": in.ClosesAt} {
		if text != "" && len(text) != len("06:00") {
			return checkpoint.Site{}, invalid(field, "must be a time of day like 06:00, or empty")
		}
	}
	fever, err := parseLine("fever_line", in.FeverLine)
	if err != nil {
		return checkpoint.Site{}, err
	}
	low, err := parseLine("low_line", in.LowLine)
	if err != nil {
		return checkpoint.Site{}, err
	}
	return checkpoint.Site{
		Code: in.Code, Name: in.Name, Kind: kind, Grid: in.Grid, SiteRules: checkpoint.SiteRules{
			Closed: in.Closed, ResidentsOnly: in.ResidentsOnly, OpensAt: in.OpensAt, ClosesAt: in.ClosesAt,
			Capacity: in.Capacity, TemperatureOn: in.TemperatureOn, FeverLine: fever, LowLine: low,
			RemeasureMin: in.RemeasureMinutes, AntiPassback: in.AntiPassback, ReplayedPass: in.ReplayedPass,
			Outings: in.Outings, OutingDays: in.OutingDays, Disinfection: in.Disinfection, LowAgain: in.LowAgain,
			MaxStayHours: in.MaxStayHours, ReturneeDays: in.ReturneeDays,
		},
	}, nil
}

// parseLine reads a temperature and names the right field if it is none.
func parseLine(field string, raw json.RawMessage) (checkpoint.Celsius, error) {
	var line checkpoint.Celsius
	if len(raw) == 0 {
		return 0, nil
	}
	if err := line.UnmarshalJSON(raw); err != nil {
		return 0, renamed(err, func(string) string { return field })
	}
	return line, nil
}

// renamed gives a *FieldError another field; other errors stay as they are.
func renamed(err error, rename func(field string) string) error {
	var field *checkpoint.FieldError
	if errors.As(err, &field) {
		return invalid(rename(field.Field), field.Why)
	}
	return err
}

// joined lists wire names for a detail.
func joined[T fmt.Stringer](all []T) string {
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = v.String()
	}
	return strings.Join(names, ", ")
}

// checkLine takes a line of text for people: 1 to most bytes, nothing that
// would garble a screen or a print.
func checkLine(field, text string, most int) error {
	if strings.TrimSpace(text) == "" || len(text) > most {
		return invalid(field, fmt.Sprintf("must have 1 to %d bytes", most))
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
		return invalid(field, "must not hold control characters")
	}
	return nil
}

// pathCode is the code in the path; the one in the body, if any, must be it.
func pathCode(c *fiber.Ctx, param, field, inBody string) (string, error) {
	code := strings.Clone(c.Params(param))
	if inBody != "" && inBody != code {
		return "", invalid(field, "is not the one in the path")
	}
	return code, nil
}

// handleSites lists the sites in the caller's scope: their own rules, and those
// that policies make of them now.
func (s *Server) handleSites(c *fiber.Ctx) error {
	type siteNow struct {
		siteView
		InForce rulesInForce `json:"in_force"`
	}
	who, reg, now, sites := principalOf(c), s.store.Registry(), s.now(), []siteNow{}
	for _, site := range reg.Sites() {
		if s.reaches(who, site.Grid) {
			sites = append(sites, siteNow{viewOfSite(site), rulesAt(reg, site, now)})
		}
	}
	return c.JSON(fiber.Map{"sites": sites})
}

// handlePutSite adds or replaces a site with its rules.
func (s *Server) handlePutSite(c *fiber.Ctx) error {
	var in siteInput
	if err := decode(c, &in); err != nil {
		return err
	}
	code, err := pathCode(c, "site", "code", in.Code)
	if err != nil {
		return err
	}
	in.Code = code
	site, err := in.site()
	if err != nil {
		return err
	}
	if err := s.store.Change(s.context(c), func(d *checkpoint.Draft) error { return d.PutSite(site) }); err != nil {
		return err
	}
	now, ok := s.store.Registry().Site(code)
	if !ok {
		return fmt.Errorf("gateway: site %s is not there after it was put", code)
	}
	return c.JSON(viewOfSite(now))
}
