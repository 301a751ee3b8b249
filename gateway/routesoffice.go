package gateway

import "slices"

// officeRoutes are the street office's work.
func (s *Server) officeRoutes() []route {
	return slices.Concat(s.healthRoutes(), s.observationRoutes(), s.registerRoutes(), s.enterpriseRoutes(), s.hotlineRoutes(), s.supplyRoutes(), s.exchangeRoutes(), s.alarmRoutes(), s.boardRoutes(), s.bulletinRoutes(), s.callRoutes())
}

// healthRoutes are about fevers, statuses, observations and those who look after them.
func (s *Server) healthRoutes() []route {
	return []route{
		{method: post, path: "/v1/status-changes", who: only(medic), large: true, reads: duty, handle: s.handleStatusChanges},
		{method: get, path: "/v1/status-proposals", who: only(medic, leader), node: s.nodeAsked, reads: duty, handle: s.handleProposals},
		{method: get, path: "/v1/status-proposals/:id", who: only(medic, leader), reads: duty, handle: s.handleProposal},
		{method: post, path: "/v1/status-proposals/:id/approve", who: only(medic, leader), slow: true, reads: duty, handle: s.handleApproveProposal},
		{method: post, path: "/v1/status-proposals/:id/refuse", who: only(medic, leader), reads: duty, handle: s.handleRefuseProposal},

		{method: get, path: "/v1/fevers", who: only(medic, leader, grid), reads: duty, handle: s.handleFevers},
		{method: get, path: "/v1/fevers/:id", who: only(medic, leader, grid), reads: duty, handle: s.handleFever},
		{method: post, path: "/v1/fevers/:id/reports", who: only(medic, leader, grid), reads: duty, handle: s.handleReportFever},
		{method: post, path: "/v1/fevers/:id/handover", who: only(medic), reads: duty, handle: s.handleHandOver},
		{method: post, path: "/v1/fevers/:id/screening", who: only(medic), reads: duty, handle: s.handleScreen},
		{method: post, path: "/v1/fevers/:id/hospital-link", who: only(medic), reads: duty, handle: s.handleHospitalLink},
		{method: post, path: "/v1/fevers/:id/close", who: only(medic), reads: duty, handle: s.handleCloseFever},
		{method: post, path: "/v1/hospital/result", who: everybody, handle: s.handleHospitalResult},
		{method: get, path: hospitalPath, who: everybody, handle: s.handleHospitalPage},
		{method: post, path: hospitalPath, who: everybody, handle: s.handleHospitalForm},
		{method: get, path: hospitalPath + ".css", who: everybody, handle: handleHospitalStyle},
		{method: get, path: hospitalPath + ".js", who: everybody, handle: handleHospitalScript},
	}
}

// observationRoutes are about observations, people who come back, and the rounds of
// grid members.
func (s *Server) observationRoutes() []route {
	looking := only(grid, medic, leader)
	return []route{
		{method: get, path: "/v1/observations", who: looking, node: s.nodeAsked, reads: duty, handle: s.handleObservations},
		{method: post, path: "/v1/observations", who: only(medic, leader), reads: duty, handle: s.handleStartObservation},
		{method: get, path: "/v1/observations/:id", who: looking, reads: duty, handle: s.handleObservation},
		{method: post, path: "/v1/observations/:id/release", who: only(medic, leader), reads: duty, handle: s.handleReleaseObservation},
		{method: post, path: "/v1/observations/:id/extend", who: only(medic, leader), reads: duty, handle: s.handleExtendObservation},
		{method: post, path: "/v1/observations/:id/people", who: only(medic, leader), reads: duty, handle: s.handleObservationPeople},
		{method: post, path: "/v1/observations/:id/reports", who: looking, reads: duty, handle: s.handleReportObservation},
		{method: post, path: "/v1/my/observation/reports", who: residents, handle: s.handleMyDayReport},

		{method: get, path: "/v1/returnees", who: only(enroller, grid, medic, leader), node: s.nodeAsked, reads: duty, handle: s.handleReturnees},
		{method: post, path: "/v1/returnees", who: only(enroller, grid, medic, leader), reads: duty, handle: s.handleRegisterReturnee},
		{method: post, path: "/v1/returnees/:id/close", who: only(enroller, grid, medic, leader), reads: duty, handle: s.handleCloseReturnee},

		{method: get, path: "/v1/grid/:id/today", who: only(grid, leader), node: s.nodeInPath, reads: duty, slow: true, class: classReads, handle: s.handleMyList},
		{method: get, path: "/v1/grid/:id/coverage", who: only(grid, leader), node: s.nodeInPath, reads: duty, slow: true, handle: s.handleCoverage},
		{method: post, path: "/v1/visits", who: only(grid, leader), reads: duty, handle: s.handleVisit},
	}
}

