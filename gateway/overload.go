package gateway

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Beyond its capacity the gateway refuses work early, with 503 `overloaded` and
// Retry-After, in one order: class after class as in class.go, and of scans those
// that would wait too long. What was let in is answered. A phone that is refused
// decides by itself and hands the scan in later.
//
// The measure is how long scans are at work here, from the handler to the answer:
// they wait for the processor behind whatever else the gateway does, and for Redis
// behind each other. One slow scan says nothing, nor does a busy machine when few
// ask. There is a queue when most scans of a tenth of a second were late while many
// requests were at work, or when many scans were and none of them came to an end;
// then one class more is refused, until it is over. A stream under way, and a call that waits for
// news, do little at a time and last long: they are no sign of a queue.
//
// How many scans may be at work follows from how many are answered a second (Little's
// law): so many as are answered within a bearable wait. A short burst may wait
// longer than a queue that stays.
const (
	lateAfter  = 100 * time.Millisecond // for a scan; a guard waits 300 ms from the code to the verdict
	lookEvery  = 100 * time.Millisecond // at the soonest, and
	lookLatest = 500 * time.Millisecond // though fewer than
	fewLooked  = 8                      // scans were answered
	crowd      = 32                     // requests at work, without which there is no queue
	calmFor    = time.Second            // until one class more is let in again

	burstWait    = 600 * time.Millisecond // what a scan may wait in a burst; Redis has 800 ms for it
	standingWait = 150 * time.Millisecond // and while the queue stays; more than lateAfter
	burstScans   = 1024                   // may be at work however few were answered lately: a town's phones
	fewestScans  = 128                    // likewise while the queue stays
	mostScans    = 6000                   // at work ever: the queue to Redis takes 8192

	deviceShare   = 4                     // one device has a quarter of them, so that it keeps no other out
	deviceUploads = 2                     // and a quarter of the uploads
	devicePlaces  = 4096                  // devices whose numbers are so far apart share that; few towns have more
	uploadsAtOnce = 8                     // each has up to 64 scans at work
	streamRest    = 25 * time.Millisecond // between two pieces of a stream, while anything is refused
	rateForgotten = 10 * time.Second      // how long a rate that was better counts
)

// overload decides what is refused. All of it may be used at once from anywhere; what
// it does with a request in normal times is a few atomic additions.
type overload struct {
	logger *slog.Logger
	now    func() int64          // ns since some moment
	level  atomic.Int32          // the highest class that is refused now, 0: none
	limit  atomic.Int64          // of scans at work
	atWork [classes]atomic.Int64 // requests, by class
	shed   [classes]func()       // counts what was refused
	opened atomic.Int64          // when scans were last looked at
	looked [fates]atomic.Int64   // what became of scans since
	most   atomic.Int64          // how many scans were at work together since, nearly

	scansOf, uploadsOf [devicePlaces]atomic.Int64 // at work, of a device

	mu   sync.Mutex
	calm time.Duration // how long there was no queue
	full bool          // a crowd of scans was at work at the last look
	rate float64       // scans answered a second, at its best lately
}

// What became of scans.
const (
	scansAnswered = iota // in time or late
	scansLate
	scansEnded // in time, whatever the answer was
	scansRefused
	fates
)

func newOverload(logger *slog.Logger, m *Metrics) *overload {
	began := time.Now()
	o := &overload{logger: logger, now: func() int64 { return int64(time.Since(began)) }}
	for c := range o.shed {
		o.shed[c] = m.shed.WithLabelValues(class(c).String()).Inc //nolint:gosec // a few
	}
	o.limit.Store(burstScans)
	return o
}

// admit lets a request in, which done then ends, or refuses it.
func (o *overload) admit(c class, body []byte, now int64) bool {
	if c < classScans && o.level.Load() > 0 {
		o.look(now)
		if int32(c) <= o.level.Load() {
			return o.refuse(c)
		}
	}
	n := o.atWork[c].Add(1)
	switch c {
	case classUploads:
		if n <= uploadsAtOnce {
			return true
		}
	case classScans:
		if n > o.most.Load() {
			o.most.Store(n)
		}
		if n > crowd { // they may be here because nothing is answered
			o.look(now)
		}
		limit := o.limit.Load()
		if n <= limit || n <= limit+limit/4 && urgent(body) {
			return true
		}
		o.looked[scansRefused].Add(1)
		o.raise()
	default:
		return true
	}
	o.atWork[c].Add(-1)
	return o.refuse(c)
}

func (o *overload) refuse(c class) bool {
	o.shed[c]()
	return false
}

