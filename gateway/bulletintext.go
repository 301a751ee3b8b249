package gateway

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"passgate/checkpoint"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/office"
)

// bulletinTextLength is how many characters of a record's text a row has: a line.
const bulletinTextLength = 60

// recordTexts say what a record is about, by its kind: in the words of whoever wrote it
// down, or the site that it belongs to. Records that are about a person have the
// person instead.
var recordTexts = map[checkpoint.MatterKind]func(s *Server, m *checkpoint.Matter) (string, error){
	office.KindDispatch: func(_ *Server, m *checkpoint.Matter) (string, error) {
		var d office.Dispatch
		err := m.Get(&d)
		return d.Problem, err
	},
	office.KindReport: func(_ *Server, m *checkpoint.Matter) (string, error) {
		var r office.Report
		err := m.Get(&r)
		return r.Text, err
	},
	office.KindFinding: func(s *Server, m *checkpoint.Matter) (string, error) {
		var f office.Finding
		err := m.Get(&f)
		return s.siteNameOf(f.Site) + ":" + f.Text, err
	},
	office.KindStock: func(_ *Server, m *checkpoint.Matter) (string, error) {
		st, err := office.StockOf(m)
		return fmt.Sprintf("%s %d / %d", st.Item, st.Amount, st.Low), err
	},
	office.KindInspection: siteOfRecord, office.KindApplication: siteOfRecord, office.KindRound: siteOfRecord, office.KindDisinfection: siteOfRecord,
}

// siteOfRecord is the name of the site of records that keep its code.
func siteOfRecord(s *Server, m *checkpoint.Matter) (string, error) {
	var kept struct {
		Site string `json:"s"`
	}
	err := m.Get(&kept)
	return s.siteNameOf(kept.Site), err
}

// textsOfRows are those of the rows' records, by their refs; what is gone has none.
func (s *Server) textsOfRows(ctx context.Context, rows []bulletin.Row) (map[string]string, error) {
	var refs []checkpoint.MatterRef
	for i := range rows {
		kind, text, _ := strings.Cut(rows[i].Ref, "/")
		if recordTexts[checkpoint.MatterKind(kind)] == nil {
			continue
		}
		if id, err := checkpoint.ParseMatterID(text); err == nil {
			refs = append(refs, checkpoint.MatterRef{Kind: checkpoint.MatterKind(kind), ID: id})
		}
	}
	found, err := s.store.ReadMatters(ctx, refs)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(found))
	for i := range found {
		m := &found[i]
		if !m.There() || len(m.Body) == 0 { // gone, or forgotten with whoever said it
			continue
		}
		text, err := recordTexts[m.Kind](s, m)
		if err != nil {
			return nil, err
		}
		texts[string(m.Kind)+"/"+m.ID.String()] = firstCharacters(strings.ReplaceAll(text, "\n", " "), bulletinTextLength)
	}
	return texts, nil
}

// firstCharacters is the beginning of a text, with a sign that there is more.
func firstCharacters(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}
