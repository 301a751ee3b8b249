package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// handleWords gives the pages of the desk the words for what answers hold, by wire
// name.
func (s *Server) handleWords(c *fiber.Ctx) error {
	reasons := map[string]textView{}
	for _, r := range checkpoint.Reasons() {
		reasons[r.Name] = textView{r.ZH, r.EN}
	}
	return c.JSON(fiber.Map{
		"reasons": reasons, "flags": byName(checkpoint.FlagWords()), "actions": byName(checkpoint.ActionWords()),
		"statuses": byName(checkpoint.StatusWords()),
	})
}

func byName(words []checkpoint.Word) map[string]textView {
	out := make(map[string]textView, len(words))
	for _, w := range words {
		out[w.Name] = textView{w.ZH, w.EN}
	}
	return out
}
