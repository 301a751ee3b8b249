package gateway

import (
	"encoding/json"
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
		DetailZH: "系统繁忙,优先保障门岗验码,本次未处理,请稍后再试",
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

// comeBack is in how many seconds to come back: by chance, so that those who were
// refused together do not, and later the more is refused.
func comeBack(level int32) int {
	return 1 + rand.IntN(2+int(level)) //nolint:gosec // no secret
}
