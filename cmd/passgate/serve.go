package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kong"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/journal"
	"passgate/codes"
	"passgate/gateway"
	"passgate/gateway/outbound"
	"passgate/gateway/statuspage"
)

// ServeCmd runs the server.
type ServeCmd struct {
	Addr        string          `default:":8080" env:"PASSGATE_ADDR" help:"Address to listen on."`
	MetricsAddr string          `default:"127.0.0.1:9464" env:"PASSGATE_METRICS_ADDR" help:"Address of the status page (/) and the metrics (/metrics), for the operator alone; \"off\" for none."`
	Redis       string          `default:"managed" env:"PASSGATE_REDIS" help:"managed (a redis-server of its own), memory (nothing is kept), redis://…, rediss://…, unix://…, cluster://h:p,h:p or sentinel://h:p/NAME; TLS: rediss, clusters, sentinels with ?ca=FILE&cert=FILE&key=FILE."`
	Prefix      string          `default:"pg:" env:"PASSGATE_PREFIX" help:"Prefix of every key in Redis."`
	Data        string          `default:"data" type:"path" env:"PASSGATE_DATA" help:"Folder of all that this server keeps on this machine: keys, certificates, journal, archive, heads of the audit, the managed Redis."`
	Demo        bool            `env:"PASSGATE_DEMO" help:"Fill an empty store with the Xushang demo town and print a fresh admin login at every start."`
	DemoPeople  int             `default:"100000" name:"demo-residents" env:"PASSGATE_DEMO_RESIDENTS" help:"Synthetic residents of the demo town."`
	Retention   int             `default:"28" env:"PASSGATE_RETENTION" help:"Days for which events are kept, 14 to 60."`
	AuditKeep   int             `default:"1095" name:"audit-keep" env:"PASSGATE_AUDIT_KEEP" help:"Days for which the audit is kept, 90 to 36500."`
	Archive     string          `placeholder:"DIR" env:"PASSGATE_ARCHIVE" help:"Folder of the archive of events; \"off\" for none. DATA/archive with --redis managed, off otherwise."`
	LogKeep     int             `default:"36" name:"log-keep" env:"PASSGATE_LOG_KEEP" help:"Hours for which archived events stay in the log in Redis, 1 to 336."`
	Drain       *time.Duration  `placeholder:"DURATION" env:"PASSGATE_DRAIN" help:"For how long a server that is asked to end goes on answering, with /readyz saying 503, so that a balancer in front sends elsewhere, 0s to 5m: twice what the balancer takes to notice; 5s, 0s with --redis managed or memory, beside which there is no other gateway."`
	Standby     standbyFlags    `embed:""`
	TLS         tlsFlags        `embed:""`
	Alarms      alarmFlags      `embed:""`
	Tracing     traceFlags      `embed:""`
	PublicURL   string          `name:"public-url" placeholder:"URL" env:"PASSGATE_PUBLIC_URL" help:"Where residents reach the pages, such as https://gates.example.org: printed on households' sheets."`
	Profile     bool            `name:"pprof" env:"PASSGATE_PPROF" help:"Serve CPU and memory profiles of this process beside the metrics, under /debug/pprof/."`
	LogLevel    slog.Level      `default:"info" env:"PASSGATE_LOG_LEVEL" help:"debug, info, warn or error."`
	LogFormat   string          `default:"json" enum:"json,text" name:"log-format" env:"PASSGATE_LOG_FORMAT" help:"json (one object a line) or text (for people to read)."`
	Proxies     []string        `name:"trusted-proxies" placeholder:"ADDR" env:"PASSGATE_TRUSTED_PROXIES" help:"Addresses or prefixes of proxies in front, whose X-Forwarded-For says where a sign-in comes from."`
	Config      kong.ConfigFlag `env:"PASSGATE_CONFIG" help:"JSON file of these settings."`
}

