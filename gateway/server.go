package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/feed"
	"passgate/checkpoint/office"
	"passgate/codes"
)

// Limits of the server.
const (
	smallBody      = 64 << 10
	largeBody      = 2 << 20
	headerBytes    = 8 << 10
	maxConnections = 10_000
	readTimeout    = 10 * time.Second
	writeTimeout   = 10 * time.Second
	idleTimeout    = 90 * time.Second
	requestTimeout = 2 * time.Second
	largeTimeout   = 8 * time.Second // for many records: a slow machine gets through them, too
	waitingTimeout = longestWait + 5*time.Second
	sessionLife    = 12 * time.Hour
)

// Config is what a Server needs. Store, Ring and SessionKey are required.
type Config struct {
	// Store holds the domain. The server does not close it.
	Store *checkpoint.Store
	// Ring verifies passes and, where it holds a signing key, issues them.
	Ring *codes.Ring
	// SessionKey (32 bytes) signs the sessions of staff. Every gateway of a
	// town needs the same one; a new one ends all sessions.
	SessionKey []byte
	// Logger gets one record for each failure of ours, with the request's ID
	// and without personal data. slog.Default() if nil.
	Logger *slog.Logger
	// Clock defaults to time.Now. It is the store's clock as well.
	Clock checkpoint.Clock
	// AuditSigner signs heads of the audit for who asks; nil: nobody can.
	AuditSigner *checkpoint.AuditSigner
	// TrustedProxies are the addresses of proxies in front of the gateway, whose
	// X-Forwarded-For says where a sign-in comes from. Without them it is the
	// address of the connection.
	TrustedProxies []netip.Prefix
	// TLS to speak on the listener, see ServerTLS; nil: plain HTTP.
	TLS *tls.Config
	// LocalCA is who vouches for TLS, where that is this server itself; its page
	// and certificate are served to phones. nil otherwise.
	LocalCA *LocalCA
	// PublicURL is where residents reach the pages, such as
	// https://gates.example.org, without a slash at the end; "" if it is not
	// known. It is printed on the households' sheets.
	PublicURL string
	// Standby keeps gates open while Redis does not answer; nil: they are told to
	// try again.
	Standby *checkpoint.Standby
	// Alarms is the book of alarms; the server opens its own if nil, with which
	// channels are not checked for where they lead.
	Alarms *alarm.Book
	// Metrics to count in; the server makes its own if nil.
	Metrics *Metrics
	// Tracing tells a collector what some requests took; nil: none. The server does
	// not shut it down.
	Tracing *Tracing
}

// Server is the HTTP API. One Server serves one listener.
type Server struct {
	app          *fiber.App
	store        *checkpoint.Store
	office       *office.Office
	bulletins    *bulletin.Book
	feed         *feed.Feed
	feeds        minuteDesk // calls of subscribers
	polls        pollDesk
	alarms       *alarm.Book
	ring         *codes.Ring
	verifier     *codes.Verifier
	key          []byte
	auditor      *checkpoint.AuditSigner // nil: signs no heads
	logger       *slog.Logger
	clock        checkpoint.Clock
	metrics      *Metrics
	tracing      *Tracing            // nil: none
	standby      *checkpoint.Standby // nil: none
	passwords    *passwordDesk
	familiar     *passwordDesk // of who is signed in, or did so from the same place lately
	doorstep     doorstep
	proxies      []netip.Prefix // whose X-Forwarded-For is believed
	tls          *tls.Config    // nil: plain HTTP
	localCA      *LocalCA       // nil: others vouch for TLS
	publicURL    string         // for what is printed, "" if not known
	scans        minuteDesk     // scans sent
	searches     minuteDesk     // of staff for people
	gateSearches minuteDesk     // of devices for people of their site
	searching    chan struct{}  // held by those that are answered
	unknowns     minuteDesk     // documents that nobody has
	asks         minuteDesk     // permits asked for
	prints       minuteDesk     // pages of paper logs
	calls        minuteDesk     // of residents' phones
	strips       minuteDesk     // passes signed for residents' phones
	large        map[string]int // patterns of paths that take many records, with how many bytes
	ready        readiness
	revoked      revokedPasses
	sheets       sheetDesk
	contacts     contactDesk
	live         *liveDesk
	load         *overload
	workbooks    sync.Mutex // held while a workbook is read

	serving  sync.Mutex
	listener net.Listener

	draining atomic.Bool // see Drain

	// life ends at Shutdown; streams stop with it.
	life context.Context //nolint:containedctx // the server's own life, not a request's
	end  context.CancelFunc
}

