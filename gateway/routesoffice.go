package gateway

import "slices"

// officeRoutes are the street office's work.
func (s *Server) officeRoutes() []route {
	return slices.Concat(s.healthRoutes(), s.registerRoutes(), s.supplyRoutes(), s.orderRoutes(), s.exchangeRoutes())
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

// supplyRoutes are about supplies, isolation beds, disinfection and purchases of fever
// medicine.
func (s *Server) supplyRoutes() []route {
	return []route{
		{method: get, path: "/v1/supplies", who: only(leader, grid, enroller), node: s.nodeAsked, handle: s.handleSupplies},
		{method: get, path: "/v1/supplies/items", who: only(leader, grid, enroller), handle: s.handleSupplyItems},
		{method: put, path: "/v1/supplies/items/:code", who: only(leader), handle: s.handlePutSupplyItem},
		{method: put, path: "/v1/supplies/lines", who: only(leader, grid), handle: s.handlePutSupplyLine},
		{method: get, path: "/v1/supplies/movements", who: only(leader, grid, enroller), node: s.nodeAsked, reads: duty, handle: s.handleSupplyMoves},
		{method: post, path: "/v1/supplies/movements", who: only(leader, grid, enroller), reads: duty, handle: s.handleMoveSupply},

		{method: get, path: "/v1/beds", who: only(medic, leader, grid), node: s.nodeAsked, reads: duty, handle: s.handleBeds},
		{method: post, path: "/v1/beds", who: only(leader), handle: s.handleAddBed},
		{method: post, path: "/v1/beds/waiting", who: only(medic, leader, grid), reads: duty, handle: s.handleWaitForBed},
		{method: post, path: "/v1/beds/waiting/:id/cancel", who: only(medic, leader, grid), reads: duty, handle: s.handleCancelWait},
		{method: post, path: "/v1/beds/:id/assign", who: only(medic, leader), reads: duty, handle: s.handleAssignBed},
		{method: post, path: "/v1/beds/:id/release", who: only(medic, leader), reads: duty, handle: s.handleReleaseBed},
		{method: post, path: "/v1/beds/:id/cleaned", who: only(medic, leader, grid), handle: s.handleCleanBed},
		{method: post, path: "/v1/beds/:id/out-of-use", who: only(medic, leader), handle: s.handleCloseBed},

		{method: get, path: "/v1/disinfections", who: only(grid, leader, enroller, inspector), node: s.nodeAsked, slow: true, handle: s.handleDisinfections},
		{method: post, path: "/v1/disinfections", who: only(grid, leader, enroller), handle: s.handleDisinfect},
		{method: get, path: "/v1/disinfections/plans", who: only(grid, leader, enroller, inspector), handle: s.handlePlans},
		{method: put, path: "/v1/disinfections/plans", who: only(leader), handle: s.handlePutPlan},

		{method: post, path: "/v1/purchases", who: only(pharmacist).andDevices(), handle: s.handlePurchase},
		{method: get, path: "/v1/purchases", who: only(grid, medic, leader), node: s.nodeAsked, reads: duty, handle: s.handlePurchases},
		{method: post, path: "/v1/purchases/:id/visit", who: only(grid, medic), reads: duty, handle: s.handleVisitPurchase},
		{method: post, path: "/v1/purchases/:id/close", who: only(grid, medic, leader), reads: duty, handle: s.handleClosePurchase},
	}
}

// orderRoutes are how the office is run: hotline, notices, dispatch, bulletin, alarms.
func (s *Server) orderRoutes() []route {
	return []route{}
}

// exchangeRoutes are for the city's platform.
func (s *Server) exchangeRoutes() []route {
	return []route{}
}
