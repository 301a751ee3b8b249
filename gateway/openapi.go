package gateway

import (
	_ "embed"

	"github.com/gofiber/fiber/v2"
)

// openAPI is the contract of the HTTP API. A test holds it and the route table
// together.
//
//go:embed openapi.yaml
var openAPI []byte

// handleOpenAPI gives the contract.
func (s *Server) handleOpenAPI(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/yaml")
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	return c.Send(openAPI)
}
