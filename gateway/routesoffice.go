package gateway

import "slices"

// officeRoutes are the street office's work.
func (s *Server) officeRoutes() []route {
	return slices.Concat(s.healthRoutes(), s.registerRoutes(), s.orderRoutes(), s.exchangeRoutes())
}

// healthRoutes are about fevers, statuses, observations and those who look after them.
func (s *Server) healthRoutes() []route {
	return []route{}
}

// registerRoutes are the registers: supplies, beds, disinfection, purchases,
// enterprises, inspections, residents' records.
func (s *Server) registerRoutes() []route {
	return []route{}
}

// orderRoutes are how the office is run: hotline, notices, dispatch, bulletin, alarms.
func (s *Server) orderRoutes() []route {
	return []route{}
}

// exchangeRoutes are for the city's platform.
func (s *Server) exchangeRoutes() []route {
	return []route{}
}
