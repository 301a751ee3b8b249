package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// childEnv names the folder in which a test runs as the process that is killed
// or bounded.
const childEnv = "JOURNAL_TEST_DIR"

// child is a test of this binary as a process of its own.
func child(t *testing.T, test, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	return cmd
}

func childDir(t *testing.T, parent string) string {
	t.Helper()
	dir := os.Getenv(childEnv)
	if dir == "" {
		t.Skip("only by " + parent)
	}
	return dir
}

// TestKilledWriter is no test but the process that is killed. Each line it
// prints is a fact that has to hold from then on.
func TestKilledWriter(t *testing.T) {
	j, err := Open(options(childDir(t, "TestKilledAtAnyMomentLosesNothing")))
	must(t, err)
	fmt.Println("\nopened")
	together(t, 8, func(int) {
		for {
			partition := rand.IntN(64)
			value := fmt.Sprint(rand.Uint64(), strings.Repeat("x", rand.IntN(3000)))
			seq, err := j.Owe(context.Background(), partition, []byte(value))
			must(t, err)
			fmt.Printf("owed %d %s\n", seq, value)
			must(t, j.Keep(partition, []byte(value)))
			switch rand.IntN(4) {
			case 0:
				fmt.Printf("paying %d\n", seq)
				must(t, j.Paid(seq))
				fmt.Printf("paid %d\n", seq)
			case 1:
				fmt.Printf("paying %d\n", seq)
				must(t, j.SetAside(seq, "why"))
				fmt.Printf("aside %d\n", seq)
			}
			if rand.IntN(100) == 0 {
				must(t, j.Forget(time.Now().Add(-100*time.Millisecond).UnixMilli()))
			}
		}
	})
}

// promises is what processes said before they were killed.
type promises struct {
	owed                map[uint64]string
	paying, paid, aside map[uint64]bool
}

func (p *promises) read(line string) {
	var seq uint64
	var word, value string
	if n, _ := fmt.Sscan(line, &word, &seq, &value); n < 2 {
		return
	}
	switch word {
	case "owed":
		p.owed[seq] = value
	case "paying":
		p.paying[seq] = true
	case "paid":
		p.paid[seq] = true
	case "aside":
		p.aside[seq] = true
	}
}

// check compares a journal with what was promised.
func (p *promises) check(t *testing.T, j *Journal) {
	t.Helper()
	found, asides := map[uint64]string{}, map[uint64]bool{}
	for _, partition := range j.OwedPartitions() {
		entries, err := j.Owed(partition, 0, 1<<20)
		must(t, err)
		for _, e := range entries {
			found[e.Seq] = string(e.Value)
		}
	}
	must(t, j.Aside(func(e Entry, _ string) error { asides[e.Seq] = true; return nil }))
	for seq, value := range p.owed {
		got, there := found[seq]
		switch {
		case !there && !p.paying[seq]:
			t.Fatalf("%d was owed and is lost", seq)
		case there && got != value:
			t.Fatalf("%d has another value", seq)
		case there && p.paid[seq]:
			t.Fatalf("%d was paid and is owed again", seq)
		case p.aside[seq] && !asides[seq]:
			t.Fatalf("%d was set aside and is lost", seq)
		}
	}
	if s := j.Stats(); s.Damage != nil || s.Owed != len(found) || s.Aside != len(asides) {
		t.Fatalf("%d owed, %d aside, but %+v", len(found), len(asides), s)
	}
}

func TestKilledAtAnyMomentLosesNothing(t *testing.T) {
	t.Parallel()
	rounds := 6
	if os.Getenv("PASSGATE_LONG") != "" {
		rounds = 200
	}
	dir := t.TempDir()
	p := &promises{map[uint64]string{}, map[uint64]bool{}, map[uint64]bool{}, map[uint64]bool{}}
	for range rounds {
		cmd := child(t, "TestKilledWriter", dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // a line that was cut off says nothing
			}
			if line == "opened\n" {
				time.AfterFunc(time.Duration(rand.Int64N(int64(200*time.Millisecond))), func() { _ = cmd.Process.Kill() })
			}
			p.read(line)
		}
		_ = cmd.Wait()
		j := open(t, options(dir))
		p.check(t, j)
		must(t, j.Close())
	}
	if len(p.owed) < 10*rounds {
		t.Fatalf("only %d were owed", len(p.owed))
	}
	t.Logf("%d owed, %d paid, %d set aside in %d lives", len(p.owed), len(p.paid), len(p.aside), rounds)
}
