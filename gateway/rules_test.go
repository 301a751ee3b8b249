package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"

	"passgate/checkpoint"
)

// servedRules is what GET /v1/rules/table says, read as a client does.
type servedRules struct {
	Rules         []servedRow `json:"rules"`
	ResidentsOnly []servedRow `json:"residents_only"`
	Precedence    []fields    `json:"precedence"`
	Reasons       []fields    `json:"reasons"`
}

type servedRow struct {
	Status    string `json:"status"`
	SiteKind  string `json:"site_kind"`
	Direction string `json:"direction"`
	OwnHome   bool   `json:"own_home"`
	servedAnswer
}

// servedAnswer is the part of a row that the answer to a scan has, too.
type servedAnswer struct {
	Decision string   `json:"decision"`
	Reason   string   `json:"reason"`
	Color    string   `json:"color"`
	Action   string   `json:"action"`
	Flags    []string `json:"flags"`
}

func (r servedRow) residential() bool { return r.SiteKind == "village" || r.SiteKind == "compound" }

// cell is one row at one of the two sites of its kind: K-village, say, or
// R-village, which is for residents only.
type cell struct {
	servedRow
	site   string
	person uint64
}

// cells lists every row where it can happen: a home is residential.
func (s *servedRules) cells() (out []*cell) {
	for _, row := range s.Rules {
		if row.OwnHome && !row.residential() {
			continue
		}
		only := row
		for _, r := range s.ResidentsOnly {
			if r.Status == row.Status && r.SiteKind == row.SiteKind && r.Direction == row.Direction && r.OwnHome == row.OwnHome {
				only = r
			}
		}
		out = append(out, &cell{servedRow: row, site: "K-" + row.SiteKind}, &cell{servedRow: only, site: "R-" + row.SiteKind})
	}
	return out
}

// Every cell of the published table is what the running script answers over
// HTTP to a person of that status, with a normal temperature and no history.
func TestEveryCellOfTheTableIsWhatAScanAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(d *checkpoint.Draft) error {
		for _, k := range checkpoint.SiteKinds() {
			for prefix, only := range map[string]bool{"K-": false, "R-": true} {
				code := prefix + k.String()
				site := checkpoint.Site{Code: code, Name: code, Kind: k, Grid: "XS", SiteRules: checkpoint.SiteRules{ResidentsOnly: only}}
				err := firstError(
					d.PutSite(site), d.PutGate(checkpoint.Gate{Code: "G" + code, Site: code, Open: true}), d.PutDevice(w.device("D"+code, "G"+code)),
				)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	var served servedRules
	w.must(json.Unmarshal(w.do(http.MethodGet, "/v1/rules/table", w.deviceToken("D1"), nil).ok(http.StatusOK).body, &served))
	cells := served.cells()
	if len(cells) != 2*(9*7*2+9*2*2) {
		t.Errorf("%d cells, want 9 statuses × 7 kinds × 2 directions, and 9 × 2 × 2 at home, at two sites each", len(cells))
	}
	w.enrolCells(cells)
	work := make(chan *cell)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for c := range work {
				w.checkCell(c)
			}
		})
	}
	for _, c := range cells {
		work <- c
	}
	close(work)
	wg.Wait()
}

// enrolCells enters a person for each cell: at home there, or else in V2.
func (w *world) enrolCells(cells []*cell) {
	w.t.Helper()
	rows := make([]checkpoint.NewResident, len(cells))
	for i, c := range cells {
		status, err := checkpoint.ParseStatus(c.Status)
		w.must(err)
		rows[i] = checkpoint.NewResident{Name: "王小明", IDNumber: newDocument(), Site: "V2", Door: fmt.Sprint(i), Status: status}
		if c.OwnHome {
			rows[i].Site = c.site
		}
	}
	results, err := w.store.Enrol(w.t.Context(), rows)
	w.must(err)
	for i, r := range results {
		w.must(r.Err)
		cells[i].person = r.ID
	}
}

func (w *world) checkCell(c *cell) {
	where := fmt.Sprintf("%s, %s at %s, own home %v", c.Status, c.Direction, c.site, c.OwnHome)
	res, err := w.send(http.MethodPost, "/v1/scans", w.deviceToken("D"+c.site), w.newScan(c.person).with(fields{"direction": c.Direction}))
	if err != nil {
		w.t.Errorf("%s: %v", where, err)
		return
	}
	defer res.Body.Close()
	var got servedAnswer
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode != http.StatusOK {
		w.t.Errorf("%s: status %d, %v", where, res.StatusCode, err)
		return
	}
	if !reflect.DeepEqual(got, c.servedAnswer) {
		w.t.Errorf("%s:\n      got %+v\ntable says %+v", where, got, c.servedAnswer)
	}
}

// The rows for residents only are those that differ, each in place of one row.
func TestRowsForResidentsOnlyKeepStrangersOut(t *testing.T) {
	t.Parallel()
	served := PublishedRules()
	if len(served.ResidentsOnly) != 2*5 {
		t.Errorf("%d rows, want those of visitors and outsiders into the 5 kinds where nobody lives", len(served.ResidentsOnly))
	}
	for _, r := range served.ResidentsOnly {
		same := slices.ContainsFunc(served.Rules, func(o ruleView) bool { return reflect.DeepEqual(o, r) })
		if same || r.Decision != "deny" || r.Reason != "outsider" || r.Direction != "in" || r.Status != "visitor" && r.Status != "outsider" {
			t.Errorf("%+v", r)
		}
	}
}

// The API tells the order, with reasons that it tells the texts of.
func TestPrecedenceIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var served servedRules
	w.must(json.Unmarshal(w.do(http.MethodGet, "/v1/rules/table", w.deviceToken("D1"), nil).ok(http.StatusOK).body, &served))
	var names []string
	texts, lagging := map[any]bool{}, []any{}
	for _, r := range served.Reasons {
		texts[r["reason"]] = true
	}
	for _, step := range served.Precedence {
		name, _ := step["step"].(string)
		names = append(names, name)
		if step["exact"] == false {
			lagging = append(lagging, name)
		}
		list, _ := step["reasons"].([]any)
		for _, reason := range list {
			if !texts[reason] {
				t.Errorf("%s gives %v, which has no text", name, reason)
			}
		}
	}
	want := []string{
		"repeat", "device", "code", "person", "confined", "pass", "table", "permit", "fever_case", "fever_home", "cut_off", "closed", "hours", "full", "outings",
		"disinfection", "temperature", "already_inside", "not_inside", "replayed_pass", "override", "told", "record",
	}
	if !slices.Equal(names, want) {
		t.Errorf("steps %v, want %v", names, want)
	}
	if !reflect.DeepEqual(lagging, []any{"full"}) {
		t.Errorf("%v follow a lag, want full alone", lagging)
	}
}
