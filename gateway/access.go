package gateway

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"passgate/checkpoint"
)

// route is one row of the table of what the API can do and who may do it.
type route struct {
	method, path string
	who          audience
	// node finds the grid node that the request is about; staff must have it in
	// their subtree. nil: the request is about none, or its rows have nodes of
	// their own and the handler checks them with reaches.
	node   func(c *fiber.Ctx) (string, error)
	large  bool // takes up to 2 MiB
	handle fiber.Handler
}

// audience is who may call a route.
type audience struct {
	public  bool
	devices bool // of guards
	revoked bool // even revoked ones: the answer itself says so
	staff   []checkpoint.Role
}

var (
	everybody  = audience{public: true}
	everyStaff = only(checkpoint.RoleLeader, checkpoint.RoleEnroller, checkpoint.RoleGrid, checkpoint.RoleMedic,
		checkpoint.RolePharmacist, checkpoint.RoleInspector, checkpoint.RoleTracer, checkpoint.RoleAuditor)
	admins   = only()
	scanning = audience{devices: true, revoked: true}
	// permitting may have to do with visitors' permits, of sites in their scope.
	permitting = only(checkpoint.RoleEnroller, checkpoint.RoleGrid, checkpoint.RoleLeader).andDevices()
)

// only admits staff of these roles, and admins, who may do everything.
func only(roles ...checkpoint.Role) audience {
	return audience{staff: append(roles, checkpoint.RoleAdmin)}
}

// andDevices admits guards' devices as well.
func (a audience) andDevices() audience {
	a.devices = true
	return a
}