// New checks the configuration and builds the server. It opens no port and
// starts no goroutine.
func New(cfg Config) (*Server, error) {
	if cfg.Store == nil || cfg.Ring == nil {
		return nil, errors.New("gateway: Store and Ring are required")
	}
	if len(cfg.SessionKey) != 32 {
		return nil, fmt.Errorf("gateway: SessionKey has %d bytes, 32 are needed", len(cfg.SessionKey))
	}
	s := &Server{
		store: cfg.Store, office: office.New(cfg.Store), feed: feed.New(cfg.Store), ring: cfg.Ring, verifier: cfg.Ring.Verifier(), key: cfg.SessionKey, auditor: cfg.AuditSigner,
		logger: cfg.Logger, clock: cfg.Clock, metrics: cfg.Metrics, tracing: cfg.Tracing, searching: make(chan struct{}, gateSearchesAtOnce), large: map[string]int{}, proxies: cfg.TrustedProxies, tls: cfg.TLS, publicURL: cfg.PublicURL, localCA: cfg.LocalCA,
	}
	s.bulletins = BulletinsOf(s.store, s.office)
	if s.logger == nil {
		s.logger = slog.Default()
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.metrics == nil {
		s.metrics = NewMetrics()
	}
	if s.alarms = cfg.Alarms; s.alarms == nil {
		s.alarms = alarm.NewBook(cfg.Store, nil)
	}
	s.metrics.watchRules(s.store.RulesAge)
	s.metrics.watchKeys(s.ring, s.clock)
	if s.tls != nil {
		s.tls = s.metrics.watchTLS(s.tls)
	}
	if s.tracing != nil {
		s.metrics.watchTracing(s.tracing)
	}
	if s.standby = cfg.Standby; s.standby != nil {
		s.metrics.watchStandby(s.standby.Stats)
	}
	s.metrics.watchAudit(s.store.AuditStats)
	var err error
	if s.passwords, s.familiar, err = newPasswordDesks(); err != nil {
		return nil, err
	}
	s.metrics.watchHashes(func() int64 { return s.passwords.hashed.Load() + s.familiar.hashed.Load() })
	s.life, s.end = context.WithCancel(context.Background())
	s.live = newLiveDesk(s)
	s.load = newOverload(s.logger, s.metrics)
	s.metrics.watchOverload(s.load.level.Load)
	s.app = fiber.New(fiber.Config{
		BodyLimit: largeBody, ReadBufferSize: headerBytes, Concurrency: maxConnections,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		DisableStartupMessage: true, StrictRouting: true, CaseSensitive: true,
		StreamRequestBody: false, ErrorHandler: s.stray,
	})
	s.app.Server().HeaderReceived = s.bodyLimit
	s.app.Server().CloseOnShutdown = true              // else a client's next request meets a closed door
	s.app.Server().DisablePreParseMultipartForm = true // nobody here takes forms
	for _, r := range s.routes() {
		s.app.Add(r.method, r.path, s.guard(r))
		if r.large {
			s.large[paramInPath.ReplaceAllString(r.path, "*")] = max(largeBody, r.body)
		}
	}
	for url, handle := range s.pageRoutes() { // one name in the metrics for all of them
		page := s.guard(route{method: get, path: "page", who: everybody, class: classPhones, handle: handle})
		s.app.Add(get, url, page).Add(http.MethodHead, url, page)
	}
	return s, nil
}

// Bulletins is the book that the server answers from.
func (s *Server) Bulletins() *bulletin.Book { return s.bulletins }

// Metrics are those that the server counts in.
func (s *Server) Metrics() *Metrics { return s.metrics }

// Serve answers requests on ln until Shutdown, which closes ln. It does not
// serve at all if Shutdown came first.
func (s *Server) Serve(ln net.Listener) error {
	s.serving.Lock()
	s.listener = ln
	s.serving.Unlock()
	if s.life.Err() != nil {
		return ln.Close()
	}
	if err := s.app.Listener(s.encrypted(ln)); err != nil && s.life.Err() == nil {
		return fmt.Errorf("gateway: serve %s: %w", ln.Addr(), err)
	}
	return nil
}

// Shutdown stops taking connections, ends streams and waits for the requests
// under way, at most until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	err := s.app.ShutdownWithContext(ctx)
	s.serving.Lock()
	defer s.serving.Unlock()
	if s.listener != nil { // the library may not have known it yet
		_ = s.listener.Close()
	}
	if err != nil {
		return fmt.Errorf("gateway: shut down: %w", err)
	}
	return nil
}