// registerRoutes are what is done to residents' records.
func (s *Server) registerRoutes() []route {
	working := only(enroller, leader)
	return []route{
		{method: post, path: "/v1/residents/:id/move", who: working, reads: duty, handle: s.handleMove},
		{method: post, path: "/v1/residents/:id/correct", who: working, reads: duty, handle: s.handleCorrect},
		{method: post, path: "/v1/residents/:id/merge", who: working, reads: duty, handle: s.handleMerge},
		{method: post, path: "/v1/residents/:id/gone", who: working, reads: duty, handle: s.handleGone},
		{method: get, path: "/v1/residents/:id/work", who: only(enroller, leader, auditor), node: s.nodeOfResident, reads: duty, handle: s.handleRecordWork},
	}
}

// enterpriseRoutes are about enterprises and shops, and inspections of sites.
func (s *Server) enterpriseRoutes() []route {
	looking, typing := only(inspector, leader, enroller), only(inspector, leader, enroller)
	site := s.nodeOfSite
	return []route{
		{method: get, path: "/v1/enterprises", who: looking, node: s.nodeAsked, reads: duty, handle: s.handleEnterprises},
		{method: get, path: "/v1/enterprises/:site", who: looking, node: site, reads: duty, handle: s.handleEnterprise},
		{method: put, path: "/v1/enterprises/:site", who: typing, node: site, handle: s.handlePutEnterprise},
		{method: get, path: "/v1/enterprises/:site/staff", who: looking, node: site, reads: duty, handle: s.handleEnterpriseStaff},
		{method: post, path: "/v1/enterprises/:site/staff", who: typing, node: site, slow: true, reads: duty, handle: s.handleEmploy},
		{method: del, path: "/v1/enterprises/:site/staff/:id", who: typing, node: site, reads: duty, handle: s.handleLeaveEmployment},
		{method: post, path: "/v1/enterprises/:site/applications", who: typing, node: site, handle: s.handleApply},
		{method: post, path: "/v1/applications/:id/submit", who: typing, handle: s.handleSubmit},
		{method: post, path: "/v1/applications/:id/return", who: only(inspector, leader), handle: s.decideBy(s.office.Return)},
		{method: post, path: "/v1/applications/:id/approve", who: only(leader), handle: s.handleApprove},
		{method: post, path: "/v1/applications/:id/refuse", who: only(leader), handle: s.decideBy(s.office.Refuse)},
		{method: post, path: "/v1/applications/:id/suspend", who: only(inspector, leader), handle: s.decideBy(s.office.Suspend)},
		{method: post, path: "/v1/applications/:id/resume", who: only(leader), handle: s.decideBy(s.office.Resume)},

		{method: get, path: "/v1/inspections", who: only(inspector, leader, enroller, grid), node: s.nodeAsked, handle: s.handleInspections},
		{method: post, path: "/v1/inspections", who: only(inspector, leader), handle: s.handleAddInspection},
		{method: get, path: "/v1/findings", who: only(inspector, leader, enroller, grid), node: s.nodeAsked, handle: s.handleFindings},
		{method: get, path: "/v1/findings/:id", who: only(inspector, leader, enroller, grid), handle: s.handleFinding},
		{method: post, path: "/v1/findings/:id/corrected", who: only(inspector, leader, enroller, grid), handle: s.handleCorrectFinding},
		{method: post, path: "/v1/findings/:id/verify", who: only(inspector, leader), handle: s.handleVerifyFinding},
		{method: post, path: "/v1/findings/:id/reopen", who: only(inspector, leader), handle: s.handleReopenFinding},
	}
}

