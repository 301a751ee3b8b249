package gateway

import "github.com/gofiber/fiber/v2"

// Handlers that are still to be written.

func (s *Server) handleEnrol(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handleImport(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleSearch(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleExport(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleResident(*fiber.Ctx) error     { return fiber.ErrNotFound }
func (s *Server) handleStatus(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleIssue(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handleRevoke(*fiber.Ctx) error       { return fiber.ErrNotFound }
func (s *Server) handleSites(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handlePutSite(*fiber.Ctx) error      { return fiber.ErrNotFound }
func (s *Server) handleSheet(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handleGates(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handlePutGate(*fiber.Ctx) error      { return fiber.ErrNotFound }
func (s *Server) handleGrid(*fiber.Ctx) error         { return fiber.ErrNotFound }
func (s *Server) handlePutGrid(*fiber.Ctx) error      { return fiber.ErrNotFound }
func (s *Server) handleStaff(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handlePutStaff(*fiber.Ctx) error     { return fiber.ErrNotFound }
func (s *Server) handleSetup(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handleDevices(*fiber.Ctx) error      { return fiber.ErrNotFound }
func (s *Server) handleAddDevice(*fiber.Ctx) error    { return fiber.ErrNotFound }
func (s *Server) handleRevokeDevice(*fiber.Ctx) error { return fiber.ErrNotFound }
func (s *Server) handleEnrolDevice(*fiber.Ctx) error  { return fiber.ErrNotFound }
func (s *Server) handleRevocations(*fiber.Ctx) error  { return fiber.ErrNotFound }
func (s *Server) handleRules(*fiber.Ctx) error        { return fiber.ErrNotFound }
func (s *Server) handleJWKS(*fiber.Ctx) error         { return fiber.ErrNotFound }
