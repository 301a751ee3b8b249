package gateway

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint/bulletin"
	"passgate/gateway/cells"
)

// bulletinForm answers with a bulletin in one form.
type bulletinForm func(*Server, *fiber.Ctx, *bulletin.Bulletin) error

// bulletinForms are the forms by their names in a query. A bulletin has a hundred
// lines, and as many numbers for each node right below, so it is made whole.
var bulletinForms = map[string]bulletinForm{
	"json": (*Server).bulletinJSON, "csv": (*Server).bulletinCSV, "xlsx": (*Server).bulletinXLSX,
	"html": (*Server).bulletinHTML, "text": (*Server).bulletinText,
}

// bulletinMedia names the forms by the media types that a client accepts.
var bulletinMedia = map[string]string{
	fiber.MIMEApplicationJSON: "json", mimeCSV: "csv", mimeXLSX: "xlsx", fiber.MIMETextHTML: "html", fiber.MIMETextPlain: "text",
}

// bulletinFormOf is the form that a request asks for, by its query or by what it
// accepts.
func bulletinFormOf(c *fiber.Ctx) (bulletinForm, error) {
	name := c.Query("format")
	if name == "" {
		name = bulletinMedia[c.Accepts(fiber.MIMEApplicationJSON, mimeCSV, mimeXLSX, fiber.MIMETextHTML, fiber.MIMETextPlain)]
	}
	if name == "" {
		name = "json"
	}
	form, ok := bulletinForms[name]
	if !ok {
		return nil, invalid("format", "must be one of "+strings.Join(slices.Sorted(maps.Keys(bulletinForms)), ", "))
	}
	return form, nil
}

func (s *Server) bulletinJSON(c *fiber.Ctx, b *bulletin.Bulletin) error {
	return c.JSON(s.viewOfBulletin(b, principalOf(c).Staff.Role))
}

func (s *Server) bulletinText(c *fiber.Ctx, b *bulletin.Bulletin) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextPlainCharsetUTF8)
	return c.SendString(b.Text(s.store.Zone()))
}

// bulletinColumns are those of a table: the numbers of the node, and of each one right
// below it in rows of their own.
var bulletinColumns = []string{"day", "node", "node_name", "key", "zh", "en", "unit", "number", "yesterday", "change", "correction"}

// firstNumber is the column from which on there are numbers.
const firstNumber = 7

// bulletinTable hands the rows of a bulletin's table to row. Of a node below there are
// the numbers alone.
func bulletinTable(b *bulletin.Bulletin, row func(cells []string) error) error {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for i := range b.Entries {
		e := &b.Entries[i]
		before, change := "", ""
		if e.HasBefore {
			before, change = number(e.Before), number(e.Change())
		}
		l := e.Line
		if err := row([]string{b.Day.String(), b.Node, b.Name, l.Key, l.ZH, l.EN, l.Unit, number(e.Number), before, change, number(e.Correction)}); err != nil {
			return err
		}
	}
	for _, n := range b.Below {
		for i := range b.Entries {
			l := b.Entries[i].Line
			if err := row([]string{b.Day.String(), n.Node, n.Name, l.Key, l.ZH, l.EN, l.Unit, number(n.Numbers[i]), "", "", ""}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) bulletinCSV(c *fiber.Ctx, b *bulletin.Bulletin) error {
	var body bytes.Buffer
	body.WriteString("\ufeff") // so that Excel takes it for UTF-8
	rows := csv.NewWriter(&body)
	_ = rows.Write(bulletinColumns) // errors stay with the writer
	err := bulletinTable(b, func(fields []string) error {
		for i := range firstNumber {
			fields[i] = cells.Guard(fields[i])
		}
		return rows.Write(fields)
	})
	if rows.Flush(); err == nil {
		err = rows.Error()
	}
	if err != nil {
		return fmt.Errorf("gateway: a bulletin as CSV: %w", err)
	}
	keepBulletinAs(c, b, "csv")
	c.Set(fiber.HeaderContentType, mimeCSV+"; charset=utf-8")
	return c.Send(body.Bytes())
}

func (s *Server) bulletinXLSX(c *fiber.Ctx, b *bulletin.Bulletin) error {
	var body bytes.Buffer
	x := &xlsxRows{zone: s.store.Zone(), most: sheetRows, name: "bulletin", head: bulletinColumns}
	err := x.begin(&body)
	if err == nil {
		err = bulletinTable(b, func(fields []string) error {
			x.beginRow()
			for i, field := range fields {
				if i < firstNumber {
					x.text(i, field)
				} else if field != "" {
					x.cell(i, `"><v>`, field, `</v></c>`)
				}
			}
			return x.endRow()
		})
	}
	if err == nil {
		err = x.close()
	}
	if err != nil {
		return fmt.Errorf("gateway: a bulletin as a workbook: %w", err)
	}
	keepBulletinAs(c, b, "xlsx")
	c.Set(fiber.HeaderContentType, mimeXLSX)
	return c.Send(body.Bytes())
}

// keepBulletinAs names the file under which a browser keeps the answer.
func keepBulletinAs(c *fiber.Ctx, b *bulletin.Bulletin, extension string) {
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="bulletin_%s_%s.%s"`, b.Node, b.Day, extension))
}
