package gateway

import "github.com/gofiber/fiber/v2"

// Handlers that are still to be written.

func (s *Server) handleExport(*fiber.Ctx) error       { return fiber.ErrNotFound }
