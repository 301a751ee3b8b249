package gateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// policyView is a policy as the API shows it, with who made and ended it when.
type policyView struct {
	Code      string                 `json:"code"`
	Name      string                 `json:"name"`
	Ground    string                 `json:"ground"`
	State     checkpoint.PolicyState `json:"state"`
	From      utcTime                `json:"from"`
	Until     *utcTime               `json:"until"` // null: until it is ended
	Nodes     []string               `json:"nodes"`
	Sites     []string               `json:"sites"`
	Parts     []partView             `json:"parts"`
	Scope     string                 `json:"scope"` // of its author, empty: the town
	CreatedBy string                 `json:"created_by"`
	CreatedAt utcTime                `json:"created_at"`
	EndedBy   string                 `json:"ended_by"` // empty: nobody
	EndedAt   *utcTime               `json:"ended_at"`
}

type partView struct {
	Kinds []string              `json:"kinds"`
	Rules checkpoint.RulesPatch `json:"rules"`
	Note  string                `json:"note"`
}

func viewOfPolicy(p *checkpoint.Policy, now int64) policyView {
	return policyView{
		p.Code, p.Name, p.Ground, p.StateAt(now), utcTime(p.From), timeOrNil(p.Until), append([]string{}, p.Nodes...),
		append([]string{}, p.Sites...), viewOfParts(p.Parts), p.Scope, p.CreatedBy, utcTime(p.CreatedAt), p.EndedBy, timeOrNil(p.EndedAt),
	}
}

func viewOfParts(parts []checkpoint.PolicyPart) []partView {
	out := make([]partView, len(parts))
	for i, part := range parts {
		out[i] = partView{[]string{}, part.Rules, part.Note}
		for _, kind := range part.Kinds {
			out[i].Kinds = append(out[i].Kinds, kind.String())
		}
	}
	return out
}

func timeOrNil(ms int64) *utcTime {
	if ms == 0 {
		return nil
	}
	at := utcTime(ms)
	return &at
}

// governs tells whether a policy's places all lie in the part of the grid that
// somebody answers for. A place that is not known is as far as the whole town.
func (s *Server) governs(who principal, p *checkpoint.Policy) bool {
	if p.WholeTown() {
		return s.reaches(who, "")
	}
	for _, node := range p.Nodes {
		if !s.reaches(who, node) {
			return false
		}
	}
	for _, code := range p.Sites {
		node := ""
		if site, ok := s.store.Registry().Site(code); ok {
			node = site.Grid
		}
		if !s.reaches(who, node) {
			return false
		}
	}
	return true
}

// handlePolicies lists the policies that hold somewhere in the caller's scope,
// in order of creation: those in force, to come and over.
func (s *Server) handlePolicies(c *fiber.Ctx) error {
	who, reg, now, list := principalOf(c), s.store.Registry(), s.now(), []policyView{}
	state := checkpoint.PolicyState(c.Query("state"))
	known := []checkpoint.PolicyState{"", checkpoint.PolicyComing, checkpoint.PolicyInForce, checkpoint.PolicyEnded}
	if !slices.Contains(known, state) {
		return invalid("state", "must be coming, in_force or ended")
	}
	for _, p := range reg.Policies() {
		if state != "" && p.StateAt(now) != state {
			continue
		}
		mine := func(site *checkpoint.Site) bool { return s.reaches(who, site.Grid) }
		if s.governs(who, p) || slices.ContainsFunc(reg.Touched(p), mine) {
			list = append(list, viewOfPolicy(p, now))
		}
	}
	return c.JSON(fiber.Map{"policies": list})
}

// handlePresets lists the presets.
func (s *Server) handlePresets(c *fiber.Ctx) error {
	type elsewhere struct {
		Rule string `json:"rule"`
		Why  string `json:"why"`
	}
	type view struct {
		Code      string      `json:"code"`
		ZH        string      `json:"zh"`
		EN        string      `json:"en"`
		Source    string      `json:"source"`
		About     string      `json:"about"`
		Parts     []partView  `json:"parts"`
		Elsewhere []elsewhere `json:"elsewhere"`
	}
	list := []view{}
	for _, p := range checkpoint.Presets() {
		v := view{p.Code, p.NameZH, p.NameEN, p.Source, p.About, viewOfParts(p.Parts), []elsewhere{}}
		for _, rule := range p.Elsewhere {
			v.Elsewhere = append(v.Elsewhere, elsewhere{rule.Rule, rule.Why})
		}
		list = append(list, v)
	}
	return c.JSON(fiber.Map{"presets": list})
}

// policyOf reads a policy from the body, of one who may put it.
func (s *Server) policyOf(c *fiber.Ctx) (checkpoint.Policy, error) {
	var in policyInput
	if err := decode(c, &in); err != nil {
		return checkpoint.Policy{}, err
	}
	who := principalOf(c)
	p, err := in.policy(who.Staff)
	if err != nil {
		return p, err
	}
	if !s.governs(who, &p) {
		return p, outOfScope()
	}
	return p, nil
}

// handlePreviewPolicy tells whom a policy would touch. It changes nothing.
func (s *Server) handlePreviewPolicy(c *fiber.Ctx) error {
	p, err := s.policyOf(c)
	if err != nil {
		return err
	}
	preview, err := s.store.PreviewPolicy(s.context(c), p)
	if err != nil {
		return err
	}
	return c.JSON(viewOfPreview(preview))
}

// handlePutPolicy puts a policy in force, or lets it come. When it answers,
// every gateway judges by it.
func (s *Server) handlePutPolicy(c *fiber.Ctx) error {
	p, err := s.policyOf(c)
	if err != nil {
		return err
	}
	s.subject(c, p.Code)
	if err := s.store.Change(s.context(c), func(d *checkpoint.Draft) error { return d.PutPolicy(p) }); err != nil {
		return err
	}
	return s.answerPolicy(c.Status(fiber.StatusCreated), p.Code)
}

// handleEndPolicy ends a policy now; ending it again changes nothing.
func (s *Server) handleEndPolicy(c *fiber.Ctx) error {
	code, who := strings.Clone(c.Params("code")), principalOf(c)
	p, ok := s.store.Registry().Policy(code)
	if !ok {
		return failure(codeNotFound, "there is no such policy")
	}
	if !s.governs(who, p) {
		return outOfScope()
	}
	if !s.reaches(who, p.Scope) {
		return failure(codeOutOfScope, "this policy was ordered from above: only who ordered it, or above, ends it")
	}
	end := func(d *checkpoint.Draft) error { return d.EndPolicy(code, who.Staff.Login) }
	if err := s.store.Change(s.context(c), end); err != nil {
		return err
	}
	return s.answerPolicy(c, code)
}

func (s *Server) answerPolicy(c *fiber.Ctx, code string) error {
	p, ok := s.store.Registry().Policy(code)
	if !ok {
		return fmt.Errorf("gateway: policy %s is not there after it was put", code)
	}
	return c.JSON(viewOfPolicy(p, s.now()))
}
