package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/journal"
)

// Standby keeps gates open while Redis does not answer. A scan goes to Redis
// first; when that fails, it is decided in this process, by the same script, on
// a copy of the people and the rules, put into a journal on the disk before it
// is answered, and recorded as it was told when Redis is back.
//
// Held as online: the pass (form, signature, times, revocation), status, home,
// quarantine and observation, outsiders, permits and their times, open fever
// cases, walk-ins known as residents, the site's closing, hours and rules,
// temperatures and second measurements that both fall into the outage, revoked
// devices, the emergency. The copy is at most about half a second behind.
//
// Not held: the outings that a household has used (none counts), entries of a
// permit used meanwhile at other gateways, where somebody was before the outage
// (so no already_inside, not_inside or replayed_pass across it), a first
// measurement from before it, and how full a site is now. Each is judged when
// the scan is recorded: where Redis would have decided otherwise the event keeps
// what was told and is marked as a conflict.
//
// Past a limit of its copy's age it lets nobody enter but their own home, unless
// the configuration says otherwise; exits and emergencies always pass.
type Standby struct {
	s       *Store
	cfg     StandbyConfig
	journal *journal.Journal
	judge   *judge
	copy    *snapshot
	down    [Partitions]atomic.Bool // Redis does not answer for this part of the slots
	owing   debts
	told    *toldScans
	capped  minuteCaps
	stuck   stuckEntries
	rounds  [journal.Partitions]payRound // by queue
	once    int                          // entries of a queue in one go
	copying sync.Mutex                   // one reader of the copy at a time
	watch   *MasterWatch                 // nil without a window
	turns   [256]sync.Mutex              // scans of one person, one after the other

	degraded atomic.Int64 // scans answered without Redis
	paid     atomic.Int64 // of those, recorded since
	aside    atomic.Int64 // refused for good when they were to be recorded
	resent   atomic.Int64 // sent again after a change of a master
}

// StandbyConfig is what a Standby needs. Journal is required.
type StandbyConfig struct {
	// Journal on this machine's disk, of this gateway alone.
	Journal *journal.Journal
	// Limit of the copy's age, past which nobody enters. DefaultStandbyLimit if 0.
	Limit time.Duration
	// EnterPastLimit lets people enter even then.
	EnterPastLimit bool
	// Window for which answered scans are kept to be sent again after a change
	// of a master; 0 keeps none, for a single Redis that syncs each write.
	Window time.Duration
	// Logger of what the operator has to know; slog.Default() if nil.
	Logger *slog.Logger
}

// DefaultStandbyLimit is how old a copy may be before nobody enters by it.
const DefaultStandbyLimit = 4 * time.Hour

// NewStandby reads the copy from Redis and what the journal still owes. It
// starts no goroutine: Run keeps both up to date.
func (s *Store) NewStandby(ctx context.Context, cfg StandbyConfig) (*Standby, error) {
	if cfg.Journal == nil {
		return nil, errors.New("checkpoint: a Standby needs a journal")
	}
	if cfg.Limit == 0 {
		cfg.Limit = DefaultStandbyLimit
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	j, err := newJudge()
	if err != nil {
		return nil, err
	}
	b := &Standby{s: s, cfg: cfg, journal: cfg.Journal, judge: j, copy: newSnapshot(), owing: newDebts(), told: newToldScans(), once: standbyOnce}
	if cfg.Window > 0 {
		b.watch = s.NewMasterWatch(cfg.Window, cfg.Journal, b.masterChanged, cfg.Logger)
	}
	if err := s.fill(ctx, b.copy); err != nil {
		return nil, err
	}
	return b, b.recall()
}

// Limit is how old the copy may be before nobody enters by it, and whether people
// enter even then. Phones that decide by themselves keep to the same.
func (b *Standby) Limit() (age time.Duration, enter bool) { return b.cfg.Limit, b.cfg.EnterPastLimit }

// Scan is Store.Scan, and decides itself if Redis does not answer. What was
// decided so has FlagDegraded.
func (b *Standby) Scan(ctx context.Context, req ScanRequest) (ScanResult, error) {
	return b.answer(ctx, req, ReasonOK)
}

// Refuse is Store.Refuse, in the same way.
func (b *Standby) Refuse(ctx context.Context, req ScanRequest, reason Reason) (ScanResult, error) {
	return b.answer(ctx, req, reason)
}

// Annul is Store.Annul. It is for Redis alone, and remembered for the window, to be sent
// again behind the scan if both were lost with a master.
func (b *Standby) Annul(ctx context.Context, req AnnulRequest) (AnnulResult, error) {
	res, err := b.s.Annul(ctx, req)
	if err == nil && (!res.Duplicate || b.inWindow(res.RecordedAt)) {
		b.keepEntry(partitionOf(res.Person), &journalEntry{Annul: &req, At: res.RecordedAt})
	}
	return res, err
}

// FindByDocument is Store.FindByDocument, and asks the copy if Redis does not
// answer.
func (b *Standby) FindByDocument(ctx context.Context, number string) (uint64, error) {
	number, err := ParseDocument(number)
	if err != nil {
		return 0, err
	}
	if !b.down[partitionOf(b.s.seal.indexHashes("document", number)[0])].Load() {
		person, err := b.s.FindByDocument(ctx, number)
		if !errors.Is(err, ErrUnavailable) {
			return person, err
		}
	}
	for _, hash := range b.s.seal.indexHashes("document", number) {
		if person, ok := b.copy.document(hash); ok {
			return person, nil
		}
	}
	return 0, fmt.Errorf("%w: a person with this document", ErrNotFound)
}

// answer takes a scan to Redis or decides it here. A batch that a device has
// kept is for Redis alone: the device keeps it until it is recorded.
func (b *Standby) answer(ctx context.Context, req ScanRequest, refused Reason) (ScanResult, error) {
	part := b.partOf(&req, refused)
	if req.Late || !b.down[part].Load() && !b.owes(&req) {
		res, err := b.s.take(ctx, req, refused)
		switch {
		case err == nil:
			b.keep(&req, refused, &res)
			if told, ok := b.toldHere(req.Device, req.ID, req.OccurredAt); ok && !req.Late { // meanwhile, to the same scan sent twice
				return told, nil
			}
			return res, nil
		case req.Late || !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrFormat): // nor is the copy for us, see Outdated
			return res, err
		}
		if away(err) {
			b.lose(part, err)
		}
	}
	return b.decide(ctx, part, req, refused)
}

