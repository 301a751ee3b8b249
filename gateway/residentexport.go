package gateway

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/gateway/cells"
)

const mimeNDJSON = "application/x-ndjson"

// exportHeader names the columns of an export; an import reads those it knows.
var exportHeader = []string{"id", "name", "id_number", "phone", "site", "door", "grid", "status", "created_at"}

// handleExport gives the residents of a site, or of one household there, as CSV or NDJSON. A site has a few
// thousand people, so the answer is made whole: it is complete or an error.
func (s *Server) handleExport(c *fiber.Ctx) error {
	site := strings.Clone(c.Query("site"))
	media := c.Accepts("text/csv", mimeNDJSON)
	var body bytes.Buffer
	var err error
	people := 0
	each := func(row func(checkpoint.Resident) error) error {
		return s.residentsOf(c, site, func(p checkpoint.Resident) error {
			people++
			return row(p)
		})
	}
	if media == mimeNDJSON {
		lines := json.NewEncoder(&body)
		err = each(func(p checkpoint.Resident) error { return lines.Encode(viewOfResident(p)) })
	} else {
		media = "text/csv; charset=utf-8"
		body.WriteString("\ufeff") // so that Excel takes it for UTF-8
		rows := csv.NewWriter(&body)
		_ = rows.Write(exportHeader) // errors stay with the writer
		err = each(func(p checkpoint.Resident) error { return rows.Write(exportRow(p)) })
		rows.Flush()
		if err == nil {
			err = rows.Error()
		}
	}
	if err != nil {
		return fmt.Errorf("gateway: export of a site: %w", err)
	}
	s.rows(c, people)
	c.Set(fiber.HeaderContentType, media)
	return c.Send(body.Bytes())
}

// residentsOf visits everybody who lives at a site, or of one of its households, and tells
// the audit whom the answer is about.
func (s *Server) residentsOf(c *fiber.Ctx, site string, visit func(checkpoint.Resident) error) error {
	text := c.Query("resident")
	if text == "" {
		s.aboutSite(c, site)
		return s.store.ResidentsOf(s.context(c), site, visit)
	}
	household, err := s.householdAt(c, site, text)
	if err != nil {
		return err
	}
	members, err := s.store.HouseholdMembers(s.context(c), site, household)
	if err != nil {
		return err
	}
	for i := range members {
		s.about(c, members[i].ID)
		if err := visit(members[i]); err != nil {
			return err
		}
	}
	return nil
}

// exportRow is a person in the order of exportHeader.
func exportRow(p checkpoint.Resident) []string {
	row := []string{
		checkpoint.FormatPersonID(p.ID), p.Name, p.IDNumber, p.Phone, p.Site, p.Door, p.Grid, p.Status.String(),
		utcTime(p.CreatedAt).String(),
	}
	for i, field := range row {
		row[i] = cells.Guard(field)
	}
	return row
}
