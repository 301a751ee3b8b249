package gateway

import (
	"net/http"
	"slices"

	"passgate/checkpoint"
)

// Short names for the rows below.
const (
	get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete

	leader, enroller, grid = checkpoint.RoleLeader, checkpoint.RoleEnroller, checkpoint.RoleGrid
	medic, tracer, auditor = checkpoint.RoleMedic, checkpoint.RoleTracer, checkpoint.RoleAuditor
	inspector, pharmacist  = checkpoint.RoleInspector, checkpoint.RolePharmacist
)

// routes is the table of the API. Nothing else registers a route, but for the files
// of the pages (pages.go).
func (s *Server) routes() []route {
	return slices.Concat(s.gateRoutes(), s.peopleRoutes(), s.townRoutes(), s.myRoutes(), s.officeRoutes())
}

// gateRoutes are for gates: signing in, scans, shifts, what passed, devices.
func (s *Server) gateRoutes() []route {
	gate, home := s.nodeOfGate, s.nodeOfResident
	return []route{
		{method: post, path: "/v1/login", who: everybody, class: classPhones, handle: s.handleLogin},
		{method: get, path: "/v1/me", who: everyStaff.andDevices(), class: classPhones, handle: s.handleMe},
		{method: post, path: "/v1/me/password", who: everyStaff, reads: duty, handle: s.handleMyPassword},
		{method: post, path: "/v1/me/signout", who: everyStaff, handle: s.handleSignOut},
		{method: get, path: "/v1/me/totp", who: everyStaff, handle: s.handleMyFactor},
		{method: post, path: "/v1/me/totp", who: everyStaff, reads: duty, handle: s.handleBeginFactor},
		{method: post, path: "/v1/me/totp/confirm", who: everyStaff, reads: duty, handle: s.handleConfirmFactor},
		{method: post, path: "/v1/me/totp/remove", who: everyStaff, reads: duty, handle: s.handleRemoveFactor},

		{method: post, path: "/v1/scans", who: scanning, class: classScans, handle: s.handleScan},
		{method: post, path: "/v1/scans/annul", who: audience{devices: true}, class: classScans, handle: s.handleAnnul},
		{method: post, path: "/v1/scans/vehicle", who: scanning, class: classScans, handle: s.handleCar},
		{method: post, path: "/v1/scans/batch", who: scanning, large: true, class: classUploads, handle: s.handleBatch},

		{method: post, path: "/v1/shifts", who: audience{devices: true}, class: classPhones, handle: s.handleOpenShift},
		{method: post, path: "/v1/shifts/close", who: audience{devices: true}, class: classPhones, handle: s.handleCloseShift},
		{method: get, path: "/v1/shifts/current", who: audience{devices: true}, class: classPhones, handle: s.handleCurrentShift},
		{method: get, path: "/v1/gate/sync", who: audience{devices: true}, class: classPhones, handle: s.handleGateSync},
		{method: post, path: "/v1/gate/search", who: audience{devices: true}, class: classPhones, handle: s.handleGateSearch},
		{method: get, path: "/v1/time", who: everybody, class: classPhones, handle: s.handleTime},

		{method: get, path: "/v1/gates/:gate/events", who: only(tracer, leader, auditor).andDevices(), node: gate, reads: asked, handle: s.handleEvents},
		{method: get, path: "/v1/gates/:gate/refusals", who: only(tracer, leader, auditor).andDevices(), node: gate, reads: duty, class: classBulk, handle: s.handleRefusals},
		{method: post, path: "/v1/vehicles/search", who: only(tracer, leader, auditor), reads: asked, handle: s.handleVehicleSearch},
		{method: get, path: "/v1/gates/:gate/shifts", who: only(leader).andDevices(), node: gate, handle: s.handleShifts},
		{method: get, path: "/v1/gates/:gate/paper", who: only(enroller, grid, leader).andDevices(), node: gate, handle: s.handleLogSheet},
		{method: post, path: "/v1/gates/:gate/paper", who: only(enroller, grid, leader).andDevices(), node: gate, slow: true, reads: duty, handle: s.handleTypePage},
		{method: get, path: "/v1/residents/:id/trajectory", who: only(tracer, leader), node: home, reads: asked, handle: s.handleTrajectory},
		{method: get, path: "/v1/residents/:id/contacts", who: only(tracer, leader), node: home, reads: asked, slow: true, handle: s.handleContacts},
		{method: post, path: "/v1/crowd", who: only(tracer, leader), reads: asked, slow: true, handle: s.handleCrowd},

		{method: get, path: "/v1/devices", who: only(leader), handle: s.handleDevices},
		{method: post, path: "/v1/devices", who: only(leader), reads: duty, handle: s.handleAddDevice},
		{method: del, path: "/v1/devices/:code", who: only(leader), node: s.nodeOfDevice, reads: duty, class: classVital, handle: s.handleRevokeDevice},
		{method: post, path: "/v1/devices/enrol", who: everybody, class: classPhones, handle: s.handleEnrolDevice},
	}
}

