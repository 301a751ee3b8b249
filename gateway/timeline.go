package gateway

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/trajectory"
	"passgate/gateway/timeline"
)

const (
	mimeSVG     = "image/svg+xml"
	stayColumns = "site,site_name,entry_gate,exit_gate,from,to,minutes,open,inferred,unknown_start,reentry,late,conflict,why"
)

// stayRows are the stays as rows of a table; the end of an open one is empty.
func stayRows(stays []stayView) [][]string {
	rows := make([][]string, len(stays))
	for i := range stays {
		v, to := &stays[i], ""
		if v.To != nil {
			to = v.To.String()
		}
		rows[i] = []string{v.Site, v.SiteName, v.EntryGate, v.ExitGate, v.From.String(), to, strconv.FormatInt(v.Minutes, 10)}
		for _, mark := range []bool{v.Open, v.Inferred, v.UnknownStart, v.Reentry, v.Late, v.Conflict} {
			rows[i] = append(rows[i], strconv.FormatBool(mark))
		}
		rows[i] = append(rows[i], strings.Join(v.Why, " "))
	}
	return rows
}

// timelineOf is the picture of stays and events, whoever they are of.
func timelineOf(reg *checkpoint.Registry, stays []trajectory.Stay, events []checkpoint.ScanEvent, from, to int64) timeline.Picture {
	p := timeline.Picture{From: from, To: to, Stays: stays, Site: func(num uint32) timeline.Site {
		site, ok := reg.SiteByNum(num)
		if !ok {
			return timeline.Site{}
		}
		return timeline.Site{Name: site.Name, Home: site.Kind.Residential()}
	}}
	for i := range events {
		e := &events[i]
		gate, site := placeOf(reg, e.Gate)
		if !e.Counts() || gate == nil || site == nil {
			continue
		}
		p.Passages = append(p.Passages, timeline.Passage{
			At: e.OccurredAt, Site: site.Num, Gate: gate.Code, Out: e.Direction == checkpoint.Out, Refused: e.Decision != checkpoint.Pass,
			Late: e.Flags&checkpoint.FlagLate != 0, Temperature: e.Temperature.String(), Fever: e.Flags&checkpoint.FlagTemperatureHigh != 0,
			What: e.Reason.Text().ZH,
		})
	}
	return p
}

// sendTimeline answers with the picture. It says for which case and whom it was
// drawn, so that a copy on paper can be told apart.
func (s *Server) sendTimeline(c *fiber.Ctx, person checkpoint.Resident, p timeline.Picture) error {
	p.Zone, p.AsOf = s.store.Zone(), s.now()
	p.Title = person.NameMasked + "  行动轨迹 Trajectory"
	local := func(ms int64) string { return time.UnixMilli(ms).In(p.Zone).Format("2006-01-02 15:04") }
	p.Notes = []string{
		"编号 ID " + checkpoint.FormatPersonID(person.ID),
		fmt.Sprintf("%s – %s  %s", local(p.From), local(p.To), p.Zone),
		"截至 as of " + local(p.AsOf),
	}
	if in := inquiryOf(c); in != nil {
		p.Notes = append(p.Notes, fmt.Sprintf("案件 case %s  查询人 asked by %s", in.kase.Code, in.entry.Actor))
	}
	c.Set(fiber.HeaderContentType, mimeSVG)
	return c.Send(p.SVG())
}
