package checkpoint

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Other offices follow what happens here by two streams of each partition: the log
// of scans and annulments, and beside it the news, what else is told of people
// (tell.lua). The news say behind which entry of the log they come, so that together
// the two are in order for each person. A reader holds its places itself and nothing is kept of it here.

// EntryID is the place of an entry in a stream: ms of Redis' clock and a number.
type EntryID struct{ Ms, Seq int64 }

// String is the form of Redis.
func (e EntryID) String() string {
	return strconv.FormatInt(e.Ms, 10) + "-" + strconv.FormatInt(e.Seq, 10)
}

// Before tells that e was written before f of the same stream.
func (e EntryID) Before(f EntryID) bool { return e.Ms < f.Ms || e.Ms == f.Ms && e.Seq < f.Seq }

func entryIDOf(text string) (e EntryID) {
	e.Ms, e.Seq = parseEntryID(text)
	return e
}

// The streams of a partition.
const (
	LogStream  = 0
	NewsStream = 1
)

// FeedPlaces are the last entries that a reader has of each partition's streams, of
// LogStream and NewsStream; the zero EntryID comes before all.
type FeedPlaces [Partitions][2]EntryID

// News is what is told of a person that is no scan.
type News struct {
	Person uint64
	At     int64 // UTC ms
	// Of a decision about the status:
	Decision      [8]byte // zero of other news
	Before, After Status
	// Of a fever case that was closed:
	Fever   FeverID // 0 of other news
	Outcome FeverOutcome
}

// FeedEntry is an entry of one of the streams; one that is damaged has neither Scan
// nor News.
type FeedEntry struct {
	Part, Stream int
	ID           EntryID
	After        EntryID // of news: the last entry of the log when it was written
	Scan         *ScanEvent
	News         *News
}

// FeedRead is what follows a reader's places.
type FeedRead struct {
	Entries []FeedEntry // in the order of each stream, stream by stream
	More    [Partitions][2]bool
	// Places are those from which was read: earlier ones than asked for, where a
	// master that is lost has taken the reader's last entry along. What follows is
	// then read once more.
	Places FeedPlaces
	// ShownFrom is the time, UTC ms, before which nothing is shown any more.
	ShownFrom int64
}

// FeedCutError says that entries which the reader has not had are gone.
type FeedCutError struct{ Resume FeedPlaces }

// Error tells so.
func (e *FeedCutError) Error() string {
	return "checkpoint: what followed there is not kept any more"
}

// MaxFeedRead is the most entries of one stream that are read at once.
const MaxFeedRead = 1000

// feedTogether is how many partitions are read in one transaction.
const feedTogether = 16

// ReadFeed reads up to count entries (1 to MaxFeedRead) of each stream that follow
// places. Errors: *FeedCutError, ErrUnavailable.
func (s *Store) ReadFeed(ctx context.Context, places FeedPlaces, count int) (FeedRead, error) {
	count = min(max(count, 1), MaxFeedRead)
	read, resume, expired := FeedRead{Places: places, ShownFrom: s.oldestShown()}, places, false
	for first := 0; first < Partitions; first += feedTogether {
		replies, cuts, err := s.readFeedOf(ctx, &places, first, count)
		if err != nil {
			return read, err
		}
		for i, messages := range replies {
			part, stream := first+i/2, i%2
			at, cut := &read.Places[part][stream], entryIDOf(cuts[i])
			there := len(messages) > 0 && entryIDOf(messages[0].ID) == *at
			switch {
			case there:
				messages = messages[1:]
			case *at == cut: // nothing behind it was cut off
			case at.Before(cut):
				expired, resume[part][stream] = true, cut
				continue
			default: // it went with a master that is lost, or by itself past retention
				if messages, err = s.goBack(ctx, part, stream, at, cut, count); err != nil {
					return read, err
				}
			}
			read.take(part, stream, messages, count)
		}
	}
	if expired {
		return read, &FeedCutError{resume}
	}
	return read, nil
}

// readFeedOf reads the streams of some partitions as they are at one moment, with the
// entry at each place itself, and the last entry that was cut off each.
func (s *Store) readFeedOf(ctx context.Context, places *FeedPlaces, first, count int) (replies [2 * feedTogether][]redis.XMessage, cuts [2 * feedTogether]string, err error) {
	var streams [2 * feedTogether]*redis.XMessageSliceCmd
	var fields [feedTogether]*redis.SliceCmd
	_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for i := range streams {
			part, stream := first+i/2, i%2
			from := "-"
			if at := places[part][stream]; at != (EntryID{}) {
				from = at.String()
			}
			streams[i] = p.XRangeN(ctx, s.keys.feedStream(part, stream), from, "+", int64(count)+2)
			if stream == LogStream {
				fields[i/2] = p.HMGet(ctx, s.keys.partition(part), feedCuts...)
			}
		}
		return nil
	})
	if err != nil {
		return replies, cuts, unavailable(err)
	}
	for i, cmd := range streams {
		replies[i] = cmd.Val()
		cuts[i], _ = fields[i/2].Val()[i%2].(string)
	}
	return replies, cuts, nil
}

// feedCuts are the fields of a partition that hold the last entry cut off the log and
// the news.
var feedCuts = []string{"tr", "fl"}