// urgent tells that a scan's body is of somebody who leaves, or of an emergency. It
// looks for the words as they are usually written: a scan that is written otherwise
// is like those of people who enter. Inside a string there are no bare quotes.
func urgent(body []byte) bool {
	return bytes.Contains(body, []byte(`"direction":"out"`)) || bytes.Contains(body, []byte(`"override":{`))
}

// done ends a request that was let in at began. answered: a scan was decided, so that
// its time counts.
func (o *overload) done(c class, answered bool, began int64) {
	o.atWork[c].Add(-1)
	if c != classScans {
		return
	}
	now := o.now()
	late := now-began > int64(lateAfter)
	if !late {
		o.looked[scansEnded].Add(1)
	}
	if !answered {
		return
	}
	if late {
		o.looked[scansLate].Add(1)
	}
	o.looked[scansAnswered].Add(1)
	o.look(now)
}

// look judges what became of scans since the last look, if it is time to.
func (o *overload) look(now int64) {
	took := time.Duration(now - o.opened.Load())
	if took < lookEvery || took < lookLatest && o.looked[scansAnswered].Load() < fewLooked || !o.mu.TryLock() {
		return
	}
	defer o.mu.Unlock()
	if took = time.Duration(now - o.opened.Load()); took < lookEvery { // another has looked
		return
	}
	o.opened.Store(now)
	answered, late, refused := o.looked[scansAnswered].Swap(0), o.looked[scansLate].Swap(0), o.looked[scansRefused].Swap(0)
	o.learn(float64(answered)/took.Seconds(), took)
	ended, full := o.looked[scansEnded].Swap(0), o.atWork[classScans].Load() >= crowd
	stuck := answered == 0 && ended == 0 && full && o.full // all the time: a burst that has just come is none
	o.full = full
	queued := o.together() >= crowd && late > 0 && late*4 >= answered*3 || stuck
	switch {
	case refused > 0:
		o.calm = 0 // and the level is the highest already
	case queued:
		o.calm = 0
		o.step(min(o.level.Load()+1, int32(classScans)))
	case late*4 <= answered:
		if o.calm += took; o.calm >= calmFor && o.level.Load() > 0 {
			o.calm = 0
			o.step(o.level.Load() - 1)
		}
	}
	o.bound()
}

// together is how many requests were at work together since the last look, streams and
// calls that wait aside. Its caller holds mu.
func (o *overload) together() int64 {
	n := o.most.Swap(o.atWork[classScans].Load())
	for c := range classScans {
		n += o.atWork[c].Load()
	}
	return n
}

// learn follows the rate at which scans are answered, upwards at once: a capacity
// that was seen is there, and fewer may have come since. Its caller holds mu.
func (o *overload) learn(rate float64, took time.Duration) {
	if rate > o.rate {
		o.rate += (rate - o.rate) / 4
	} else {
		o.rate -= (o.rate - rate) * min(1, took.Seconds()/rateForgotten.Seconds())
	}
}

// bound sets how many scans may be at work. Its caller holds mu.
func (o *overload) bound() {
	wait, fewest := burstWait, int64(burstScans)
	if o.level.Load() == int32(classScans) {
		wait, fewest = standingWait, fewestScans
	}
	o.limit.Store(min(max(fewest, int64(o.rate*wait.Seconds())), mostScans))
}

// raise refuses all classes before scans, because one was refused.
func (o *overload) raise() {
	if o.level.Load() == int32(classScans) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calm = 0
	o.step(int32(classScans))
	o.bound()
}

// step changes the level. Its caller holds mu.
func (o *overload) step(to int32) {
	from := o.level.Swap(to)
	switch {
	case to > from:
		o.logger.Warn("more to do than can be done: refused from now on", "up_to", class(to).String(), "scans_a_second", int(o.rate)) //nolint:gosec // a class
	case to > 0 && to < from:
		o.logger.Info("refused still", "up_to", class(to).String()) //nolint:gosec // a class
	case to < from:
		o.logger.Info("nothing is refused any more")
	}
}

// enter lets a scan or an upload of a device in, which leave then ends, or refuses it:
// that is the device's own affair, and nobody else is refused anything for it.
func (o *overload) enter(c class, device uint32) (leave func(), ok bool) {
	of, most := &o.scansOf, o.limit.Load()/deviceShare
	if c == classUploads {
		of, most = &o.uploadsOf, deviceUploads
	}
	place := &of[device%devicePlaces]
	leave = func() { place.Add(-1) }
	if place.Add(1) <= most {
		return leave, true
	}
	leave()
	return nil, false
}

// rest makes a stream that is under way leave room for others while anything is
// refused. None is cut off.
func (o *overload) rest() {
	if o.level.Load() > 0 {
		time.Sleep(streamRest)
	}
}