// guard is what every route is wrapped in.
func (s *Server) guard(r route) fiber.Handler {
	class := r.classOf()
	return func(c *fiber.Ctx) error {
		if err := r.who.barred(c.Request().Header.Peek(fiber.HeaderAuthorization)); err != nil {
			s.showOut(c, r, err)
			return nil
		}
		began := s.load.now()
		if !s.load.admit(class, c.Request().Body(), began) {
			s.turnAway(c, r)
			return nil
		}
		// Not the server's life: requests under way at Shutdown are answered.
		timeout := requestTimeout
		switch {
		case r.waits:
			timeout = waitingTimeout
			s.load.done(class, false, began) // it is no work
		case r.large, r.slow:
			timeout = largeTimeout
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		c.SetUserContext(ctx)
		s.begin(c)
		trace := s.trace(c, r.method, r.path)
		err := s.answer(c, r)
		if err != nil {
			s.writeProblem(c, r.path, err)
		}
		status := c.Response().StatusCode()
		if trace != nil {
			trace.end(status, err)
		}
		if !r.waits {
			s.load.done(class, status == http.StatusOK, began)
		}
		s.metrics.countRequest(r.method, r.path, status)
		return nil
	}
}

// answer runs a route's handler for those who may. A panic is our own mistake
// and stays this request's.
func (s *Server) answer(c *fiber.Ctx, r route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := framed(c); err != nil {
		return err
	}
	if len(c.Request().Header.ContentEncoding()) > 0 {
		return failure(codeUnsupportedMedia, "compressed bodies are not accepted: send the body as it is")
	}
	if err = s.admit(c, r); err == nil {
		err = s.handle(c, r)
	}
	return s.conclude(c, err)
}

// stray renders what never reached a route: unknown paths, wrong methods,
// requests that cannot be read.
func (s *Server) stray(c *fiber.Ctx, err error) error {
	s.begin(c)
	if conn, ok := lingering(c.Context().Conn()); ok && errors.Is(err, fiber.ErrRequestEntityTooLarge) {
		conn.linger.Store(true)
	}
	var unmatched *fiber.Error
	if errors.As(err, &unmatched) && (unmatched.Code == http.StatusNotFound || unmatched.Code == http.StatusMethodNotAllowed) {
		err = errors.Join(framed(c), err) // otherwise its header may not have been read
	}
	s.writeProblem(c, "unmatched", err)
	s.metrics.countRequest("", "unmatched", c.Response().StatusCode())
	return nil
}

// begin gives the request its ID and the answer the headers that all have.
// What may be kept by caches says so itself.
func (s *Server) begin(c *fiber.Ctx) {
	id := strconv.FormatUint(rand.Uint64()|1<<63, 16) //nolint:gosec // a name, not a secret
	c.Locals(requestIDKey, id)
	if s.draining.Load() {
		c.Context().SetConnectionClose()
	}
	c.Set("X-Request-Id", id)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set(fiber.HeaderCacheControl, "no-store")
	s.transportHeaders(c)
}

// localKey names what a request carries along.
type localKey uint8

const (
	requestIDKey localKey = iota
	principalKey
	residentKey
	inquiryKey
	tracedKey
)

func requestID(c *fiber.Ctx) string {
	id, _ := c.Locals(requestIDKey).(string)
	return id
}

// log is the logger for what is about a request: its lines have the request's ID and,
// where it is traced, the trace's. It may be kept for longer than the request.
func (s *Server) log(c *fiber.Ctx) *slog.Logger {
	if t := tracedOf(c); t != nil {
		return s.logger.With("request", requestID(c), "trace", t.id())
	}
	return s.logger.With("request", requestID(c))
}

// context is the request's, with its deadline. Calls of the store use it.
func (s *Server) context(c *fiber.Ctx) context.Context { return c.UserContext() }

// now is the clock in UTC ms.
func (s *Server) now() int64 { return s.clock().UnixMilli() }