// Help is shown by --help.
func (ServeCmd) Help() string {
	return `Examples:

    passgate serve --demo
    passgate serve --redis cluster://10.0.0.1:6379,10.0.0.2:6379 --data /var/lib/passgate
    passgate serve --addr :443 --tls-auto gates.example.org --http-redirect :80
    passgate serve --addr :8443 --tls-cert town.pem --tls-key town.key
    passgate serve --addr :8443 --tls self --http-redirect :8080

Secrets are read from DATA/keys (made at the first start, mode 0600) or from
PASSGATE_FIELD_KEY, PASSGATE_INDEX_KEY, PASSGATE_SESSION_KEY, PASSGATE_AUDIT_KEY,
PASSGATE_JOURNAL_KEY (64 hexadecimal digits each) and PASSGATE_KEYS. Keep a copy:
without them the data is unreadable. Each of these, PASSGATE_REDIS and PASSGATE_PASSWORD
may be given as NAME_FILE, too, which names a file that holds the value:
PASSGATE_REDIS_FILE=/run/secrets/redis-url.

While Redis does not answer, gates go on by the gateway's own copy of people and
rules. What they were told is in the journal before they are, and is recorded in
order when Redis is back: keep the folder until it is empty.

Data of an older release is carried forward at the start, while gateways of that
release go on beside this one; data for newer ones is refused. A server that is
asked to end (SIGTERM) gives its share of the town's work to the others at once,
answers for --drain longer, then closes its doors. A second signal ends it at once.

Events are archived by day in DATA/archive, each day under a key of its own in
DATA/keys/archive that is destroyed when the day is past retention. Copies of
both together must not be kept for longer than that. Gateways that share a Redis
need one archive: give one of them --archive DIR.

The end of the audit is signed once a second into DATA/audit/heads.ndjson. Have
another machine copy this folder: it is what "passgate audit verify" proves the
audit by.`
}

// check refuses settings that cannot be meant.
func (cmd *ServeCmd) check() error {
	if cmd.Retention < 14 || cmd.Retention > 60 {
		return badInput("--retention %d: give 14 to 60 days", cmd.Retention)
	}
	if cmd.AuditKeep < 90 || cmd.AuditKeep > 36500 {
		return badInput("--audit-keep %d: give 90 to 36500 days", cmd.AuditKeep)
	}
	if err := cmd.Standby.check(); err != nil {
		return err
	}
	if cmd.Drain != nil && (*cmd.Drain < 0 || *cmd.Drain > 5*time.Minute) {
		return badInput("--drain %s: give 0s to 5m", *cmd.Drain)
	}
	if cmd.LogKeep < 1 || cmd.LogKeep > 336 {
		return badInput("--log-keep %d: give 1 to 336 hours", cmd.LogKeep)
	}
	if cmd.DemoPeople < 0 || cmd.DemoPeople > 10_000_000 {
		return badInput("--demo-residents %d: give 0 to 10000000", cmd.DemoPeople)
	}
	return checkPublicURL(cmd.PublicURL)
}

// Run serves until ctx ends.
func (cmd *ServeCmd) Run(ctx context.Context, con *console) error {
	if err := cmd.check(); err != nil {
		return err
	}
	logger := cmd.logger(con.Err)
	redis.SetLogger(redisLog{logger})
	srv, err := cmd.open(ctx, con, logger, wallClock)
	if err != nil {
		return err
	}
	defer srv.close()
	if err := cmd.welcome(ctx, con, srv); err != nil {
		return err
	}
	return srv.run(ctx)
}

// ownRedis tells whether the Redis is this server's, which ends with it.
func (cmd *ServeCmd) ownRedis() bool {
	return cmd.Redis == "managed" || cmd.Redis == "memory" || cmd.Redis == ""
}

// drain is how long the doors stay open after the server was asked to end.
func (cmd *ServeCmd) drain() time.Duration {
	switch {
	case cmd.Drain != nil:
		return *cmd.Drain
	case cmd.ownRedis():
		return 0
	}
	return 5 * time.Second
}

// server is a running passgate: what it is made of, in the order of building.
type server struct {
	logger   *slog.Logger
	backend  *backend
	store    *checkpoint.Store
	ring     *codes.Ring
	fields   func() (changed bool, err error) // takes up field keys as they are now
	gateway  *gateway.Server
	listener net.Listener
	metrics  net.Listener  // nil if off
	profile  bool          // profiles are served beside the metrics
	drain    time.Duration // between being asked to end and closing the doors
	warning  string        // for whoever starts it, "" if there is none
	redirect net.Listener  // from http to https; nil if off
	tls      *certificates // nil without TLS
	project  *checkpoint.Projector
	heads    *checkpoint.AuditFile
	archive  *archive.Archive  // nil if events are not archived here
	archiver *archive.Archiver // as archive
	sweeper  *checkpoint.Sweeper
	caller   *outbound.Caller
	alarms   *alarm.Book
	duty     *alarm.Duty
	town     *gateway.TownWatch
	status   *statuspage.Page
	tracing  *gateway.Tracing    // nil without --traces
	journal  *journal.Journal    // nil with standby
	standby  *checkpoint.Standby // nil if gates stop with Redis
	closers  []func()            // run last to first
}

