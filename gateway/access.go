package gateway

import (
	"bytes"
	pathpkg "path"
	"regexp"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"passgate/checkpoint"
	"passgate/checkpoint/feed"
)

// route is one row of the table of what the API can do and who may do it.
type route struct {
	method, path string
	who          audience
	// node finds the grid node that the request is about; staff must have it in
	// their subtree. nil: the request is about none, or its rows have nodes of
	// their own and the handler checks them with reaches.
	node   func(c *fiber.Ctx) (string, error)
	reads  reading // what it reads of people: see question.go
	large  bool    // takes up to 2 MiB, and longer
	body   int     // bytes that it takes at most, where that is more still
	slow   bool    // looks at much, and has as long as a large one
	waits  bool    // for something to happen, as long as the caller asks
	class  class   // when it is refused if there is too much to do, see classOf
	handle fiber.Handler
}

// audience is who may call a route.
type audience struct {
	public  bool
	devices bool // of guards
	revoked bool // even revoked ones: the answer itself says so
	phones  bool // of residents, about their own household
	// subscribers are offices outside the town: see feed.go.
	subscribers bool
	staff       []checkpoint.Role
}

var (
	everybody  = audience{public: true}
	everyStaff = only(checkpoint.RoleLeader, checkpoint.RoleEnroller, checkpoint.RoleGrid, checkpoint.RoleMedic,
		checkpoint.RolePharmacist, checkpoint.RoleInspector, checkpoint.RoleTracer, checkpoint.RoleAuditor)
	admins   = only()
	scanning = audience{devices: true, revoked: true}
	// residents have to do with their own household, and with nobody else.
	residents = audience{phones: true}
	// offices outside the town have to do with the exchange alone.
	outside = audience{subscribers: true}
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

// barred is the error of whoever's token says by how it begins that the route is not
// for them: nothing is looked up for that, and they take the place of nobody.
func (a audience) barred(header []byte) error {
	token, ok := bearer(header)
	switch {
	case !ok || a.public:
		return nil
	case !a.phones && bytes.HasPrefix(token, []byte(phonePrefix)):
		return failure(codeForbidden, "this is not for residents' phones")
	case !a.subscribers && bytes.HasPrefix(token, []byte(feed.TokenPrefix)):
		return failure(codeForbidden, "this is not for subscribers of the feed")
	}
	return nil
}

// admit finds out who asks and whether they may.
func (s *Server) admit(c *fiber.Ctx, r route) error {
	if r.who.public {
		return nil
	}
	who, err := s.caller(c)
	if err != nil {
		return err
	}
	c.Locals(principalKey, who)
	if p := who.Phone; p != nil {
		return s.calls.admit(deskOf(p), s.now(), callsAMinute, "ask")
	}
	if sub := who.Subscriber; sub != nil {
		return s.admitSubscriber(c, r, sub)
	}
	if d := who.Device; d != nil {
		switch {
		case !r.who.devices:
			return failure(codeForbidden, "this is not for gate devices")
		case d.RevokedAt != 0 && !r.who.revoked:
			return failure(codeUnauthorized, "this device is revoked")
		}
		s.noteContact(d.Num)
		return nil
	}
	if r.reads != nothing {
		s.beginInquiry(c, r, who.Staff)
	}
	if !slices.Contains(r.who.staff, who.Staff.Role) {
		return failure(codeForbidden, "the role "+string(who.Staff.Role)+" may not do this")
	}
	if r.reads == asked {
		if err := s.ground(c, inquiryOf(c), who); err != nil {
			return err
		}
	}
	if r.node == nil {
		return nil
	}
	node, err := r.node(c)
	if err != nil {
		return s.hidden(who, err)
	}
	if !s.reachesAsked(c, node) {
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
	return failure(codeOutOfScope, "this is not there, or lies outside the part of the grid that you answer for")
}

// hidden makes what does not exist look like what lies outside the caller's
// part of the grid: otherwise trying IDs, numbers and codes would tell which
// of them are taken elsewhere. Whoever answers for the whole town is told.
func (s *Server) hidden(who principal, err error) error {
	if explain(err).code == codeNotFound && !s.reaches(who, "") {
		return outOfScope()
	}
	return err
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

// knowsCaller tells from the header alone that somebody is signed in.
func (s *Server) knowsCaller(header []byte) bool {
	if token, ok := bearer(header); ok {
		if _, made := s.feed.Made(token); made {
			return true
		}
	}
	_, err := s.authenticate(header)
	return err == nil
}

// bodyLimit decides from the header how much body is read. Only callers who
// are signed in may send much, so that nobody else can fill the memory.
func (s *Server) bodyLimit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	if most := s.mostOf(string(path)); most > 0 && s.knowsCaller(h.Peek(fiber.HeaderAuthorization)) {
		return fasthttp.RequestConfig{MaxRequestBodySize: most}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: smallBody}
}

// paramInPath is a parameter in the path of a route.
var paramInPath = regexp.MustCompile(`:\w+`)

// mostOf is how much body a large route takes at most; 0: it is none.
func (s *Server) mostOf(path string) int {
	if most := s.large[path]; most > 0 {
		return most
	}
	for pattern, most := range s.large {
		if ok, _ := pathpkg.Match(pattern, path); ok {
			return most
		}
	}
	return 0
}
