package checkpoint

import (
	"context"
	"errors"
	"strconv"

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

// ReadFeed reads up to count entries (1 to MaxFeedRead) of each stream that follow
// places. Errors: *FeedCutError, ErrUnavailable.
func (s *Store) ReadFeed(ctx context.Context, places FeedPlaces, count int) (FeedRead, error) {
	count = min(max(count, 1), MaxFeedRead)
	read, resume, expired := FeedRead{Places: places, ShownFrom: s.oldestShown()}, places, false
	replies, err := s.readStreams(ctx, &places, count)
	if err != nil {
		return read, err
	}
	for i := range replies {
		for stream, entries := range replies[i].entries {
			at, cut := &read.Places[i][stream], replies[i].cuts[stream]
			there := len(entries) > 0 && entries[0].ID == *at
			switch {
			case there:
				entries = entries[1:]
			case *at == cut: // nothing behind it was cut off
			case at.Before(cut):
				expired, resume[i][stream] = true, cut
				continue
			default: // it went with a master that is lost, or by itself past retention
				if entries, err = s.goBack(ctx, i, stream, at, cut, count); err != nil {
					return read, err
				}
			}
			if len(entries) > count {
				entries, read.More[i][stream] = entries[:count], true
			}
			read.Entries = append(read.Entries, entries...)
		}
	}
	if expired {
		return read, &FeedCutError{resume}
	}
	return read, nil
}

// streamsRead are the streams of a partition from places on, and the last entry that
// was cut off each.
type streamsRead struct {
	entries [2][]FeedEntry
	cuts    [2]EntryID
}

// readStreams reads those of all partitions, with the entry at each place itself.
func (s *Store) readStreams(ctx context.Context, places *FeedPlaces, count int) (read [Partitions]streamsRead, err error) {
	calls := make([]call, Partitions)
	for part := range calls {
		from := [2]string{"-", "-"}
		for stream, at := range places[part] {
			if at != (EntryID{}) {
				from[stream] = at.String()
			}
		}
		calls[part] = call{feedReadScript, []string{s.keys.log(part), s.keys.news(part), s.keys.partition(part)}, []any{from[0], from[1], count + 2}}
	}
	replies, err := s.runAll(ctx, calls)
	if err != nil {
		return read, err
	}
	for part, reply := range replies {
		values, ok := reply.([]any)
		if !ok || len(values) != 4 {
			return read, errors.New("checkpoint: feedread script replied in another form")
		}
		for stream := range read[part].entries {
			read[part].entries[stream] = feedEntries(part, stream, values[stream])
			cut, _ := values[2+stream].(string)
			read[part].cuts[stream] = entryIDOf(cut)
		}
	}
	return read, nil
}

// feedEntries reads the entries of one stream as the script gives them.
func feedEntries(part, stream int, reply any) (entries []FeedEntry) {
	values, _ := reply.([]any)
	text := func(i int) string { v, _ := values[i].(string); return v }
	for size := 2 + stream; len(values) >= size; values = values[size:] {
		after := ""
		if stream == NewsStream {
			after = text(2)
		}
		entries = append(entries, feedEntry(part, stream, text(0), text(1), after))
	}
	return entries
}

func feedEntry(part, stream int, id, text, after string) FeedEntry {
	e := FeedEntry{Part: part, Stream: stream, ID: entryIDOf(id), After: entryIDOf(after)}
	if stream == NewsStream {
		if news, ok := parseNews(text); ok {
			e.News = &news
		}
	} else if scan, err := parseLog(text); err == nil {
		e.Scan = &scan
	}
	return e
}

// feedCuts are the fields of a partition that hold the last entry cut off the log and
// the news.
var feedCuts = []string{"tr", "fl"}

// goBack moves a place that is not there by what a master can have lost, and reads
// what follows.
func (s *Store) goBack(ctx context.Context, part, stream int, at *EntryID, cut EntryID, count int) (entries []FeedEntry, err error) {
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
	for _, m := range messages {
		text, _ := m.Values["e"].(string)
		after, _ := m.Values["l"].(string)
		entries = append(entries, feedEntry(part, stream, m.ID, text, after))
	}
	return entries, unavailable(err)
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
