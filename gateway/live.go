package gateway

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint/alarm"
)

const (
	mimeEventStream = "text/event-stream"
	liveBeat        = 15 * time.Second
)

// handleLive streams the board while it changes: see the contract. Who does not take
// text/event-stream is given the board as it stands.
func (s *Server) handleLive(c *fiber.Ctx) error {
	if c.Accepts(fiber.MIMEApplicationJSON, mimeEventStream) != mimeEventStream {
		return s.handleBoard(c)
	}
	token, _ := bearer(c.Request().Header.Peek(fiber.HeaderAuthorization))
	who, conn, log := principalOf(c), c.Context().Conn(), s.log(c)
	w, err := s.live.join(who.Staff.Login, conn)
	if err != nil {
		return err
	}
	stream := &liveStream{s: s, who: who, token: string(token), watcher: w}
	c.Set(fiber.HeaderContentType, mimeEventStream)
	c.Set("X-Accel-Buffering", "no") // for proxies that would gather it
	c.Context().SetBodyStreamWriter(func(out *bufio.Writer) {
		defer s.live.leave(w)
		stream.out = &pieces{conn: conn, w: out, buf: make([]byte, 0, streamPiece+4096)}
		if err := stream.run(); err != nil {
			if !errors.Is(err, errClientGone) {
				log.Error("stream failed", "error", err)
			}
			s.live.leave(w) // before the connection can be another request's
			_ = conn.Close()
		}
	})
	return nil
}

// liveStream tells one watcher of what changes in their scope.
type liveStream struct {
	s       *Server
	who     principal
	token   string
	watcher *watcher
	out     *pieces
	version int64 // of the registry by which the scope was cut; 0: nothing was sent
}

// run sends until the session or the server's life ends, or nobody reads any more.
func (t *liveStream) run() (err error) {
	defer func() { // a goroutine's panic would be the whole process's
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: panic: %v\n%s", p, debug.Stack())
		}
	}()
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	if err := t.beat(); err != nil { // so that the headers are on their way
		return err
	}
	for {
		select {
		case look := <-t.watcher.looks:
			err = t.tell(look)
		case <-beat.C:
			err = t.beat()
		case <-t.s.life.Done():
			return nil
		}
		if err != nil || !t.holds() {
			return err
		}
	}
}

// holds tells whether who watches still is who they were when they began: signed in,
// with the same role and the same part of the grid.
func (t *liveStream) holds() bool {
	now, err := t.s.staffOf(t.token)
	return err == nil && now.Staff.Role == t.who.Staff.Role && now.Staff.Grid == t.who.Staff.Grid
}

func (t *liveStream) beat() error {
	if !t.holds() {
		return nil
	}
	t.event("beat", struct {
		Now utcTime `json:"now"`
	}{utcTime(t.s.now())})
	return t.out.flush()
}

// event writes one event. What we make can be written as JSON.
func (t *liveStream) event(name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	t.out.buf = append(t.out.buf, "event: "+name+"\ndata: "...)
	t.out.buf = append(append(t.out.buf, text...), "\n\n"...)
}

// tell sends what is new in a look; the whole board at first, and when a change of the
// registry may have changed what lies in scope.
func (t *liveStream) tell(l *liveLook) error {
	if !t.holds() {
		return nil
	}
	if t.version != l.version {
		t.version = l.version
		t.event("snapshot", t.s.boardFor(t.who, l))
	} else {
		t.gates(l)
		for _, d := range t.s.denialsFor(t.who, l.news) {
			t.event("denial", d)
		}
	}
	for i := range l.alarms {
		if e := &l.alarms[i]; t.s.reaches(t.who, e.Node) && e.ShownTo(t.who.Staff.Num) {
			t.event("alarm", t.s.newsOfAlarm(e))
		}
	}
	return t.out.flush()
}

// gates tells of those that have changed, and of what moment all is.
func (t *liveStream) gates(l *liveLook) {
	list := make([]json.RawMessage, 0, len(l.changed))
	for _, i := range l.changed {
		if t.s.reaches(t.who, l.gates[i].view.node) {
			list = append(list, l.gates[i].json)
		}
	}
	t.event("gates", struct {
		At    utcTime           `json:"at"`
		Gates []json.RawMessage `json:"gates"`
	}{utcTime(l.at), list})
}

// alarmNews is an alarm as it is told to who watches: it names nobody.
type alarmNews struct {
	ID       string      `json:"id"`
	Kind     alarm.Kind  `json:"kind"`
	Level    alarm.Level `json:"level"`
	Text     textView    `json:"text"`
	Node     string      `json:"node"`
	NodeName string      `json:"node_name"`
	OpenedAt utcTime     `json:"opened_at"`
}

func (s *Server) newsOfAlarm(e *alarm.Entry) alarmNews {
	text := e.Kind.Text()
	return alarmNews{e.ID.String(), e.Kind, text.Level, textView{text.ZH, text.EN}, e.Node, s.nodeName(e.Node), utcTime(e.OpenedAt)}
}

// boardRoutes show the gates while people pass. Who may see them sees to alarms, too.
func (s *Server) boardRoutes() []route {
	watching := only(leader, grid, medic, inspector)
	return []route{
		{method: get, path: "/v1/board", who: watching, slow: true, class: classReads, handle: s.handleBoard},
		{method: get, path: "/v1/board/:gate", who: watching, node: s.nodeOfGate, slow: true, class: classReads, handle: s.handleBoardGate},
		{method: get, path: "/v1/live", who: watching, slow: true, class: classPhones, handle: s.handleLive},
	}
}
