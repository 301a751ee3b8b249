package gateway

import "passgate/checkpoint"

// previewView is what a policy would do at the moment at which it begins.
type previewView struct {
	From      utcTime           `json:"from"`
	Until     *utcTime          `json:"until"`
	Residents int               `json:"residents"`
	Inside    int               `json:"inside"` // of the sites that would close or be overfull
	Gates     int               `json:"gates"`
	Sites     []sitePreviewView `json:"sites"`
}

type sitePreviewView struct {
	Code      string       `json:"code"`
	Name      string       `json:"name"`
	Kind      string       `json:"kind"`
	Gates     []string     `json:"gates"`
	Changes   []changeView `json:"changes"`
	Residents int          `json:"residents"`
	Inside    int          `json:"inside"`
	Closes    bool         `json:"closes"`
	Overfull  bool         `json:"overfull"`
}

type changeView struct {
	Field string `json:"field"`
	Old   any    `json:"old"`
	New   any    `json:"new"`
}

func viewOfPreview(p checkpoint.PolicyPreview) previewView {
	out := previewView{
		From: utcTime(p.Policy.From), Until: timeOrNil(p.Policy.Until), Residents: p.Residents, Inside: p.Inside,
		Sites: make([]sitePreviewView, len(p.Sites)),
	}
	for i, at := range p.Sites {
		v := sitePreviewView{
			at.Site.Code, at.Site.Name, at.Site.Kind.String(), []string{}, []changeView{}, at.Residents, at.Inside, at.Closes, at.Overfull,
		}
		for _, gate := range at.Gates {
			v.Gates = append(v.Gates, gate.Code)
		}
		for _, change := range at.Changes {
			v.Changes = append(v.Changes, changeView{change.Field, change.Old, change.New})
		}
		out.Gates += len(at.Gates)
		out.Sites[i] = v
	}
	return out
}