// open builds the server and its listeners; nothing runs yet but Redis.
func (cmd *ServeCmd) open(ctx context.Context, con *console, logger *slog.Logger, clock checkpoint.Clock) (_ *server, err error) {
	s := &server{logger: logger, profile: cmd.Profile, drain: cmd.drain()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.tls, err = cmd.TLS.open(cmd.Data, logger); err != nil {
		return nil, err
	}
	keys := filepath.Join(cmd.Data, "keys")
	secret, err := loadSecrets(keys, con.Env)
	if err != nil {
		return nil, err
	}
	if s.ring, err = openKeys(filepath.Join(keys), con.Env, clock()); err != nil {
		return nil, err
	}
	// Redis outlives ctx: requests under way at the end still need it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s.closers = append(s.closers, end)
	if s.backend, err = openBackend(life, cmd.Redis, cmd.Data, logger); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.backend.stop)
	client, reader := s.backend.client(checkpoint.Tune), s.backend.client(checkpoint.TuneReader)
	s.closers = append(s.closers, func() { _, _ = client.Close(), reader.Close() })
	s.store, err = checkpoint.Open(ctx, checkpoint.Config{
		Client: client, Prefix: cmd.Prefix, FieldKey: secret.field, IndexKey: secret.index, NewerKeys: secret.newer, Clock: clock,
		Retention: time.Duration(cmd.Retention) * 24 * time.Hour, Program: programName(), Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.backend.what, err)
	}
	s.fields = (&fieldStore{Store: s.store, dir: keys, env: con.Env}).reload
	signer, err := s.openAudit(ctx, cmd, secret.audit)
	if err != nil {
		return nil, err
	}
	if err := s.openStandby(ctx, cmd, secret.journal, clock); err != nil {
		return nil, err
	}
	proxies, err := gateway.ParseProxies(cmd.Proxies)
	if err != nil {
		return nil, badInput("--trusted-proxies: %w", err)
	}
	if err := cmd.Alarms.open(s); err != nil {
		return nil, err
	}
	if err := cmd.Tracing.open(s); err != nil {
		return nil, err
	}
	s.gateway, err = gateway.New(gateway.Config{
		Alarms: s.alarms, Tracing: s.tracing,
		Store: s.store, Ring: s.ring, SessionKey: secret.session, AuditSigner: signer, Logger: logger, Clock: clock, TrustedProxies: proxies,
		TLS: s.tls.of(), Standby: s.standby, PublicURL: strings.TrimRight(cmd.PublicURL, "/"), LocalCA: s.tls.authority(),
	})
	if err != nil {
		return nil, err
	}
	s.gateway.Metrics().WatchPool(client.PoolStats)
	s.project = s.store.NewProjector(reader, logger)
	s.project.Observe = s.gateway.Metrics().ObserveProjection
	s.gateway.Metrics().WatchProjector(s.project.Held)
	if err := cmd.openArchive(s); err != nil {
		return nil, err
	}
	s.openSweeper(clock)
	s.openDuty(cmd.PublicURL)
	cmd.openFigures(s)
	return s, s.listen(cmd)
}

func (s *server) listen(cmd *ServeCmd) (err error) {
	if s.listener, err = net.Listen("tcp", cmd.Addr); err != nil {
		return badInput("--addr %s: %v", cmd.Addr, err)
	}
	s.closers = append(s.closers, func() { _ = s.listener.Close() })
	if s.redirect, err = cmd.TLS.openRedirect(); err != nil {
		return err
	}
	if s.redirect != nil {
		s.closers = append(s.closers, func() { _ = s.redirect.Close() })
	}
	if s.tls == nil && len(cmd.Proxies) == 0 && readable(s.listener.Addr()) {
		s.warning = plainWarning
		s.logger.Warn(plainWarning, "addr", s.listener.Addr().String())
	}
	if cmd.MetricsAddr == "off" {
		return nil
	}
	if s.metrics, err = net.Listen("tcp", cmd.MetricsAddr); err != nil {
		return badInput("--metrics-addr %s: %v", cmd.MetricsAddr, err)
	}
	s.closers = append(s.closers, func() { _ = s.metrics.Close() })
	return nil
}

// keyPoll is how often the key ring's file is looked at for a rotation.
const keyPoll = 10 * time.Second

