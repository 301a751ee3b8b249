package gateway

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// applicationView is an application to resume work. Its steps tell who did what when
// and on what ground.
type applicationView struct {
	ID         string       `json:"id"`
	Site       string       `json:"site"`
	SiteName   string       `json:"site_name"`
	Node       string       `json:"node"`
	State      string       `json:"state"` // draft, submitted, returned, approved, refused, suspended, replaced
	Measures   string       `json:"measures"`
	Headcount  int          `json:"headcount"`
	Start      string       `json:"start"`  // day
	DueAt      *utcTime     `json:"due_at"` // the decision
	Overdue    bool         `json:"overdue"`
	ValidUntil *utcTime     `json:"valid_until"`
	Ground     string       `json:"ground"` // of the last decision
	OpenedAt   utcTime      `json:"opened_at"`
	ClosedAt   *utcTime     `json:"closed_at"`
	Steps      []matterStep `json:"steps"`
	Policy     *policyOffer `json:"policy"`
}

// policyOffer is the call that makes the site's gates fit the decision, for a leader to
// send: an application itself closes no gate and opens none.
type policyOffer struct {
	Text   textView  `json:"text"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Body   fiber.Map `json:"body"`
}

func (s *Server) viewOfApplication(m *checkpoint.Matter) (*applicationView, error) {
	var a office.Application
	if err := m.Get(&a); err != nil {
		return nil, err
	}
	view := &applicationView{
		ID: m.ID.String(), Site: a.Site, SiteName: s.siteNameOf(a.Site), Node: m.Node, State: m.State, Measures: a.Measures, Headcount: a.Headcount,
		Start: a.Start, ValidUntil: timeOrNil(a.Until), Ground: a.Ground, OpenedAt: utcTime(m.OpenedAt), ClosedAt: timeOrNil(m.ClosedAt),
		Steps: s.viewOfMatterSteps(m),
	}
	if m.State == office.AppSubmitted {
		view.DueAt, view.Overdue = timeOrNil(m.DueAt), m.Late(s.now())
	}
	return view, nil
}

// stopPolicies begins the codes of policies that stop the work at one site.
const stopPolicies = "stop-"

// offerPolicy is what would make a site's gates fit a decision, nil if they do.
func (s *Server) offerPolicy(m *checkpoint.Matter, code string) *policyOffer {
	site, ok := s.store.Registry().Site(code)
	if !ok {
		return nil
	}
	closed := s.store.Registry().RulesAt(site, s.now()).Closed
	switch {
	case m.State == office.AppSuspended && !closed:
		last := m.Steps[len(m.Steps)-1]
		return &policyOffer{
			textView{"关闭该场所所有出入口（须由负责人发布）", "Close the gates of this site (a leader sends it)"}, http.MethodPost, "/v1/policies", fiber.Map{
				"code": stopPolicies + m.ID.String() + "-" + strconv.FormatInt(last.At/1000, 36), "name": "停工：" + firstBytes(site.Name, 100),
				"ground": firstBytes(strings.ReplaceAll(last.Note, "\n", " "), 480), "sites": []string{code},
				"parts": []fiber.Map{{"kinds": []string{site.Kind.String()}, "rules": fiber.Map{"closed": true}, "note": "停工"}},
			},
		}
	case m.State == office.AppApproved && closed:
		for _, p := range s.store.Registry().PoliciesAt(site, s.now()) {
			if strings.HasPrefix(p.Code, stopPolicies) && len(p.Sites) == 1 && len(p.Nodes) == 0 {
				return &policyOffer{
					textView{"恢复该场所出入口（须由负责人发布）", "Open the gates of this site again (a leader sends it)"},
					http.MethodPost, "/v1/policies/" + p.Code + "/end",
					fiber.Map{},
				}
			}
		}
	}
	return nil
}

// firstBytes is the beginning of a text, at most so many bytes of whole characters.
func firstBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

func (s *Server) answerApplication(c *fiber.Ctx, m *checkpoint.Matter, err error) error {
	if err != nil {
		return err
	}
	view, err := s.viewOfApplication(m)
	if err != nil {
		return err
	}
	view.Policy = s.offerPolicy(m, view.Site)
	return c.JSON(view)
}

// termsBody is what is applied for.
type termsBody struct {
	Measures  string `json:"measures"`
	Headcount int    `json:"headcount"`
	Start     string `json:"start"`
}

// handleApply writes a draft down.
func (s *Server) handleApply(c *fiber.Ctx) error {
	var in struct {
		ID string `json:"id"`
		termsBody
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	site, err := s.siteInPath(c)
	if err != nil {
		return err
	}
	m, err := s.office.AddApplication(s.context(c), principalOf(c).Staff.Num, site, in.ID, office.Application{
		Measures: in.Measures, Headcount: in.Headcount, Start: in.Start,
	})
	return s.answerApplication(c, &m, err)
}

// turnApplication changes the application named in the path, if its site is in the
// caller's part of the grid.
func (s *Server) turnApplication(c *fiber.Ctx, turn func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error)) error {
	id, err := s.mayTurn(c, office.KindApplication)
	if err != nil {
		return err
	}
	m, err := turn(s.context(c), id, principalOf(c).Staff.Num)
	return s.answerApplication(c, &m, err)
}

// handleSubmit hands an application in, as it is or mended.
func (s *Server) handleSubmit(c *fiber.Ctx) error {
	var in struct {
		Note   string     `json:"note"`
		Mended *termsBody `json:"mended"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	var mended *office.Application
	if in.Mended != nil {
		mended = &office.Application{Measures: in.Mended.Measures, Headcount: in.Mended.Headcount, Start: in.Mended.Start}
	}
	return s.turnApplication(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.Submit(ctx, by, id, in.Note, mended)
	})
}

// handleApprove lets an enterprise work until a time.
func (s *Server) handleApprove(c *fiber.Ctx) error {
	var in struct {
		Ground     string `json:"ground"`
		ValidUntil string `json:"valid_until"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	until, err := parseTime("valid_until", in.ValidUntil)
	if err != nil {
		return err
	}
	return s.turnApplication(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.Approve(ctx, by, id, until, in.Ground)
	})
}

// decideBy is for the decisions that have a ground and nothing else.
func (s *Server) decideBy(turn func(ctx context.Context, by uint32, id checkpoint.MatterID, ground string) (checkpoint.Matter, error)) fiber.Handler {
	return func(c *fiber.Ctx) error {
		var in struct {
			Ground string `json:"ground"`
		}
		if err := decode(c, &in); err != nil {
			return err
		}
		return s.turnApplication(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
			return turn(ctx, by, id, in.Ground)
		})
	}
}