// peopleRoutes are about people: residents, visitors, walk-ins, cases.
func (s *Server) peopleRoutes() []route {
	home := s.nodeOfResident
	return []route{
		{method: get, path: "/v1/alerts", who: only(leader, medic), reads: duty, handle: s.handleAlerts},
		{method: get, path: "/v1/contests", who: only(medic, leader), reads: duty, handle: s.handleContests},
		{method: post, path: "/v1/contests/:id/answer", who: only(medic, leader), reads: duty, handle: s.handleAnswerContest},
		{method: get, path: "/v1/requests", who: only(grid, leader), reads: duty, handle: s.handleRequests},
		{method: post, path: "/v1/requests/:id/take", who: only(grid), reads: duty, handle: s.handleTakeRequest},
		{method: post, path: "/v1/requests/:id/done", who: only(grid), reads: duty, handle: s.handleFinishRequest},
		{method: get, path: "/v1/readings/fevers", who: only(grid, medic, leader), reads: duty, handle: s.handleFeverReadings},
		{method: get, path: "/v1/residents/:id/readings", who: only(grid, medic), node: home, reads: duty, handle: s.handleReadings},
		{method: post, path: "/v1/residents/:id/readings", who: only(grid), node: home, reads: duty, handle: s.handleAddReading},

		{method: get, path: "/v1/cases", who: only(medic, leader, tracer, auditor), reads: duty, handle: s.handleCases},
		{method: post, path: "/v1/cases", who: only(medic, leader), reads: duty, handle: s.handleOpenCase},
		{method: get, path: "/v1/cases/:code", who: only(medic, leader, tracer, auditor), reads: duty, handle: s.handleCase},
		{method: post, path: "/v1/cases/:code/close", who: only(medic, leader), reads: duty, handle: s.handleCloseCase},
		{method: post, path: "/v1/cases/:code/people", who: only(medic, leader, tracer), reads: duty, handle: s.handleAttach},
		{method: post, path: "/v1/cases/:code/lifts", who: only(medic, leader, tracer), reads: duty, handle: s.handleAskLift},
		{method: post, path: "/v1/cases/:code/lifts/:number/approve", who: only(leader), reads: duty, handle: s.handleApproveLift},
		{method: post, path: "/v1/cases/:code/grants", who: only(medic, leader, tracer), reads: duty, handle: s.handleAskGrant},
		{method: post, path: "/v1/cases/:code/grants/:number/approve", who: only(leader), reads: duty, handle: s.handleApproveGrant},

		{method: get, path: "/v1/walk-ins/:id/candidates", who: only(enroller, tracer, grid), reads: duty, handle: s.handleCandidates},
		{method: post, path: "/v1/walk-ins/:id/match", who: only(enroller, tracer, grid), reads: duty, handle: s.handleMatch},
		{method: del, path: "/v1/walk-ins/:id/match", who: only(enroller, tracer, grid), reads: duty, handle: s.handleUnmatch},

		{method: post, path: "/v1/residents", who: only(enroller), reads: duty, handle: s.handleEnrol},
		{method: post, path: "/v1/residents/import", who: only(enroller), large: true, reads: duty, class: classBulk, handle: s.handleImport},
		{method: post, path: "/v1/residents/workbook", who: only(enroller), large: true, body: workbookBody, class: classBulk, handle: s.handleWorkbook},
		{method: post, path: "/v1/residents/search", who: only(enroller, tracer, leader, grid, medic), reads: duty, class: classReads, handle: s.handleSearch},
		{method: get, path: "/v1/residents", who: only(enroller), node: s.nodeOfQuery, reads: duty, class: classBulk, handle: s.handleExport},
		{method: get, path: "/v1/residents/:id", who: only(enroller, grid, medic), node: home, reads: duty, handle: s.handleResident},
		{method: put, path: "/v1/residents/:id/status", who: only(medic), node: home, reads: duty, handle: s.handleStatus},
		{method: post, path: "/v1/residents/:id/erase", who: only(enroller), reads: duty, handle: s.handleErase},
		{method: post, path: "/v1/residents/:id/passes", who: only(enroller, grid), node: home, reads: duty, handle: s.handleIssue},
		{method: post, path: "/v1/residents/:id/passes/revoke", who: only(enroller, medic), node: home, reads: duty, class: classVital, handle: s.handleRevoke},

		{method: post, path: "/v1/residents/:id/activation/renew", who: only(enroller), node: home, reads: duty, handle: s.handleRenewActivation},

		{method: post, path: "/v1/permits", who: permitting, reads: duty, handle: s.handleIssuePermit},
		{method: get, path: "/v1/permits", who: permitting, reads: duty, handle: s.handlePermits},
		{method: get, path: "/v1/permits/overstayed", who: permitting, reads: duty, handle: s.handleOverstayed},
		{method: get, path: "/v1/permits/:id", who: permitting, reads: duty, handle: s.handlePermit},
		{method: post, path: "/v1/permits/:id/withdraw", who: permitting, reads: duty, handle: s.handleWithdrawPermit},
		{method: put, path: "/v1/residents/:id/exemption", who: only(enroller, medic), node: home, handle: s.handleExempt},
		{method: del, path: "/v1/residents/:id/exemption", who: only(enroller, medic), node: home, handle: s.handleEndExemption},
	}
}

