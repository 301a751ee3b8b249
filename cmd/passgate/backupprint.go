package main

import (
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"passgate/checkpoint/backup"
)

// sortedNames gives the keys of a map in order.
func sortedNames[T any](of map[string]T) []string { return slices.Sorted(maps.Keys(of)) }

// backupProgress shows how far a backup or a restore is: at a terminal a bar for
// each part of the work, elsewhere a line when a part begins and every few
// seconds, nothing beside JSON.
type backupProgress struct {
	con   *console
	file  *os.File // nil: no terminal
	quiet bool

	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	what string
	last time.Time
}

func newBackupProgress(con *console, quiet bool) *backupProgress {
	p := &backupProgress{con: con, quiet: quiet}
	if file, ok := con.Err.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.file = file
	}
	return p
}

func (p *backupProgress) show(at backup.Progress) {
	if p.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	every := progressEvery
	if p.file != nil {
		every = 100 * time.Millisecond
	}
	if at.What == p.what && time.Since(p.last) < every {
		return
	}
	began := at.What != p.what
	p.what, p.last = at.What, time.Now()
	switch {
	case p.file != nil:
		p.draw(at, began)
	case began:
		p.con.say("%s", at.What)
	case at.Total > 0:
		p.con.say("%s: %d %%", at.What, min(100, at.Done*100/at.Total))
	default:
		p.con.say("%s: %d", at.What, at.Done)
	}
}

func (p *backupProgress) draw(at backup.Progress, began bool) {
	if began {
		p.end()
		length := at.Total
		if length == 0 {
			length = -1
		}
		p.bar = progressbar.NewOptions64(
			length, progressbar.OptionSetWriter(p.file), progressbar.OptionSetDescription(at.What), progressbar.OptionSetPredictTime(true),
		)
	}
	if at.Total > 0 {
		p.bar.ChangeMax64(at.Total)
		at.Done = min(at.Done, at.Total)
	}
	_ = p.bar.Set64(at.Done) // a bar that cannot be drawn stops nothing
}

func (p *backupProgress) end() {
	if p.bar != nil {
		_ = p.bar.Exit()
		p.con.say("")
	}
}

func (p *backupProgress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}
