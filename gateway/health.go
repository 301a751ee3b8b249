package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// maxRulesAge is how old the rules of a gateway that is ready may be.
const maxRulesAge = 5 * time.Second

// readiness keeps the last answer for a moment, so that whoever asks often
// costs Redis nothing.
type readiness struct {
	mu   sync.Mutex
	at   time.Time
	last error
}

const readinessKept = 250 * time.Millisecond

// handleHealth tells that the process answers.
func (s *Server) handleHealth(c *fiber.Ctx) error { return c.JSON(fiber.Map{"status": "ok"}) }

// handleReady tells whether scans can be decided and passes be signed here, and will
// be a moment later.
func (s *Server) handleReady(c *fiber.Ctx) error {
	if s.draining.Load() {
		return failure(codeUnavailable, "this gateway is about to end: send requests to another one")
	}
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if time.Since(s.ready.at) > readinessKept {
		s.ready.last = s.checkReady(s.context(c))
		s.ready.at = time.Now()
	}
	if s.ready.last != nil {
		return s.ready.last
	}
	return c.JSON(s.readyView())
}

// readyView says "ready", or "degraded" while gates are kept open without Redis,
// with what an operator wants to know of that.
func (s *Server) readyView() fiber.Map {
	if s.standby == nil {
		return fiber.Map{"status": "ready"}
	}
	st := s.standby.Stats()
	view := fiber.Map{"status": "ready", "owed": st.Owed, "set_aside": st.Journal.Aside, "copy_age_ms": st.Age.Milliseconds()}
	if st.Down > 0 || st.Age > maxRulesAge {
		view["status"], view["partitions_down"], view["entry_refused"] = "degraded", st.Down, st.CutOff
	}
	return view
}

func (s *Server) checkReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkpoint.ClientTimeout)
	defer cancel()
	if s.store.Outdated() != nil {
		return failure(codeUnavailable, "the data in Redis is for newer programs alone: a newer one has carried it forward; start that one here, too")
	}
	if s.standby == nil { // with one, gates are answered here, better than nowhere
		if err := s.store.Ping(ctx); err != nil {
			return failure(codeUnavailable, "Redis does not answer")
		}
		if age := s.store.RulesAge(); age > maxRulesAge {
			return failure(codeUnavailable, fmt.Sprintf("the rules are %s old", age.Round(time.Second)))
		}
	}
	if _, err := s.ring.Signer(s.clock()); err != nil {
		return failure(codeUnavailable, "there is no key that may sign now")
	}
	return nil
}