// hotlineRoutes are about what people report, what they are told, and what is given out
// to be solved. Taking reports down and changing them reads nothing: see hotline.go.
func (s *Server) hotlineRoutes() []route {
	return []route{
		{method: get, path: "/v1/reports", who: everyStaff, node: s.nodeAsked, reads: duty, handle: s.handleReports},
		{method: post, path: "/v1/reports", who: only(leader, grid, enroller, auditor, inspector, medic), handle: s.handleAddReport},
		{method: get, path: "/v1/reports/:id", who: everyStaff, reads: duty, handle: s.handleReport},
		{method: post, path: "/v1/reports/:id/assign", who: only(leader, grid, auditor), handle: s.handleAssignReport},
		{method: post, path: "/v1/reports/:id/close", who: everyStaff, handle: s.handleCloseReport},
		{method: post, path: "/v1/reports/:id/reopen", who: only(leader, grid, auditor), handle: s.handleReopenReport},
		{method: post, path: "/v1/reports/:id/staff", who: only(auditor), handle: s.handleNameStaff},
		{method: get, path: "/v1/my/reports", who: residents, handle: s.handleMyHotline},
		{method: post, path: "/v1/my/reports", who: residents, handle: s.handleTellHotline},

		{method: get, path: "/v1/notices", who: everyStaff.andDevices(), node: s.nodeAsked, handle: s.handleNotices},
		{method: post, path: "/v1/notices", who: only(leader, grid), handle: s.handleAddNotice},
		{method: post, path: "/v1/notices/:id/withdraw", who: only(leader, grid), handle: s.handleWithdrawNotice},
		{method: get, path: "/v1/notices/:id/leaflet", who: everyStaff, handle: s.handleLeaflet},
		{method: get, path: "/v1/my/notices", who: residents, handle: s.handleMyNotices},

		{method: get, path: "/v1/dispatches", who: everyStaff, node: s.nodeAsked, reads: duty, handle: s.handleDispatches},
		{method: post, path: "/v1/dispatches", who: only(leader, grid), handle: s.handleAddDispatch},
		{method: get, path: "/v1/dispatches/:id", who: everyStaff, reads: duty, handle: s.handleDispatch},
		{method: post, path: "/v1/dispatches/:id/take", who: everyStaff, handle: s.handleTakeDispatch},
		{method: post, path: "/v1/dispatches/:id/done", who: everyStaff, handle: s.handleFinishDispatch},
		{method: post, path: "/v1/dispatches/:id/verify", who: only(leader, grid), handle: s.handleVerifyDispatch},
		{method: post, path: "/v1/dispatches/:id/reopen", who: only(leader, grid), handle: s.handleReopenDispatch},
		{method: post, path: "/v1/dispatches/:id/reassign", who: only(leader, grid), handle: s.handleReassignDispatch},
	}
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

// bulletinRoutes are the daily bulletins and what their numbers open.
func (s *Server) bulletinRoutes() []route {
	return []route{
		{method: get, path: "/v1/bulletin", who: only(leader, grid, medic), node: s.nodeAsked, slow: true, handle: s.handleBulletin},
		{method: get, path: "/v1/bulletin/rows", who: only(leader, grid, medic), node: s.nodeAsked, reads: duty, slow: true, handle: s.handleBulletinRows},
		{method: post, path: "/v1/bulletins", who: only(leader), slow: true, class: classBulk, handle: s.handlePublishBulletin},
	}
}

// exchangeRoutes are for the city's platform.
func (s *Server) exchangeRoutes() []route {
	return []route{
		{method: get, path: "/v1/feed", who: outside, waits: true, reads: duty, handle: s.handleFeed},
		{method: post, path: "/v1/authority/changes", who: outside, large: true, reads: duty, handle: s.handleChanges},
		{method: get, path: "/v1/authority/changes", who: only(enroller, leader, medic), node: s.nodeAsked, reads: duty, handle: s.handleWaitingChanges},

		{method: get, path: "/v1/subscribers", who: only(auditor), reads: duty, handle: s.handleSubscribers},
		{method: get, path: "/v1/subscribers/:name", who: only(auditor), reads: duty, handle: s.handleSubscriber},
		{method: put, path: "/v1/subscribers/:name", who: admins, reads: duty, handle: s.handlePutSubscriber},
		{method: del, path: "/v1/subscribers/:name", who: admins, reads: duty, handle: s.handleRevokeSubscriber},
	}
}

// callRoutes are the contacts of cases as work.
func (s *Server) callRoutes() []route {
	calling := only(tracer, leader)
	return []route{
		{method: post, path: "/v1/cases/:code/contacts", who: calling, large: true, reads: duty, handle: s.handleAddCalls},
		{method: get, path: "/v1/cases/:code/contacts", who: calling, reads: duty, handle: s.handleCalls},
		{method: post, path: "/v1/cases/:code/contacts/next", who: calling, reads: duty, handle: s.handleNextCall},
		{method: get, path: "/v1/cases/:code/line-list", who: calling, slow: true, reads: duty, handle: s.handleLineList},
		{method: get, path: "/v1/calls", who: calling, reads: duty, handle: s.handleCallCases},
		{method: get, path: "/v1/calls/mine", who: calling, reads: duty, handle: s.handleCallInHand},
		{method: get, path: "/v1/calls/visits", who: only(grid, tracer, leader), node: s.nodeAsked, reads: duty, handle: s.handleCallVisits},
		{method: get, path: "/v1/calls/:id", who: calling, reads: duty, handle: s.handleCall},
		{method: post, path: "/v1/calls/:id/phone", who: calling, reads: duty, handle: s.handleShowNumber},
		{method: post, path: "/v1/calls/:id/outcome", who: only(tracer, leader, grid), reads: duty, handle: s.handleFinishCall},
		{method: post, path: "/v1/calls/:id/assign", who: only(leader), reads: duty, handle: s.handleAssignCall},
		{method: post, path: "/v1/calls/:id/release", who: calling, reads: duty, handle: s.handleReleaseCall},
		{method: post, path: "/v1/calls/:id/transfer", who: calling, reads: duty, handle: s.handleTransferCall},
	}
}