// myRoutes are for residents, about their own household.
func (s *Server) myRoutes() []route {
	return []route{
		{method: post, path: "/v1/activate", who: everybody, class: classPhones, handle: s.handleActivate},
		{method: get, path: "/v1/my/household", who: residents, class: classPhones, handle: s.handleHousehold},
		{method: post, path: "/v1/my/passes", who: residents, class: classPhones, handle: s.handleStrip},
		{method: get, path: "/v1/my/history", who: residents, handle: s.handleMyHistory},
		{method: post, path: "/v1/my/contests", who: residents, handle: s.handleMyContest},
		{method: post, path: "/v1/my/readings", who: residents, handle: s.handleMyReading},
		{method: get, path: "/v1/my/readings", who: residents, handle: s.handleMyReadings},
		{method: post, path: "/v1/my/requests", who: residents, handle: s.handleMyRequest},
		{method: get, path: "/v1/my/requests", who: residents, handle: s.handleMyRequests},
		{method: get, path: "/v1/my/readers", who: residents, handle: s.handleReaders},
		{method: del, path: "/v1/my/phones/:id", who: residents, handle: s.handleEndPhone},
	}
}

// townRoutes are about the town: places, staff, policies, what everybody may know.
func (s *Server) townRoutes() []route {
	site := s.nodeOfSite
	return []route{
		{method: get, path: "/v1/sites", who: everyStaff, handle: s.handleSites},
		{method: put, path: "/v1/sites/:site", who: admins, reads: duty, class: classVital, handle: s.handlePutSite},
		{method: get, path: "/v1/sites/:site/inside", who: only(leader, tracer).andDevices(), node: site, handle: s.handleInside},
		{method: get, path: "/v1/sites/:site/inside/people", who: only(tracer, leader), node: site, reads: asked, slow: true, handle: s.handleInsidePeople},
		{method: get, path: "/v1/sites/:site/sheet", who: only(enroller), node: site, reads: duty, slow: true, handle: s.handleSheet},
		{method: get, path: "/v1/gates", who: everyStaff, handle: s.handleGates},
		{method: get, path: "/v1/gates/suspect", who: only(leader, medic, auditor), handle: s.handleSuspects},
		{method: put, path: "/v1/gates/:gate", who: admins, reads: duty, handle: s.handlePutGate},
		{method: get, path: "/v1/grid", who: everyStaff, handle: s.handleGrid},
		{method: put, path: "/v1/grid/:id", who: admins, reads: duty, handle: s.handlePutGrid},
		{method: get, path: "/v1/staff", who: everyStaff, handle: s.handleStaff},
		{method: put, path: "/v1/staff/:login", who: admins, reads: duty, class: classVital, handle: s.handlePutStaff},
		{method: post, path: "/v1/staff/:login/badge", who: only(leader), node: s.nodeOfStaff, reads: duty, handle: s.handleMakeBadge},
		{method: del, path: "/v1/staff/:login/badge", who: only(leader), node: s.nodeOfStaff, reads: duty, class: classVital, handle: s.handleWithdrawBadge},
		{method: del, path: "/v1/staff/:login/totp", who: admins, reads: duty, handle: s.handleResetFactor},
		{method: post, path: "/v1/setup", who: admins, reads: duty, large: true, class: classBulk, handle: s.handleSetup},

		{method: get, path: "/v1/policies", who: only(leader), handle: s.handlePolicies},
		{method: post, path: "/v1/policies", who: only(leader), reads: duty, handle: s.handlePutPolicy},
		{method: get, path: "/v1/policies/presets", who: only(leader), handle: s.handlePresets},
		{method: post, path: "/v1/policies/preview", who: only(leader), class: classBulk, handle: s.handlePreviewPolicy},
		{method: post, path: "/v1/policies/:code/end", who: only(leader), reads: duty, handle: s.handleEndPolicy},

		{method: get, path: "/v1/campaign", who: everyStaff, handle: s.handleCampaign},
		{method: post, path: "/v1/campaign", who: only(leader), reads: duty, handle: s.handleTurnCampaign},

		{method: get, path: "/v1/audit", who: only(auditor), reads: duty, class: classBulk, handle: s.handleAudit},
		{method: get, path: "/v1/audit/head", who: only(auditor), handle: s.handleAuditHead},

		{method: get, path: "/v1/revocations", who: admins.andDevices(), class: classPhones, handle: s.handleRevocations},
		{method: get, path: "/v1/words", who: everyStaff, handle: s.handleWords},
		{method: get, path: "/v1/rules/table", who: everyStaff.andDevices(), class: classPhones, handle: s.handleRules},
		{method: get, path: "/.well-known/jwks.json", who: everybody, class: classPhones, handle: s.handleJWKS},
		{method: get, path: localPagePath, who: everybody, class: classPhones, handle: s.handleLocalPage},
		{method: get, path: localCertificatePath, who: everybody, class: classPhones, handle: s.handleLocalCertificate},
		{method: get, path: "/openapi.yaml", who: everybody, handle: s.handleOpenAPI},
		{method: get, path: "/healthz", who: everybody, class: classVital, handle: s.handleHealth},
		{method: get, path: "/readyz", who: everybody, class: classVital, handle: s.handleReady},
	}
}
