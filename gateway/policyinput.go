package gateway

import (
	"encoding/json"
	"fmt"
	"strings"

	"passgate/checkpoint"
)

// policyInput is a policy as the API takes it: its parts, or the preset that
// they are taken from.
type policyInput struct {
	Code   string      `json:"code"`
	Name   string      `json:"name"`
	Ground string      `json:"ground"`
	From   string      `json:"from"`  // empty: now
	Until  string      `json:"until"` // empty: until it is ended
	Nodes  []string    `json:"nodes"`
	Sites  []string    `json:"sites"`
	Preset string      `json:"preset"`
	Parts  []partInput `json:"parts"`
}

type partInput struct {
	Kinds []string   `json:"kinds"`
	Rules patchInput `json:"rules"`
	Note  string     `json:"note"`
}

// patchInput is a patch whose temperatures are raw, so that an error names
// their field.
type patchInput struct {
	checkpoint.RulesPatch
	FeverLine json.RawMessage `json:"fever_line"`
	LowLine   json.RawMessage `json:"low_line"`
}

// policy checks what the store leaves to the gateway.
func (in policyInput) policy(by *checkpoint.Staff) (checkpoint.Policy, error) {
	p := checkpoint.Policy{Code: in.Code, Name: in.Name, Ground: in.Ground, Nodes: in.Nodes, Sites: in.Sites, CreatedBy: by.Login}
	if by.Role != checkpoint.RoleAdmin {
		p.Scope = by.Grid
	}
	if err := checkLine("name", in.Name, 120); err != nil {
		return p, err
	}
	if err := checkLine("ground", in.Ground, 500); err != nil {
		return p, err
	}
	var err error
	if in.From != "" {
		if p.From, err = parseTime("from", in.From); err != nil {
			return p, err
		}
	}
	if in.Until != "" {
		if p.Until, err = parseTime("until", in.Until); err != nil {
			return p, err
		}
	}
	if in.Preset == "" {
		p.Parts, err = partsOf(in.Parts)
		return p, err
	}
	preset, ok := checkpoint.FindPreset(in.Preset)
	switch {
	case !ok:
		return p, invalid("preset", "must be one of "+strings.Join(presetCodes(), ", "))
	case len(in.Parts) > 0:
		return p, invalid("parts", "come from the preset: give one of the two")
	}
	p.Parts = preset.Parts
	return p, nil
}

func presetCodes() (codes []string) {
	for _, p := range checkpoint.Presets() {
		codes = append(codes, p.Code)
	}
	return codes
}

func partsOf(all []partInput) ([]checkpoint.PolicyPart, error) {
	parts := make([]checkpoint.PolicyPart, len(all))
	for i, in := range all {
		part, err := in.part()
		if err != nil {
			return nil, inPlace(fmt.Sprintf("parts[%d]", i), err)
		}
		parts[i] = part
	}
	return parts, nil
}

func (in partInput) part() (checkpoint.PolicyPart, error) {
	part := checkpoint.PolicyPart{Rules: in.Rules.RulesPatch, Note: in.Note}
	if in.Note != "" {
		if err := checkLine("note", in.Note, 300); err != nil {
			return part, err
		}
	}
	if len(in.Kinds) > len(checkpoint.SiteKinds()) {
		return part, invalid("kinds", "names one twice")
	}
	for _, name := range in.Kinds {
		kind, err := checkpoint.ParseSiteKind(name)
		if err != nil {
			return part, invalid("kinds", "must be of "+joined(checkpoint.SiteKinds())+"; none: all of them")
		}
		part.Kinds = append(part.Kinds, kind)
	}
	var err error
	if part.Rules.FeverLine, err = lineOf("rules.fever_line", in.Rules.FeverLine); err != nil {
		return part, err
	}
	part.Rules.LowLine, err = lineOf("rules.low_line", in.Rules.LowLine)
	return part, err
}

// lineOf reads a temperature; nil if there is none.
func lineOf(field string, raw json.RawMessage) (*checkpoint.Celsius, error) {
	line, err := parseLine(field, raw)
	if err != nil || line == 0 {
		return nil, err
	}
	return &line, nil
}
