package gateway

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// noticeView is a notice with its texts as they are pasted into a group chat and read
// out by a loudspeaker.
type noticeView struct {
	ID          string  `json:"id"`
	Node        string  `json:"node"`
	Office      string  `json:"office"` // name of the node
	Title       string  `json:"title"`
	Text        string  `json:"text"`
	ChatText    string  `json:"chat_text"`
	Loudspeaker string  `json:"loudspeaker_text"`
	ValidFrom   utcTime `json:"valid_from"`
	ValidUntil  utcTime `json:"valid_until"`
}

// noticeOnFile is a notice for staff.
type noticeOnFile struct {
	noticeView
	State string       `json:"state"` // published, withdrawn, over
	Steps []matterStep `json:"steps"`
}

func (s *Server) viewOfNotice(p *office.Posted) noticeView {
	n, name := &p.Notice, s.nodeNameOf(p.Node)
	loud := n.Loudspeaker
	if loud == "" {
		loud = n.Title + "。" + n.Text
	}
	chat := fmt.Sprintf("【%s】%s\n%s\n%s %s", name, n.Title, n.Text, name, s.shownTime(n.From, time.DateOnly))
	return noticeView{p.ID.String(), p.Node, name, n.Title, n.Text, chat, loud, utcTime(n.From), utcTime(n.Until)}
}

func (s *Server) shownTime(ms int64, form string) string {
	return time.UnixMilli(ms).In(s.store.Zone()).Format(form)
}

func (s *Server) nodeNameOf(node string) string {
	if n, ok := s.store.Registry().Grid(node); ok {
		return n.Name
	}
	return node
}

func (s *Server) noticeOnFile(m *checkpoint.Matter) (*noticeOnFile, error) {
	p := office.Posted{ID: m.ID, Node: m.Node}
	if err := m.Get(&p.Notice); err != nil {
		return nil, err
	}
	view := &noticeOnFile{s.viewOfNotice(&p), m.State, s.viewOfMatterSteps(m)}
	if m.State == office.NoticePublished && p.Notice.Until <= s.now() {
		view.State = office.NoticeOver
	}
	return view, nil
}

// handleAddNotice publishes a notice.
func (s *Server) handleAddNotice(c *fiber.Ctx) error {
	var in struct {
		ID          string `json:"id"`
		Node        string `json:"node"`
		Title       string `json:"title"`
		Text        string `json:"text"`
		Loudspeaker string `json:"loudspeaker_text"`
		ValidFrom   string `json:"valid_from"`
		ValidUntil  string `json:"valid_until"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayAt(c, in.Node); err != nil {
		return err
	}
	n := office.Notice{Title: in.Title, Text: in.Text, Loudspeaker: in.Loudspeaker}
	var err error
	if in.ValidFrom != "" {
		if n.From, err = parseTime("valid_from", in.ValidFrom); err != nil {
			return err
		}
	}
	if n.Until, err = parseTime("valid_until", in.ValidUntil); err != nil {
		return err
	}
	m, err := s.office.AddNotice(s.context(c), principalOf(c).Staff.Num, in.Node, in.ID, n)
	return s.answerNotice(c, &m, err)
}

func (s *Server) answerNotice(c *fiber.Ctx, m *checkpoint.Matter, err error) error {
	if err != nil {
		return err
	}
	view, err := s.noticeOnFile(m)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

// handleNotices gives staff the notices of a node and below it that are published, or
// those that were ended in a window, and what holds there from above; a device gets
// what holds at its gate.
func (s *Server) handleNotices(c *fiber.Ctx) error {
	if d := principalOf(c).Device; d != nil {
		node, err := s.gateNode(d.Gate)
		if err != nil {
			return err
		}
		return s.sendNoticesAt(c, node)
	}
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	state := c.Query("state")
	if state != "" && state != "ended" {
		return invalid("state", "must be ended; without it, what is published")
	}
	q := checkpoint.MatterQuery{Kind: office.KindNotice, Node: node, By: checkpoint.OpenOnly}
	if err := s.pageAsked(c, &q, state == "ended"); err != nil {
		return err
	}
	page, next, err := s.store.Matters(s.context(c), q)
	if err != nil {
		return err
	}
	above, err := s.office.NoticesAt(s.context(c), node)
	if err != nil {
		return err
	}
	views, from := []*noticeOnFile{}, []noticeView{}
	for i := range page {
		view, err := s.noticeOnFile(&page[i])
		if err != nil {
			return err
		}
		views = append(views, view)
	}
	for i := range above {
		if above[i].Node != node {
			from = append(from, s.viewOfNotice(&above[i]))
		}
	}
	return c.JSON(fiber.Map{"notices": views, "from_above": from, "next": next})
}

// handleMyNotices gives a household the notices that hold where it lives.
func (s *Server) handleMyNotices(c *fiber.Ctx) error {
	node, err := s.siteNode(principalOf(c).Phone.Site)
	if err != nil {
		return err
	}
	return s.sendNoticesAt(c, node)
}

// sendNoticesAt answers with the notices that hold at a node, the nearest first.
func (s *Server) sendNoticesAt(c *fiber.Ctx, node string) error {
	posted, err := s.office.NoticesAt(s.context(c), node)
	if err != nil {
		return err
	}
	views := []noticeView{}
	for i := range posted {
		views = append(views, s.viewOfNotice(&posted[i]))
	}
	return c.JSON(fiber.Map{"notices": views})
}

// handleWithdrawNotice takes a notice back.
func (s *Server) handleWithdrawNotice(c *fiber.Ctx) error {
	note, err := noted(c)
	if err != nil {
		return err
	}
	id, err := s.mayTurn(c, office.KindNotice)
	if err != nil {
		return err
	}
	m, err := s.office.WithdrawNotice(s.context(c), principalOf(c).Staff.Num, id, note)
	return s.answerNotice(c, &m, err)
}

//go:embed leaflet.html
var leafletSource string

var leafletTemplate = template.Must(template.New("leaflet").Parse(leafletSource))

// handleLeaflet prints a notice of the caller's part of the grid, or of a node above
// it.
func (s *Server) handleLeaflet(c *fiber.Ctx) error {
	id, err := matterInPath(c)
	if err != nil {
		return err
	}
	who := principalOf(c)
	m, err := s.store.Matter(s.context(c), office.KindNotice, id)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return s.hidden(who, err)
	case err != nil:
		return err
	case !s.concerns(who, m.Node):
		return outOfScope()
	}
	var n office.Notice
	if err := m.Get(&n); err != nil {
		return err
	}
	const form = "2006-01-02 15:04"
	var page bytes.Buffer
	err = leafletTemplate.Execute(&page, struct {
		Title, Text, Office, From, Until, Call string
		Over                                   bool
	}{
		n.Title, n.Text, s.nodeNameOf(m.Node), s.shownTime(n.From, form), s.shownTime(n.Until, form), s.store.Registry().DutyPhone(m.Node),
		!m.Open() || n.Until <= s.now(),
	})
	if err != nil {
		return fmt.Errorf("gateway: print a notice: %w", err)
	}
	return sendPrint(c, page.Bytes())
}
