package journal

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

func look(t *testing.T, path string) (l Looked, seen []string) {
	t.Helper()
	l, err := Look(path, [][]byte{testKey}, func(f Found) error {
		seen = append(seen, fmt.Sprint(f.State, f.Partition, string(f.Value), f.Why))
		return nil
	})
	must(t, err)
	return l, seen
}

func TestLookShowsAFileAndChangesNothing(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	must(t, j.SetAside(owe(t, j, 2, "b"), "why"))
	owe(t, j, 1, "a")
	must(t, j.Keep(1, []byte("kept")))
	_, err := Look(j.path(), [][]byte{testKey}, nil)
	wantErr(t, err, ErrInUse)
	must(t, j.Close())
	before, err := os.ReadFile(j.path())
	must(t, err)
	l, seen := look(t, j.path())
	want(t, "entries", seen, "aside2bwhy", "owed1a")
	if l.Blocks != 1 || l.Searched || l.Faults != nil {
		t.Fatalf("%+v", l)
	}
	_, err = Look(j.path(), [][]byte{bytes.Repeat([]byte{1}, 32)}, nil)
	wantErr(t, err, ErrKey)
	damaged := bytes.Clone(before)
	clear(damaged[:2*pageSize])
	path := j.path() + badMark
	must(t, os.WriteFile(path, damaged, 0o600))
	if l, seen = look(t, path); !l.Searched || len(l.Faults) == 0 || len(seen) < 2 {
		t.Fatalf("%+v %v", l, seen)
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(after, damaged) {
		t.Fatal("the file was changed")
	}
}
