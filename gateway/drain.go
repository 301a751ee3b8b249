package gateway

// Drain makes way for other gateways: from now on /readyz answers 503, so that balancers
// send elsewhere, and every answer ends its connection. Whatever comes is still
// answered. Call Shutdown when the balancers have had the time to notice.
func (s *Server) Drain() { s.draining.Store(true) }
