package gateway

import (
	"bytes"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// framed refuses a request whose end, host or sender could be read in two ways.
// The HTTP library takes one of them; a proxy in front may have taken the other,
// and would then see one request where we see two. What follows on the
// connection is not read either.
func framed(c *fiber.Ctx) error {
	if why := ambiguity(&c.Request().Header); why != "" {
		c.Context().SetConnectionClose()
		return failure(codeBadRequest, why)
	}
	return nil
}

// ambiguity says what is ambiguous in a header, "" if nothing is.
func ambiguity(h *fasthttp.RequestHeader) string {
	raw := h.RawHeaders() // as they came: the library has merged doubles by now
	if bytes.IndexByte(raw, 0) >= 0 {
		return "a header holds a zero byte"
	}
	var hosts, senders, lengths, codings int
	for len(raw) > 0 {
		var line []byte
		line, raw, _ = bytes.Cut(raw, []byte("\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case is(name, fiber.HeaderHost):
			hosts++
		case is(name, fiber.HeaderAuthorization):
			senders++
		case is(name, fiber.HeaderContentLength):
			lengths++
		case is(name, fiber.HeaderTransferEncoding):
			codings++
			if !is(bytes.TrimSpace(value), "chunked") {
				return "Transfer-Encoding must be chunked, or left out"
			}
		}
	}
	switch {
	case lengths+codings > 1:
		return "the length of the body is given twice: send one Content-Length, or Transfer-Encoding: chunked alone"
	case senders > 1:
		return "there is more than one Authorization"
	case hosts > 1, hosts == 0 && h.IsHTTP11():
		return "there must be one Host"
	}
	return ""
}

// is compares without regard to case; the lengths differ for almost all.
func is(text []byte, word string) bool {
	return len(text) == len(word) && bytes.EqualFold(text, []byte(word))
}
