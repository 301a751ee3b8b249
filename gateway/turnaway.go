package gateway

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/gofiber/fiber/v2"
)

// overloadedBody is the one problem that all are told who are refused: it is sent when
// there is no time to render it.
var overloadedBody = func() []byte {
	p := problems[codeOverloaded]
	body, err := json.Marshal(problemBody{
		Type: "urn:passgate:problem:" + string(codeOverloaded), Title: p.title, Status: p.status, Code: codeOverloaded,
		Detail:   "people at the gates go first: nothing was done, send it again later",
		DetailZH: "系统繁忙，优先保障卡口验码，本次未处理，请稍后再试",
	})
	if err != nil {
		panic(err) // a struct of strings can be written
	}
	return body
}()

// turnAway answers a request that admit has refused. It is not logged: there are
// many, and the metrics count them.
func (s *Server) turnAway(c *fiber.Ctx, r route) {
	s.begin(c)
	_ = framed(c) // a request whose end is in doubt ends its connection all the same
	c.Status(problems[codeOverloaded].status)
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(comeBack(s.load.level.Load())))
	c.Set(fiber.HeaderContentType, "application/problem+json")
	c.Response().SetBodyRaw(overloadedBody)
	s.metrics.countRequest(r.method, r.path, c.Response().StatusCode())
}

// showOut answers a request that is nothing of its sender's before it counts as work.
func (s *Server) showOut(c *fiber.Ctx, r route, why error) {
	s.begin(c)
	s.writeProblem(c, r.path, errors.Join(framed(c), why))
	s.metrics.countRequest(r.method, r.path, c.Response().StatusCode())
}

// handle runs a route's handler: a device has some of its scans and of its uploads under
// way at once, see enter.
func (s *Server) handle(c *fiber.Ctx, r route) error {
	d := principalOf(c).Device
	if d == nil || r.class != classScans && r.class != classUploads {
		return r.handle(c)
	}
	leave, ok := s.load.enter(r.class, d.Num)
	if !ok {
		return failure(codeTooMany, "this device has many "+r.class.String()+" under way: wait until they are answered")
	}
	defer leave()
	return r.handle(c)
}

// comeBack is in how many seconds to come back: by chance, so that those who were
// refused together do not, and later the more is refused.
func comeBack(level int32) int {
	return 1 + rand.IntN(2+int(level)) //nolint:gosec // no secret
}
