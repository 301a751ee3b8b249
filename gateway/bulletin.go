package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/office"
)

// BulletinsOf is the book of bulletins of a town, which knows from its office what is
// in no record: the homes that were not reached, what was missed under observation.
func BulletinsOf(store *checkpoint.Store, o *office.Office) *bulletin.Book {
	return bulletin.New(store, bulletin.Finders{
		Homes: func(ctx context.Context, node string, day checkpoint.Day, fn func(bulletin.Found)) error {
			coverage, err := o.CoverageOf(ctx, node, day)
			if err != nil {
				return err
			}
			for _, h := range coverage.Missing {
				fn(bulletin.Found{Node: h.Node, State: "missing", Ref: "home/" + h.Site + "." + checkpoint.FormatPersonID(h.Household), Person: h.People[0]})
			}
			return nil
		},
		Missed: func(ctx context.Context, node string, day checkpoint.Day, fn func(bulletin.Found)) error {
			missed, err := o.MissedOn(ctx, node, day)
			for _, a := range missed {
				state := bulletin.MissedReading
				if a.Kind == alarm.ReportMissed {
					state = bulletin.MissedReport
				}
				fn(bulletin.Found{Node: a.Node, Person: a.Person, At: a.At, State: state, Ref: a.Ref})
			}
			return err
		},
	})
}

// bulletinView is the bulletin of a node and day.
type bulletinView struct {
	Node        string        `json:"node"`
	NodeName    string        `json:"node_name"`
	Day         string        `json:"day"`
	From        utcTime       `json:"from"`
	To          utcTime       `json:"to"`
	CountedAt   utcTime       `json:"counted_at"`
	Over        bool          `json:"over"`
	PublishedAt *utcTime      `json:"published_at"` // null: the numbers are live
	PublishedBy string        `json:"published_by"` // login, "passgate" for the program, "" if it is not published
	Lines       []lineView    `json:"lines"`
	Below       []nodeNumbers `json:"below"`
}

// lineView is one number.
type lineView struct {
	Key        string   `json:"key"`
	Group      string   `json:"group"`
	GroupText  textView `json:"group_text"`
	Text       textView `json:"text"`
	Unit       string   `json:"unit"`
	Of         string   `json:"of"` // key of the line that it is a part of, "" if none
	Urgent     bool     `json:"urgent"`
	Number     int64    `json:"number"`
	Yesterday  *int64   `json:"yesterday"` // null: there is no bulletin of it
	Change     *int64   `json:"change"`
	ChangeText string   `json:"change_text"`
	Correction int64    `json:"correction"`
	Opens      bool     `json:"opens"` // the caller may open its rows
}

// nodeNumbers are those of a node right below.
type nodeNumbers struct {
	Node     string           `json:"node"`
	NodeName string           `json:"node_name"`
	Numbers  map[string]int64 `json:"numbers"` // by the keys of the lines; what is 0 is left out
}

func (s *Server) viewOfBulletin(b *bulletin.Bulletin, role checkpoint.Role) bulletinView {
	v := bulletinView{
		Node: b.Node, NodeName: b.Name, Day: b.Day.String(), From: utcTime(b.From), To: utcTime(b.To), CountedAt: utcTime(b.CountedAt),
		Over: b.Over, PublishedAt: timeOrNil(b.PublishedAt), PublishedBy: s.publisher(b), Below: []nodeNumbers{},
	}
	for i := range b.Entries {
		e := &b.Entries[i]
		l := e.Line
		line := lineView{
			Key: l.Key, Group: l.Group.Key, GroupText: textView{l.Group.ZH, l.Group.EN}, Text: textView{l.ZH, l.EN}, Unit: l.Unit, Of: l.Of,
			Urgent: l.Urgent, Number: e.Number, ChangeText: e.ChangeText(), Correction: e.Correction, Opens: l.OpensFor(role),
		}
		if e.HasBefore {
			before, change := e.Before, e.Change()
			line.Yesterday, line.Change = &before, &change
		}
		v.Lines = append(v.Lines, line)
	}
	for _, below := range b.Below {
		n := nodeNumbers{below.Node, below.Name, map[string]int64{}}
		for i, number := range below.Numbers {
			if number != 0 {
				n.Numbers[b.Entries[i].Line.Key] = number
			}
		}
		v.Below = append(v.Below, n)
	}
	return v
}

// publisher names who published a bulletin.
func (s *Server) publisher(b *bulletin.Bulletin) string {
	switch {
	case b.PublishedAt == 0:
		return ""
	case b.PublishedBy == 0:
		return "passgate"
	}
	return s.loginOf(b.PublishedBy)
}

// dayAsked is the day of the query: today without one.
func (s *Server) dayAsked(c *fiber.Ctx) (checkpoint.Day, error) {
	text := c.Query("day")
	if text == "" {
		return s.store.DayAt(s.now()), nil
	}
	return checkpoint.ParseDay(strings.Clone(text))
}

// handleBulletin gives the bulletin of a node and day, in the form that is asked for.
func (s *Server) handleBulletin(c *fiber.Ctx) error {
	form, err := bulletinFormOf(c)
	if err != nil {
		return err
	}
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	day, err := s.dayAsked(c)
	if err != nil {
		return err
	}
	b, err := s.bulletins.Of(s.context(c), node, day)
	if err != nil {
		return bulletinProblem(err)
	}
	return form(s, c, b)
}

// handlePublishBulletin makes the numbers of a day stand.
func (s *Server) handlePublishBulletin(c *fiber.Ctx) error {
	var in struct {
		Node string `json:"node"`
		Day  string `json:"day"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayAt(c, in.Node); err != nil {
		return err
	}
	day, err := checkpoint.ParseDay(in.Day)
	if err != nil {
		return err
	}
	who := principalOf(c).Staff
	if err := s.bulletins.Publish(s.context(c), in.Node, day, who.Num); err != nil {
		return bulletinProblem(err)
	}
	b, err := s.bulletins.Of(s.context(c), in.Node, day)
	if err != nil {
		return bulletinProblem(err)
	}
	s.log(c).Info("bulletin published", "by", who.Login, "node", in.Node, "day", in.Day)
	return c.JSON(s.viewOfBulletin(b, who.Role))
}

// bulletinProblem says what is in the way of a bulletin.
func bulletinProblem(err error) error {
	switch {
	case errors.Is(err, bulletin.ErrNotOver):
		return failure(codeWrongState, "the day is not over: publish it from midnight on; until then GET /v1/bulletin shows it as it stands")
	case errors.Is(err, bulletin.ErrTooOld):
		return failure(codeTooLate, "this day lies before retention and was not published: what it is counted from is gone")
	}
	return err
}