// routes is the table. Nothing else registers a route.
func (s *Server) routes() []route {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete

		leader, enroller, grid = checkpoint.RoleLeader, checkpoint.RoleEnroller, checkpoint.RoleGrid
		medic, tracer, auditor = checkpoint.RoleMedic, checkpoint.RoleTracer, checkpoint.RoleAuditor
	)
	gate, site, home := s.nodeOfGate, s.nodeOfSite, s.nodeOfResident
	return []route{
		{method: post, path: "/v1/login", who: everybody, handle: s.handleLogin},
		{method: get, path: "/v1/me", who: everyStaff.andDevices(), handle: s.handleMe},

		{method: post, path: "/v1/scans", who: scanning, handle: s.handleScan},
		{method: post, path: "/v1/scans/annul", who: audience{devices: true}, handle: s.handleAnnul},
		{method: post, path: "/v1/scans/vehicle", who: scanning, handle: s.handleCar},
		{method: post, path: "/v1/scans/batch", who: scanning, large: true, handle: s.handleBatch},

		{method: post, path: "/v1/shifts", who: audience{devices: true}, handle: s.handleOpenShift},
		{method: post, path: "/v1/shifts/close", who: audience{devices: true}, handle: s.handleCloseShift},
		{method: get, path: "/v1/shifts/current", who: audience{devices: true}, handle: s.handleCurrentShift},

		{method: get, path: "/v1/gates/:gate/events", who: only(tracer, leader, auditor).andDevices(), node: gate, handle: s.handleEvents},
		{method: get, path: "/v1/gates/:gate/refusals", who: only(tracer, leader, auditor).andDevices(), node: gate, handle: s.handleRefusals},
		{method: post, path: "/v1/vehicles/search", who: only(tracer, leader, auditor), handle: s.handleVehicleSearch},
		{method: get, path: "/v1/gates/:gate/shifts", who: only(leader).andDevices(), node: gate, handle: s.handleShifts},
		{method: get, path: "/v1/residents/:id/trajectory", who: only(tracer, leader), node: home, handle: s.handleTrajectory},

		{method: get, path: "/v1/alerts", who: only(leader, medic), handle: s.handleAlerts},
		{method: get, path: "/v1/fevers", who: only(medic, leader), handle: s.handleFevers},
		{method: get, path: "/v1/fevers/:id", who: only(medic, leader), handle: s.handleFever},
		{method: post, path: "/v1/fevers/:id/close", who: only(medic), handle: s.handleCloseFever},

		{method: get, path: "/v1/walk-ins/:id/candidates", who: only(enroller, tracer, grid), handle: s.handleCandidates},
		{method: post, path: "/v1/walk-ins/:id/match", who: only(enroller, tracer, grid), handle: s.handleMatch},
		{method: del, path: "/v1/walk-ins/:id/match", who: only(enroller, tracer, grid), handle: s.handleUnmatch},

		{method: post, path: "/v1/residents", who: only(enroller), handle: s.handleEnrol},
		{method: post, path: "/v1/residents/import", who: only(enroller), large: true, handle: s.handleImport},
		{method: post, path: "/v1/residents/search", who: only(enroller, tracer, grid, medic), handle: s.handleSearch},
		{method: get, path: "/v1/residents", who: only(enroller), node: s.nodeOfQuery, handle: s.handleExport},
		{method: get, path: "/v1/residents/:id", who: only(enroller, grid, medic), node: home, handle: s.handleResident},
		{method: put, path: "/v1/residents/:id/status", who: only(medic), node: home, handle: s.handleStatus},
		{method: post, path: "/v1/residents/:id/passes", who: only(enroller, grid), node: home, handle: s.handleIssue},
		{method: post, path: "/v1/residents/:id/passes/revoke", who: only(enroller, medic), node: home, handle: s.handleRevoke},

		{method: post, path: "/v1/permits", who: permitting, handle: s.handleIssuePermit},
		{method: get, path: "/v1/permits", who: permitting, handle: s.handlePermits},
		{method: get, path: "/v1/permits/overstayed", who: permitting, handle: s.handleOverstayed},
		{method: get, path: "/v1/permits/:id", who: permitting, handle: s.handlePermit},
		{method: post, path: "/v1/permits/:id/withdraw", who: permitting, handle: s.handleWithdrawPermit},
		{method: put, path: "/v1/residents/:id/exemption", who: only(enroller, medic), node: home, handle: s.handleExempt},
		{method: del, path: "/v1/residents/:id/exemption", who: only(enroller, medic), node: home, handle: s.handleEndExemption},

		{method: get, path: "/v1/sites", who: everyStaff, handle: s.handleSites},
		{method: put, path: "/v1/sites/:site", who: admins, handle: s.handlePutSite},
		{method: get, path: "/v1/sites/:site/inside", who: only(leader, tracer).andDevices(), node: site, handle: s.handleInside},
		{method: get, path: "/v1/sites/:site/sheet", who: only(enroller), node: site, handle: s.handleSheet},
		{method: get, path: "/v1/gates", who: everyStaff, handle: s.handleGates},
		{method: get, path: "/v1/gates/suspect", who: only(leader, medic, auditor), handle: s.handleSuspects},
		{method: put, path: "/v1/gates/:gate", who: admins, handle: s.handlePutGate},
		{method: get, path: "/v1/grid", who: everyStaff, handle: s.handleGrid},
		{method: put, path: "/v1/grid/:id", who: admins, handle: s.handlePutGrid},
		{method: get, path: "/v1/staff", who: everyStaff, handle: s.handleStaff},
		{method: put, path: "/v1/staff/:login", who: admins, handle: s.handlePutStaff},
		{method: post, path: "/v1/staff/:login/badge", who: only(leader), node: s.nodeOfStaff, handle: s.handleMakeBadge},
		{method: del, path: "/v1/staff/:login/badge", who: only(leader), node: s.nodeOfStaff, handle: s.handleWithdrawBadge},
		{method: post, path: "/v1/setup", who: admins, large: true, handle: s.handleSetup},

		{method: get, path: "/v1/policies", who: only(leader), handle: s.handlePolicies},
		{method: post, path: "/v1/policies", who: only(leader), handle: s.handlePutPolicy},
		{method: get, path: "/v1/policies/presets", who: only(leader), handle: s.handlePresets},
		{method: post, path: "/v1/policies/preview", who: only(leader), handle: s.handlePreviewPolicy},
		{method: post, path: "/v1/policies/:code/end", who: only(leader), handle: s.handleEndPolicy},

		{method: get, path: "/v1/devices", who: only(leader), handle: s.handleDevices},
		{method: post, path: "/v1/devices", who: only(leader), handle: s.handleAddDevice},
		{method: del, path: "/v1/devices/:code", who: only(leader), node: s.nodeOfDevice, handle: s.handleRevokeDevice},
		{method: post, path: "/v1/devices/enrol", who: everybody, handle: s.handleEnrolDevice},

		{method: get, path: "/v1/revocations", who: admins.andDevices(), handle: s.handleRevocations},
		{method: get, path: "/v1/rules/table", who: everyStaff.andDevices(), handle: s.handleRules},
		{method: get, path: "/.well-known/jwks.json", who: everybody, handle: s.handleJWKS},
		{method: get, path: "/openapi.yaml", who: everybody, handle: s.handleOpenAPI},
		{method: get, path: "/healthz", who: everybody, handle: s.handleHealth},
		{method: get, path: "/readyz", who: everybody, handle: s.handleReady},
	}
}