// run serves until ctx ends or a part fails, then stops every part in order: first
// what it does for the whole town, which another gateway takes over, then the doors,
// then the work behind them.
func (s *server) run(ctx context.Context) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // what requests rest on, until the last is answered
	defer stop()
	var background sync.WaitGroup
	background.Go(func() { s.project.Run(ctx) })
	background.Go(func() { s.store.WatchRules(serving, s.logger) })
	if s.archiver != nil {
		background.Go(func() { s.archiver.Run(ctx) })
	}
	background.Go(func() { s.sweeper.Run(ctx) })
	background.Go(func() { s.duty.Run(ctx) })
	background.Go(func() { s.gateway.Bulletins().Run(ctx, s.logger) })
	background.Go(func() { s.town.Run(ctx) })
	if s.standby != nil {
		background.Go(func() { s.standby.Run(serving) })
	}
	background.Go(func() { s.watchKeys(serving) })
	background.Go(func() { s.store.WatchFieldKeys(serving, s.fields, s.logger) })

	// What the last requests put on record is signed, too.
	signing, signed := context.WithCancel(context.WithoutCancel(ctx))
	defer signed()
	background.Go(func() { s.heads.Run(signing, s.logger) })

	failed := make(chan error, 3)
	background.Go(func() { failed <- s.gateway.Serve(s.listener) })
	var aside []*http.Server
	open := func(srv *http.Server, ln net.Listener) {
		aside = append(aside, srv)
		background.Go(func() {
			if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	if s.metrics != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.gateway.Metrics().Handler())
		mux.Handle("GET /", s.status.Handler())
		background.Go(func() { s.status.Run(serving) })
		if s.profile {
			mux.HandleFunc("GET /debug/pprof/", pprof.Index)
			mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		}
		open(&http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second}, s.metrics)
	}
	if s.redirect != nil {
		open(s.tls.redirectServer(s.listener), s.redirect)
	}
	if s.tls != nil { // an authority is asked when all doors are open for its look
		background.Go(func() { s.tls.keep(serving) })
	}
	s.logger.Info("serving", "addr", s.listener.Addr().String(), "redis", s.backend.what)
	background.Go(func() { s.tellSystemd(ctx) })

	var err error
	select {
	case <-ctx.Done():
		err = s.makeWay(failed)
	case err = <-failed:
	}
	leave()
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	err = errors.Join(err, s.gateway.Shutdown(bye))
	for _, srv := range aside {
		err = errors.Join(err, srv.Shutdown(bye))
	}
	stop()
	signed()
	background.Wait()
	s.logger.Info("stopped")
	return err
}

// makeWay goes on answering until balancers have had the time to send elsewhere.
func (s *server) makeWay(failed <-chan error) error {
	if s.drain == 0 {
		return nil
	}
	s.logger.Info("draining", "for", s.drain.String())
	s.gateway.Drain()
	select {
	case <-time.After(s.drain):
		return nil
	case err := <-failed:
		return err
	}
}

// watchKeys takes up a rotated key without a restart.
func (s *server) watchKeys(ctx context.Context) {
	tick := time.NewTicker(keyPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if changed, err := s.ring.Reload(); err != nil {
				s.logger.Error("key ring cannot be read again; the one in memory stays in use", "error", err)
			} else if changed {
				s.logger.Info("key ring loaded again")
			}
		}
	}
}

func (s *server) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

// url is the address for somebody on this machine; with certificates made for
// hosts, that of the first.
func (s *server) url() string {
	scheme := "http"
	if s.tls != nil {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return scheme + "://" + s.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	if s.tls != nil && s.tls.host != "" {
		host = s.tls.host
	}
	if _, err := strconv.Atoi(port); err != nil {
		port = "8080"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// welcome fills an empty store and prints how to begin.
func (cmd *ServeCmd) welcome(ctx context.Context, con *console, s *server) error {
	if cmd.Demo {
		if err := seedTown(ctx, s.store, cmd.DemoPeople, con.Err); err != nil {
			return err
		}
	}
	password, err := firstLogin(ctx, s.store, cmd.Demo)
	if err != nil {
		return err
	}
	var show *tour
	if cmd.Demo {
		if show, err = prepareTour(ctx, s.store, cmd.DemoPeople); err != nil {
			return err
		}
	}
	return printWelcome(con.Out, s, password, show)
}

func printWelcome(w io.Writer, s *server, password string, show *tour) error {
	var b strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	line("passgate serves on %s  (data: %s)", s.url(), s.backend.what)
	line("  pages           %s/ (residents: /pass, guards: /gate)", s.url())
	line("  API contract    %s/openapi.yaml", s.url())
	line("  public keys     %s/.well-known/jwks.json", s.url())
	line("  health          %s/readyz", s.url())
	if s.metrics != nil {
		line("  metrics         http://%s/metrics", s.metrics.Addr())
	}
	if s.tls != nil && s.tls.local != nil {
		for _, at := range s.phoneAddresses() {
			line("  phones          %s", at)
		}
		line("  certificate     %s", s.tls.local.Fingerprint())
	}
	if password != "" {
		line("  admin login     %s / %s   (shown once; good until the next one is made)", adminLogin, password)
	}
	if show != nil {
		for _, text := range show.lines(s.url()) {
			line("  %s", text)
		}
	}
	if s.warning != "" {
		line("  WARNING         %s", s.warning)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
