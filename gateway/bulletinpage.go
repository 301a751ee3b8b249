package gateway

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint/bulletin"
)

//go:embed bulletin.html
var bulletinSource string

//go:embed bulletin.css
var bulletinStyle string

var bulletinTemplate = template.Must(template.New("bulletin").Parse(bulletinSource))

// bulletinPolicy lets the page have its own style, by its hash, and load nothing.
var bulletinPolicy = func() string {
	sum := sha256.Sum256([]byte(bulletinStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'"
}()

// bulletinGroup is a part of the printed table.
type bulletinGroup struct {
	ZH, EN string
	Lines  []bulletin.Entry
}

// printedBelow are the columns of the table of the nodes below: what fits on paper.
var printedBelow = []string{"in", "out", "people", "denied", "breaches", "fevers_opened", "observations", "readings_missed", "homes_missing", "requests_open", "dispatches_overdue"}

// nodeRow is a row of that table.
type nodeRow struct {
	Name    string
	Numbers []int64
}

// bulletinHTML prints a bulletin on A4.
func (s *Server) bulletinHTML(c *fiber.Ctx, b *bulletin.Bulletin) error {
	var groups []bulletinGroup
	for _, e := range b.Entries {
		g := e.Line.Group
		if n := len(groups); n == 0 || groups[n-1].ZH != g.ZH {
			groups = append(groups, bulletinGroup{ZH: g.ZH, EN: g.EN})
		}
		if e.Line.Of != "" && e.Number == 0 && e.Correction == 0 && !e.Line.Urgent {
			continue // a reason that nobody was refused for
		}
		last := &groups[len(groups)-1]
		last.Lines = append(last.Lines, e)
	}
	var columns []*bulletin.Line
	var at []int
	for i := range b.Entries {
		for _, key := range printedBelow {
			if b.Entries[i].Line.Key == key {
				columns, at = append(columns, b.Entries[i].Line), append(at, i)
			}
		}
	}
	below := make([]nodeRow, len(b.Below))
	for i := range b.Below {
		below[i].Name = b.Below[i].Name
		for _, column := range at {
			below[i].Numbers = append(below[i].Numbers, b.Below[i].Numbers[column])
		}
	}
	var page bytes.Buffer
	err := bulletinTemplate.Execute(&page, map[string]any{
		"Style": template.CSS(bulletinStyle), "Name": b.Name, "Day": s.shownTime(b.From, "2006年1月2日"), "Date": b.Day.String(), //nolint:gosec // our own file
		"Counted": s.shownTime(b.CountedAt, "2006-01-02 15:04"), "Published": b.PublishedAt != 0, "By": s.publisher(b),
		"Groups": groups, "Columns": columns, "Below": below, "Text": strings.TrimSpace(b.Text(s.store.Zone())),
	})
	if err != nil {
		return fmt.Errorf("gateway: print a bulletin: %w", err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, bulletinPolicy)
	return c.Send(page.Bytes())
}