// away tells a Redis that cannot be reached or cannot write from one that
// answered a script with a mistake, which is that scan's trouble alone.
func away(err error) bool {
	var reply redis.Error
	if errors.Is(err, redis.ErrAutoPipelineQueueFull) {
		return false
	}
	if !errors.As(err, &reply) {
		return true
	}
	for _, prefix := range []string{
		"LOADING", "READONLY", "OOM", "MISCONF", "BUSY", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "NOREPLICAS", "MOVED", "ASK", "NOPERM", "NOAUTH",
	} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}

// toldHere gives the answer that this gateway gave by itself to the same scan.
func (b *Standby) toldHere(device uint32, id string, at int64) (ScanResult, bool) {
	told, ok := b.told.again(scanHash(device, id), at)
	return told, ok && told.Flags&FlagDegraded != 0
}

// take hands a scan to Redis.
func (s *Store) take(ctx context.Context, req ScanRequest, refused Reason) (ScanResult, error) {
	if refused != ReasonOK {
		return s.Refuse(ctx, req, refused)
	}
	return s.Scan(ctx, req)
}

// partOf is the 64th of the slots in which a scan is recorded.
func (b *Standby) partOf(req *ScanRequest, refused Reason) int {
	switch {
	case refused == ReasonOK && req.Pass != nil:
		return partitionOf(req.Pass.Person)
	case refused == ReasonOK && req.WalkIn != nil:
		id, _ := b.s.WalkInID(*req.WalkIn) // what is no walk-in is refused further on
		return partitionOf(id)
	case refused == ReasonOK:
		return partitionOf(req.Person)
	}
	return b.gatePart(req.Device)
}

// gatePart is the 64th of the slots that has a device's gate.
func (b *Standby) gatePart(number uint32) int {
	device, ok := b.s.Registry().DeviceByNum(number)
	if !ok {
		return 0
	}
	gate, ok := b.s.Registry().Gate(device.Gate)
	if !ok {
		return 0
	}
	return int(slotOf(fmt.Sprintf("g%d", gate.Num))) * Partitions / slots
}

// refusalQueue is where the journal has scans that name nobody on record, which
// go to their gate's own log. Others are in the queue of their person's partition.
const refusalQueue = Partitions

// queueOf is where the journal has a scan that was answered so.
func queueOf(res *ScanResult) int {
	if res.Person == nil {
		return refusalQueue
	}
	return partitionOf(res.Person.ID)
}

// lose notes that Redis does not answer for a part. On one server that is all.
func (b *Standby) lose(part int, cause error) {
	if _, cluster := b.s.rdb.(*redis.ClusterClient); cluster {
		if !b.down[part].Swap(true) {
			b.cfg.Logger.Warn("Redis does not answer for a partition: its gates go on by this gateway's copy", "partition", part, "error", cause)
		}
		return
	}
	news := false
	for p := range b.down {
		news = !b.down[p].Swap(true) || news
	}
	if news {
		b.cfg.Logger.Warn("Redis does not answer: gates go on by this gateway's copy", "error", cause)
	}
}

// lost lists the parts for which Redis does not answer.
func (b *Standby) lost() (parts []int) {
	for p := range b.down {
		if b.down[p].Load() {
			parts = append(parts, p)
		}
	}
	return parts
}

// Age is how long ago the copy and the rules were last known to be complete.
func (b *Standby) Age() time.Duration {
	return max(time.Since(b.copy.oldest()), b.s.RulesAge())
}

// StandbyStats is how a Standby is doing, for metrics and the health check.
type StandbyStats struct {
	Down     int           // parts of 64 for which Redis does not answer
	Age      time.Duration // of the copy and the rules
	CutOff   bool          // so old that nobody enters
	People   int           // in the copy
	Owed     int           // answered and not recorded yet
	Oldest   int64         // when the oldest of those was answered, UTC ms, 0 if none
	Degraded int64         // answered without Redis since start
	Paid     int64         // of those, recorded since
	Aside    int64         // refused for good when they were to be recorded: see the journal
	Resent   int64         // sent again after a change of a master
	Journal  journal.Stats
}

// Stats tells how it is doing.
func (b *Standby) Stats() StandbyStats {
	st := StandbyStats{
		Age: b.Age(), People: b.copy.size(), Owed: b.journal.OwedCount(),
		Degraded: b.degraded.Load(), Paid: b.paid.Load(), Aside: b.aside.Load(), Resent: b.resent.Load(),
		Down: len(b.lost()), Journal: b.journal.Stats(),
	}
	st.CutOff = st.Age > b.cfg.Limit && !b.cfg.EnterPastLimit
	st.Oldest, _ = b.journal.OldestOwed()
	return st
}