// goBack moves a place that is not there by what a master can have lost, and reads
// what follows.
func (s *Store) goBack(ctx context.Context, part, stream int, at *EntryID, cut EntryID, count int) ([]redis.XMessage, error) {
	key, then := s.keys.feedStream(part, stream), EntryID{max(0, at.Ms-DefaultResendWindow.Milliseconds()), 0}
	found, err := s.rdb.XRevRangeN(ctx, key, then.String(), "-", 1).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	*at = cut
	if len(found) > 0 && !entryIDOf(found[0].ID).Before(cut) {
		*at = entryIDOf(found[0].ID)
	}
	messages, err := s.rdb.XRangeN(ctx, key, "("+at.String(), "+", int64(count)+1).Result()
	return messages, unavailable(err)
}

// take adds messages of a stream, at most count.
func (r *FeedRead) take(part, stream int, messages []redis.XMessage, count int) {
	if len(messages) > count {
		messages, r.More[part][stream] = messages[:count], true
	}
	for _, m := range messages {
		e := FeedEntry{Part: part, Stream: stream, ID: entryIDOf(m.ID)}
		text, _ := m.Values["e"].(string)
		if stream == NewsStream {
			after, _ := m.Values["l"].(string)
			e.After = entryIDOf(after)
			if news, ok := parseNews(text); ok {
				e.News = &news
			}
		} else if scan, err := parseLog(text); err == nil {
			e.Scan = &scan
		}
		r.Entries = append(r.Entries, e)
	}
}

// FeedStart are the places before everything that is kept. Errors: ErrUnavailable.
func (s *Store) FeedStart(ctx context.Context) (places FeedPlaces, err error) {
	cmds := make([]*redis.SliceCmd, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range cmds {
			cmds[part] = p.HMGet(ctx, s.keys.partition(part), feedCuts...)
		}
		return nil
	})
	if err != nil {
		return places, unavailable(err)
	}
	for part, cmd := range cmds {
		for stream, v := range cmd.Val() {
			text, _ := v.(string)
			places[part][stream] = entryIDOf(text)
		}
	}
	return places, nil
}

// FeedEnd are the places behind everything that there is. Errors: ErrUnavailable.
func (s *Store) FeedEnd(ctx context.Context) (FeedPlaces, error) {
	places, err := s.FeedStart(ctx)
	if err != nil {
		return places, err
	}
	cmds := make([]*redis.XMessageSliceCmd, 2*Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range cmds {
			cmds[i] = p.XRevRangeN(ctx, s.keys.feedStream(i/2, i%2), "+", "-", 1)
		}
		return nil
	})
	if err != nil {
		return places, unavailable(err)
	}
	for i, cmd := range cmds {
		if last := cmd.Val(); len(last) > 0 {
			places[i/2][i%2] = entryIDOf(last[0].ID)
		}
	}
	return places, nil
}

// parseNews reads an entry of tell.lua.
func parseNews(text string) (n News, ok bool) {
	const head = 8 + 1 + 8
	if len(text) < head {
		return n, false
	}
	n.Person = fromRaw(text)
	id, rest := text[9:head], text[head:]
	switch text[8] {
	case 'S':
		if len(rest) != 8 {
			return n, false
		}
		copy(n.Decision[:], id)
		n.At, n.Before, n.After = time6([]byte(rest)), Status(rest[6]), Status(rest[7])
		return n, int(n.Before) < len(statusNames) && int(n.After) < len(statusNames)
	case 'F':
		at, outcome, _ := strings.Cut(rest, " ")
		ms, err := strconv.ParseInt(at, 10, 64)
		n.Fever, n.At, n.Outcome = FeverID(fromRaw(id)), ms, FeverOutcome(outcome)
		return n, err == nil
	}
	return n, false
}

// DecisionsOf reads the records behind news of decisions, by the decision; those that
// are not kept any more are left out. Errors: ErrUnavailable.
func (s *Store) DecisionsOf(ctx context.Context, news []*News) (map[[8]byte]StatusRecord, error) {
	refs, found := make([]careRef, 0, len(news)), map[[8]byte]StatusRecord{}
	for _, n := range news {
		refs = append(refs, careRef{n.Person, careStatus, n.Decision})
	}
	err := s.readCare(ctx, refs, func(r *careRef, plain []byte) error {
		var record StatusRecord
		err := json.Unmarshal(plain, &record)
		found[r.id] = record
		return err
	})
	return found, err
}

// FeversByID reads fever cases; those that are not kept any more are left out.
// Errors: ErrUnavailable.
func (s *Store) FeversByID(ctx context.Context, ids []FeverID) (map[FeverID]FeverCase, error) {
	cases, err := s.readFevers(ctx, ids)
	found := make(map[FeverID]FeverCase, len(cases))
	for _, c := range cases {
		found[c.ID] = c
	}
	return found, err
}

// sweepNews takes news away that are past retention, and notes how far.
func (r *sweepRun) sweepNews(ctx context.Context) error {
	if !r.moved {
		return nil
	}
	for part := range Partitions {
		stream := r.s.keys.news(part)
		for {
			entries, err := r.s.rdb.XRangeN(ctx, stream, "-", "+", sweepBatch).Result()
			if err != nil {
				return unavailable(err)
			}
			var old []string
			for _, e := range entries {
				text, _ := e.Values["e"].(string)
				if n, ok := parseNews(text); ok && n.At >= r.KeptFrom {
					break
				}
				old = append(old, e.ID)
			}
			if len(old) == 0 {
				break
			}
			if err := r.s.rdb.HSet(ctx, r.s.keys.partition(part), "fl", old[len(old)-1]).Err(); err != nil {
				return unavailable(err)
			}
			if err := r.s.rdb.XDel(ctx, stream, old...).Err(); err != nil {
				return unavailable(err)
			}
			r.removed("news", int64(len(old)))
		}
	}
	return nil
}
