package gateway

import "github.com/gofiber/fiber/v2"

// Handlers that are still to be written.

func (s *Server) handleEnrol(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handleImport(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleSearch(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleExport(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleResident(*fiber.Ctx) error     { return fiber.ErrNotFound }
func (s *Server) handleStatus(*fiber.Ctx) error       { return fiber.ErrNotFound }
