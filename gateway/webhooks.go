package gateway

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// channelView is a channel without its secrets: of the URL the host is shown, since
// whoever knows all of a robot's can write to its group.
type channelView struct {
	Name     string            `json:"name"`
	Kind     alarm.ChannelKind `json:"kind"`
	Host     string            `json:"host"`
	Signed   bool              `json:"signed"` // it has a secret
	Node     string            `json:"node"`
	NodeName string            `json:"node_name"`
	Scope    alarm.Scope       `json:"scope"`
	Kinds    []alarm.Kind      `json:"kinds"` // none: all
	Level    alarm.Level       `json:"level"` // "": both
	Tested   *testView         `json:"tested"`
}

// testView is how the last test went; null without one.
type testView struct {
	State string  `json:"state"` // sending, sent, dead
	At    utcTime `json:"at"`
	Error string  `json:"error"`
}

func (s *Server) viewOfChannel(ch *alarm.Channel) channelView {
	view := channelView{
		Name: ch.Name, Kind: ch.Kind, Host: ch.Host(), Signed: ch.Secret != "", Node: ch.Node, NodeName: s.nodeName(ch.Node),
		Scope: ch.Scope, Kinds: ch.Kinds, Level: ch.Level,
	}
	if view.Kinds == nil {
		view.Kinds = []alarm.Kind{}
	}
	return view
}

// handleChannels lists all channels.
func (s *Server) handleChannels(c *fiber.Ctx) error {
	all, err := s.alarms.Channels(s.context(c), "")
	if err != nil {
		return err
	}
	views := make([]channelView, len(all))
	for i := range all {
		views[i] = s.viewOfChannel(&all[i])
	}
	return c.JSON(fiber.Map{"channels": views})
}

// handleChannel shows one, with how its last test went.
func (s *Server) handleChannel(c *fiber.Ctx) error {
	ch, err := s.alarms.Channel(s.context(c), c.Params("name"))
	if err != nil {
		return err
	}
	view := s.viewOfChannel(&ch)
	tested, err := s.alarms.Tested(s.context(c), ch.Name)
	if err != nil {
		return err
	}
	if tested.State != "" {
		view.Tested = &testView{tested.State, utcTime(tested.At), tested.Error}
	}
	return c.JSON(view)
}

// handlePutChannel makes or changes one.
func (s *Server) handlePutChannel(c *fiber.Ctx) error {
	var in struct {
		Kind   string   `json:"kind"`
		URL    string   `json:"url"`
		Secret string   `json:"secret"`
		Node   string   `json:"node"`
		Scope  string   `json:"scope"`
		Kinds  []string `json:"kinds"`
		Level  string   `json:"level"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	ch := alarm.Channel{
		Name: strings.Clone(c.Params("name")), Kind: alarm.ChannelKind(in.Kind), URL: in.URL, Secret: in.Secret,
		Node: in.Node, Scope: alarm.Scope(in.Scope), Level: alarm.Level(in.Level),
	}
	for _, k := range in.Kinds {
		ch.Kinds = append(ch.Kinds, alarm.Kind(k))
	}
	ch, err := s.alarms.PutChannel(s.context(c), ch, principalOf(c).Staff.Num)
	if err != nil {
		return err
	}
	return c.JSON(s.viewOfChannel(&ch))
}

// handleDropChannel takes one out of use.
func (s *Server) handleDropChannel(c *fiber.Ctx) error {
	if err := s.alarms.DropChannel(s.context(c), c.Params("name"), principalOf(c).Staff.Num); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}

// handleTestChannel has one told that it works. Nothing is called from here: whoever
// is on duty sends it.
func (s *Server) handleTestChannel(c *fiber.Ctx) error {
	id, err := s.alarms.Test(s.context(c), c.Params("name"), principalOf(c).Staff.Num)
	if err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(fiber.Map{"message": id.String()})
}

type deadView struct {
	ID       string      `json:"id"`
	Level    alarm.Level `json:"level"`
	Alarms   int         `json:"alarms"`
	Test     bool        `json:"test"`
	Since    utcTime     `json:"since"`
	DiedAt   utcTime     `json:"died_at"`
	Attempts int         `json:"attempts"`
	Error    string      `json:"error"`
}

// handleDeadMessages lists what could not be delivered, the last first.
func (s *Server) handleDeadMessages(c *fiber.Ctx) error {
	all, err := s.alarms.Dead(s.context(c), c.Params("name"))
	if err != nil {
		return err
	}
	views := make([]deadView, len(all))
	for i, d := range all {
		views[i] = deadView{d.ID.String(), d.Level, d.Alarms, d.Test, utcTime(d.Since), utcTime(d.DiedAt), d.Attempts, d.Error}
	}
	return c.JSON(fiber.Map{"dead": views})
}

// handleRetryMessages has them sent again: one, or all.
func (s *Server) handleRetryMessages(c *fiber.Ctx) error {
	var in struct {
		ID string `json:"id"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	var id checkpoint.MatterID
	if in.ID != "" {
		var err error
		if id, err = checkpoint.ParseMatterID(in.ID); err != nil {
			return err
		}
	}
	n, err := s.alarms.Retry(s.context(c), c.Params("name"), id, principalOf(c).Staff.Num)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"sending": n})
}
