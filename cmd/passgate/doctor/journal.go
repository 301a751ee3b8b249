package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"passgate/checkpoint/journal"
)

// Journal is what a gateway remembers of the time without Redis.
type Journal struct {
	Path        string
	Bytes       uint64 // of its file
	Owed, Aside int
	Idle        bool // no server works on it
	Err         error
}

// LookAtJournal reads the journal in dir, or, while a server works on it, asks the
// server's metrics ("host:port"; "off": it cannot be known).
func LookAtJournal(ctx context.Context, dir string, key []byte, metrics string) Journal {
	j := Journal{Path: filepath.Join(dir, "journal.db")}
	info, err := os.Stat(j.Path)
	if err != nil {
		return j // none yet
	}
	j.Bytes = uint64(info.Size())
	looked, err := journal.Look(j.Path, [][]byte{key}, func(f journal.Found) error {
		if f.State == journal.StateAside {
			j.Aside++
		} else {
			j.Owed++
		}
		return nil
	})
	switch {
	case errors.Is(err, journal.ErrInUse):
		j.askMetrics(ctx, metrics)
		return j
	case err == nil && len(looked.Faults) > 0:
		err = errors.New(looked.Faults[0])
	}
	j.Idle, j.Err = true, err
	return j
}

// metricsPatience bounds the question, maxMetrics its answer.
const (
	metricsPatience = 3 * time.Second
	maxMetrics      = 8 << 20
)

// askMetrics leaves j as it is if nobody answers there.
func (j *Journal) askMetrics(ctx context.Context, addr string) {
	ctx, cancel := context.WithTimeout(ctx, metricsPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(io.LimitReader(answer.Body, maxMetrics))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseFloat(value, 64)
		switch {
		case err != nil:
		case name == "passgate_journal_owed":
			j.Owed = int(n)
		case name == "passgate_journal_aside":
			j.Aside = int(n)
		}
	}
}

// Check judges a journal. What a running server owes is recorded within moments, and
// is no finding.
func (j *Journal) Check() []Finding {
	f := &findings{where: j.Path}
	if j.Err != nil {
		f.add(Error, "journal-damaged", j.Err.Error(), "what gates were told without Redis may not be recorded", "start the server: it keeps what is whole, and says so in its log; then passgate journal list")
	}
	if j.Idle && j.Owed > 0 {
		f.add(Warning, "journal-owed", fmt.Sprintf("%d scans that gates were told are not recorded yet", j.Owed), "they are in no trail and no contact search until then", "start the server with this folder, and keep it until it is empty")
	}
	if j.Aside > 0 {
		f.add(Error, "journal-aside", fmt.Sprintf("%d scans could never be recorded", j.Aside), "these people passed a gate and are in no trail", "passgate journal list, then passgate journal show ENTRY (the server must not run)")
	}
	return f.all
}