// admit finds out who asks and whether they may.
func (s *Server) admit(c *fiber.Ctx, r route) error {
	if r.who.public {
		return nil
	}
	who, err := s.authenticate(c.Request().Header.Peek(fiber.HeaderAuthorization))
	if err != nil {
		return err
	}
	c.Locals(principalKey, who)
	if d := who.Device; d != nil {
		switch {
		case !r.who.devices:
			return failure(codeForbidden, "this is not for gate devices")
		case d.RevokedAt != 0 && !r.who.revoked:
			return failure(codeUnauthorized, "this device is revoked")
		}
		return nil
	}
	if !slices.Contains(r.who.staff, who.Staff.Role) {
		return failure(codeForbidden, "the role "+string(who.Staff.Role)+" may not do this")
	}
	if r.node == nil {
		return nil
	}
	node, err := r.node(c)
	if err != nil {
		return err
	}
	if !s.reaches(who, node) {
		return outOfScope()
	}
	return nil
}

// reaches tells whether a node lies in the part of the grid that somebody
// answers for. Admins and staff of the root reach everything, people without a
// home too (node ""); a device reaches no node.
func (s *Server) reaches(who principal, node string) bool {
	if who.Staff == nil {
		return false
	}
	return who.Staff.Role == checkpoint.RoleAdmin || s.store.Registry().Within(node, who.Staff.Grid) ||
		s.isRoot(who.Staff.Grid)
}

func (s *Server) isRoot(id string) bool {
	n, ok := s.store.Registry().Grid(id)
	return ok && n.Parent == ""
}

func outOfScope() error {
	return failure(codeOutOfScope, "this lies outside the part of the grid that you answer for")
}

// nodeOfGate: gate, its site, the site's node.
func (s *Server) nodeOfGate(c *fiber.Ctx) (string, error) { return s.gateNode(c.Params("gate")) }

func (s *Server) gateNode(code string) (string, error) {
	gate, ok := s.store.Registry().Gate(code)
	if !ok {
		return "", failure(codeNotFound, "there is no such gate")
	}
	return s.siteNode(gate.Site)
}

func (s *Server) nodeOfSite(c *fiber.Ctx) (string, error) { return s.siteNode(c.Params("site")) }

// nodeOfQuery is for the site named in the query.
func (s *Server) nodeOfQuery(c *fiber.Ctx) (string, error) {
	code := c.Query("site")
	if code == "" {
		return "", invalid("site", "is missing: give the code of a site")
	}
	return s.siteNode(code)
}

func (s *Server) siteNode(code string) (string, error) {
	site, ok := s.store.Registry().Site(code)
	if !ok {
		return "", failure(codeNotFound, "there is no such site")
	}
	return site.Grid, nil
}

func (s *Server) nodeOfDevice(c *fiber.Ctx) (string, error) {
	d, ok := s.store.Registry().Device(c.Params("code"))
	if !ok {
		return "", failure(codeNotFound, "there is no such device")
	}
	return s.gateNode(d.Gate)
}

func (s *Server) nodeOfStaff(c *fiber.Ctx) (string, error) {
	st, ok := s.store.Registry().Staff(c.Params("login"))
	if !ok {
		return "", failure(codeNotFound, "there is no such account")
	}
	return st.Grid, nil
}

// nodeOfResident reads the person, whom the handler then finds in residentOf.
func (s *Server) nodeOfResident(c *fiber.Ctx) (string, error) {
	id, err := checkpoint.ParsePersonID(c.Params("id"))
	if err != nil {
		return "", err
	}
	person, err := s.store.Resident(s.context(c), id)
	if err != nil {
		return "", err
	}
	c.Locals(residentKey, person)
	return person.Grid, nil
}

// residentOf is the person named in the path, read when the scope was checked.
func residentOf(c *fiber.Ctx) checkpoint.Resident {
	person, _ := c.Locals(residentKey).(checkpoint.Resident)
	return person
}

// bodyLimit decides from the header how much body is read. Only callers who
// are signed in may send much, so that nobody else can fill the memory.
func (s *Server) bodyLimit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	if s.large[string(path)] {
		if _, err := s.authenticate(h.Peek(fiber.HeaderAuthorization)); err == nil {
			return fasthttp.RequestConfig{MaxRequestBodySize: largeBody}
		}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: smallBody}
}
