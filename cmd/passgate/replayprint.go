package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"passgate/checkpoint/replay"
)

// printReplay prints a report for people.
func printReplay(out io.Writer, r *replay.Report) error {
	verb := "replayed"
	if r.Verify {
		verb = "compared"
	}
	p := &printer{out: out}
	p.line("%s %d events (read %d from the archive and %d from logs) in %.1f s: %.0f events/s",
		verb, r.Events, r.FromArchive, r.FromLog, r.Seconds, r.EventsPerSec)
	if r.Unsettled > 0 {
		p.line("%d events were recorded too lately to compare", r.Unsettled)
	}
	if r.OtherContent > 0 {
		p.line("%d events came twice with other content: the first one counts", r.OtherContent)
	}
	p.families(r)
	p.line("inside: %d people looked at, %d wrong; temperatures: %d gates and days, %d wrong",
		r.Inside.Checked, r.Inside.Wrong, r.Readings.Checked, r.Readings.Wrong)
	for _, why := range r.Skipped {
		p.line("left out: %s", plain(why))
	}
	for _, d := range r.Damaged {
		p.line("damaged: %s %s: %s", plain(d.Where), d.Day, plain(d.Why))
	}
	if n := r.DamagedAll - len(r.Damaged); n > 0 {
		p.line("damaged: %d more", n)
	}
	for _, d := range r.Differences {
		p.difference(&d)
	}
	if n := r.Differs(); n > 0 {
		p.line("%d differences in all, %d of them named", n, len(r.Differences))
	}
	return p.err
}

// printer keeps the first error.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format+"\n", args...)
	}
}

func (p *printer) families(r *replay.Report) {
	if p.err != nil {
		return
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) {
		if p.err == nil {
			_, p.err = fmt.Fprintf(table, format+"\n", args...)
		}
	}
	row("\tsets\tevents\tkept\tmissing\textra\tdiffering\tastray\tdigest")
	for i := range r.Families {
		f := &r.Families[i]
		row("%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s", f.Name, f.Sets, f.Events, f.Kept, f.Missing, f.Extra, f.Differing, f.Astray, f.Digest)
		if f.RedisDigest != "" && f.RedisDigest != f.Digest {
			row("\t\t\t\t\t\t\tin Redis\t%s", f.RedisDigest)
		}
	}
	if err := table.Flush(); p.err == nil {
		p.err = err
	}
}

func (p *printer) difference(d *replay.Difference) {
	text := d.What + ": " + d.Kind
	for _, of := range [...][2]string{{"person", d.Person}, {"gate", d.Gate}, {"site", d.Site}, {"at", d.At}} {
		if of[1] != "" {
			text += ", " + of[0] + " " + plain(of[1])
		}
	}
	if d.Note != "" {
		text += ": " + d.Note
	}
	p.line("%s", text)
}

// replayProgress shows how far a replay is: at a terminal a bar with rate and
// time left, elsewhere a line every few seconds, nothing beside JSON.
type replayProgress struct {
	con   *console
	file  *os.File // nil: no terminal
	quiet bool

	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	total int64 // of the bar
	last  time.Time
}

func newReplayProgress(con *console, quiet bool) *replayProgress {
	p := &replayProgress{con: con, quiet: quiet, last: time.Now()}
	if file, ok := con.Err.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.file = file
	}
	return p
}

// progressEvery is how often something is shown: a bar is drawn more often.
const progressEvery = 5 * time.Second

func (p *replayProgress) show(at replay.Progress) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	done := at.Done
	if at.Total == 0 {
		done = at.Read
	}
	every := progressEvery
	if p.file != nil {
		every = 100 * time.Millisecond
	}
	if time.Since(p.last) < every {
		return
	}
	p.last = time.Now()
	switch {
	case p.file != nil:
		p.draw(at.Total, done)
	case at.Total == 0:
		p.con.say("%d events read", done)
	default:
		p.con.say("%3d %%  %d of %d events", min(100, done*100/max(1, at.Total)), done, at.Total)
	}
}

// draw moves the bar, or begins the next one: how many events there are is known
// when all are read.
func (p *replayProgress) draw(total, done int64) {
	switch {
	case p.bar == nil || p.total == 0 && total > 0:
		what, length := "reading", int64(-1)
		if total > 0 {
			what, length = "replaying", total
		}
		p.bar = progressbar.NewOptions64(
			length, progressbar.OptionSetWriter(p.file), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString("events"), progressbar.OptionSetPredictTime(true),
		)
	case total != p.total:
		p.bar.ChangeMax64(total) // some came twice
	}
	if p.total = total; total > 0 {
		done = min(done, total)
	}
	_ = p.bar.Set64(done) // a bar that cannot be drawn stops nothing
}

func (p *replayProgress) finish() {
	if p.bar != nil {
		_ = p.bar.Exit()
		p.con.say("")
	}
}
