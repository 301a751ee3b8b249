package gateway

import "github.com/gofiber/fiber/v2"

func (s *Server) handleScan(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleBatch(*fiber.Ctx) error      { return fiber.ErrNotFound }
func (s *Server) handleEvents(*fiber.Ctx) error     { return fiber.ErrNotFound }
func (s *Server) handleRefusals(*fiber.Ctx) error   { return fiber.ErrNotFound }
func (s *Server) handleTrajectory(*fiber.Ctx) error { return fiber.ErrNotFound }
