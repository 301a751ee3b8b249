package gateway

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// alarmRoutes are about alarms and the channels by which they are told.
func (s *Server) alarmRoutes() []route {
	duties := only(leader, grid, medic, inspector)
	return []route{
		{method: get, path: "/v1/alarms", who: duties, node: s.nodeAsked, reads: duty, handle: s.handleAlarms},
		{method: get, path: "/v1/alarms/kinds", who: everyStaff, handle: s.handleAlarmKinds},
		{method: get, path: "/v1/alarms/:id", who: duties, reads: duty, handle: s.handleAlarm},
		{method: post, path: "/v1/alarms/:id/ack", who: duties, reads: duty, handle: s.handleAckAlarm},
		{method: post, path: "/v1/alarms/:id/close", who: duties, reads: duty, handle: s.handleCloseAlarm},

		{method: get, path: "/v1/channels", who: admins, handle: s.handleChannels},
		{method: get, path: "/v1/channels/:name", who: admins, handle: s.handleChannel},
		{method: put, path: "/v1/channels/:name", who: admins, reads: duty, handle: s.handlePutChannel},
		{method: del, path: "/v1/channels/:name", who: admins, reads: duty, handle: s.handleDropChannel},
		{method: post, path: "/v1/channels/:name/test", who: admins, handle: s.handleTestChannel},
		{method: get, path: "/v1/channels/:name/dead", who: admins, handle: s.handleDeadMessages},
		{method: post, path: "/v1/channels/:name/retry", who: admins, handle: s.handleRetryMessages},
	}
}

// alarmView is an alarm, as those on duty see it.
type alarmView struct {
	ID         string       `json:"id"`
	Kind       alarm.Kind   `json:"kind"`
	Level      alarm.Level  `json:"level"`
	Text       textView     `json:"text"`
	State      alarm.State  `json:"state"`
	Node       string       `json:"node"`
	NodeName   string       `json:"node_name"`
	Person     *string      `json:"person"` // ID, null if it is about nobody
	Ref        string       `json:"ref"`
	Since      utcTime      `json:"since"`
	OpenedAt   utcTime      `json:"opened_at"`
	Generation int          `json:"generation"`
	Count      int          `json:"count"`
	Told       string       `json:"told"` // node whose head is told
	Owner      string       `json:"owner"`
	DueAt      *utcTime     `json:"due_at"` // when the next one above is told
	ClosedAt   *utcTime     `json:"closed_at"`
	Steps      []matterStep `json:"steps"`
}

func (s *Server) viewOfAlarm(e *alarm.Entry) alarmView {
	text := e.Kind.Text()
	view := alarmView{
		ID: e.ID.String(), Kind: e.Kind, Level: text.Level, Text: textView{text.ZH, text.EN}, State: e.State,
		Node: e.Node, NodeName: s.nodeName(e.Node), Ref: e.Ref, Since: utcTime(e.At), OpenedAt: utcTime(e.OpenedAt),
		Generation: e.Generation, Count: e.Count, Told: e.Told, Owner: s.loginOf(e.Owner),
		DueAt: timeOrNil(e.DueAt), ClosedAt: timeOrNil(e.ClosedAt), Steps: s.viewOfMatterSteps(&checkpoint.Matter{Steps: e.Steps}),
	}
	if e.Person != 0 {
		person := checkpoint.FormatPersonID(e.Person)
		view.Person = &person
	}
	return view
}

func (s *Server) nodeName(code string) string {
	if n, ok := s.store.Registry().Grid(code); ok {
		return n.Name
	}
	return code
}

// alarmQuery reads which alarms are asked for.
func (s *Server) alarmQuery(c *fiber.Ctx) (q alarm.Query, err error) {
	node, err := s.nodeAsked(c)
	if err != nil {
		return q, err
	}
	q = alarm.Query{
		Node: node, State: alarm.State(strings.Clone(c.Query("state"))), Level: alarm.Level(strings.Clone(c.Query("level"))),
		Cursor: strings.Clone(c.Query("cursor")), Limit: 200, Viewer: principalOf(c).Staff.Num,
	}
	switch {
	case q.State != "" && q.State != alarm.Open && q.State != alarm.Acked && q.State != alarm.Closed:
		return q, invalid("state", "must be open, acked or closed; without it, all that is not closed")
	case q.Level != "" && q.Level != alarm.Urgent && q.Level != alarm.Today:
		return q, invalid("level", "must be urgent or today")
	}
	if text := c.Query("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > checkpoint.MaxMatters {
			return q, invalid("limit", "must be 1 to 1000")
		}
	}
	return q, nil
}

// handleAlarms lists alarms of a node's subtree, or counts them in groups.
func (s *Server) handleAlarms(c *fiber.Ctx) error {
	q, err := s.alarmQuery(c)
	if err != nil {
		return err
	}
	if by := c.Query("group"); by != "" {
		return s.groupedAlarms(c, q, by)
	}
	page, next, err := s.alarms.List(s.context(c), q)
	if err != nil {
		return err
	}
	views := make([]alarmView, len(page))
	for i := range page {
		views[i] = s.viewOfAlarm(&page[i])
	}
	s.rows(c, len(views))
	return c.JSON(struct {
		Alarms []alarmView `json:"alarms"`
		Next   string      `json:"next"`
	}{views, next})
}

// handleAlarmKinds is the table of kinds, the gravest first.
func (s *Server) handleAlarmKinds(c *fiber.Ctx) error {
	type kindView struct {
		Kind  alarm.Kind  `json:"kind"`
		Level alarm.Level `json:"level"`
		Text  textView    `json:"text"`
	}
	kinds := []kindView{}
	for _, k := range alarm.Kinds() {
		kinds = append(kinds, kindView{k.Kind, k.Level, textView{k.ZH, k.EN}})
	}
	return c.JSON(fiber.Map{"kinds": kinds})
}

// alarmInPath reads the alarm of the path, for who may see it.
func (s *Server) alarmInPath(c *fiber.Ctx) (e alarm.Entry, err error) {
	who := principalOf(c)
	id, err := matterInPath(c)
	if err != nil {
		return e, err
	}
	if e, err = s.alarms.Entry(s.context(c), id); err != nil {
		return e, s.hidden(who, err)
	}
	if !s.reaches(who, e.Node) || !e.ShownTo(who.Staff.Num) {
		return e, outOfScope()
	}
	if e.Person != 0 {
		s.about(c, e.Person)
	}
	return e, nil
}

func (s *Server) handleAlarm(c *fiber.Ctx) error {
	e, err := s.alarmInPath(c)
	if err != nil {
		return err
	}
	return c.JSON(s.viewOfAlarm(&e))
}

// handleAckAlarm says that the caller sees to it.
func (s *Server) handleAckAlarm(c *fiber.Ctx) error { return s.turnAlarm(c, s.alarms.Ack) }

// handleCloseAlarm says what was done.
func (s *Server) handleCloseAlarm(c *fiber.Ctx) error { return s.turnAlarm(c, s.alarms.Close) }

func (s *Server) turnAlarm(c *fiber.Ctx, turn alarmTurn) error {
	var in struct {
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	e, err := s.alarmInPath(c)
	if err != nil {
		return err
	}
	if e, err = turn(s.context(c), e.ID, principalOf(c).Staff.Num, in.Note); err != nil {
		return err
	}
	return c.JSON(s.viewOfAlarm(&e))
}
