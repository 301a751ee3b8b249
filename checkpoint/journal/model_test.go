package journal

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is what a journal promises, in plain lists.
type model struct {
	t     *rapid.T
	j     *Journal
	clock *testClock
	owed  []Entry
	aside []Entry
	why   map[uint64]string
	kept  []Entry // not forgotten
	gone  []Entry // forgotten, but may share a block with one that is not
	facts map[string]string
	n     int
}

func (m *model) ok(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) value() []byte {
	m.n++
	return fmt.Append(nil, m.n, string(make([]byte, rapid.IntRange(0, 9000).Draw(m.t, "length"))))
}

func (m *model) now() int64 { return m.clock.now().UnixMilli() }

func (m *model) Owe(t *rapid.T) {
	p, value := rapid.IntRange(0, 3).Draw(t, "partition")*80, m.value()
	seq, err := m.j.Owe(t.Context(), p, value)
	m.ok(err)
	m.owed = append(m.owed, Entry{seq, m.now(), p, value})
}

func (m *model) Keep(t *rapid.T) {
	p, value := rapid.IntRange(0, 3).Draw(t, "partition")*80, m.value()
	m.ok(m.j.Keep(p, value))
	m.kept = append(m.kept, Entry{0, m.now(), p, value})
}

func (m *model) Paid(t *rapid.T) {
	var seqs []uint64
	m.owed = slices.DeleteFunc(m.owed, func(e Entry) bool {
		if !rapid.Bool().Draw(t, "paid") {
			return false
		}
		seqs = append(seqs, e.Seq)
		return true
	})
	m.ok(m.j.Paid(seqs...))
	m.ok(m.j.Paid(seqs...))
}

func (m *model) SetAside(t *rapid.T) {
	if len(m.owed) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.owed)-1).Draw(t, "which")
	e := m.owed[i]
	m.why[e.Seq] = fmt.Sprint("why ", m.n)
	m.ok(m.j.SetAside(e.Seq, m.why[e.Seq]))
	m.ok(m.j.SetAside(e.Seq, "another"))
	m.owed = slices.Delete(m.owed, i, i+1)
	m.aside = append(m.aside, e)
}

func (m *model) Forget(t *rapid.T) {
	before := m.now() - rapid.Int64Range(-5, 50).Draw(t, "window")
	m.ok(m.j.Forget(before))
	m.kept = slices.DeleteFunc(m.kept, func(e Entry) bool {
		if e.At >= before {
			return false
		}
		m.gone = append(m.gone, e)
		return true
	})
}

func (m *model) SetMeta(t *rapid.T) {
	name, value := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "name"), string(m.value())
	m.ok(m.j.SetMeta(name, []byte(value)))
	m.facts[name] = value
}

func (m *model) Time(t *rapid.T) {
	m.clock.set(m.now() + rapid.Int64Range(0, 30).Draw(t, "ms"))
}

func (m *model) Reopen(t *rapid.T) {
	m.ok(m.j.Close())
	j, err := Open(m.j.o)
	m.ok(err)
	m.j = j
	if j.Stats().Damage != nil {
		t.Fatalf("a whole file is called damaged: %+v", j.Stats().Damage)
	}
}

func same(a, b Entry) bool {
	return a.Seq == b.Seq && a.At == b.At && a.Partition == b.Partition && string(a.Value) == string(b.Value)
}

func of(entries []Entry, partition int) (some []Entry) {
	for _, e := range entries {
		if e.Partition == partition {
			some = append(some, e)
		}
	}
	return some
}

// Check compares everything; rapid calls it after every step.
func (m *model) Check(t *rapid.T) {
	for p := 0; p <= 240; p += 80 {
		var got []Entry
		for after := uint64(0); ; { // in pages of two
			some, err := m.j.Owed(p, after, 2)
			m.ok(err)
			if len(some) == 0 {
				break
			}
			got, after = append(got, some...), some[len(some)-1].Seq
		}
		if !slices.EqualFunc(got, of(m.owed, p), same) {
			t.Fatalf("partition %d owes %d, want %d", p, len(got), len(of(m.owed, p)))
		}
		m.checkKept(p)
	}
	n := 0
	m.ok(m.j.Aside(func(e Entry, why string) error {
		n++
		if why != m.why[e.Seq] || !slices.ContainsFunc(m.aside, func(a Entry) bool { return same(a, e) }) {
			t.Fatalf("%d is aside with %q", e.Seq, why)
		}
		return nil
	}))
	s := m.j.Stats()
	if n != len(m.aside) || s.Aside != n || s.Owed != len(m.owed) || m.j.OwedCount() != s.Owed || s.KeptLost+s.Unreadable > 0 || s.Broken != nil {
		t.Fatalf("%+v, want %d owed and %d aside", s, len(m.owed), len(m.aside))
	}
	oldest, ok := m.j.OldestOwed()
	if ok != (len(m.owed) > 0) || ok && oldest != m.owed[0].At {
		t.Fatalf("oldest %d %v", oldest, ok)
	}
	for name, value := range m.facts {
		got, err := m.j.Meta(name)
		m.ok(err)
		if string(got) != value {
			t.Fatalf("fact %s is another", name)
		}
	}
}

// checkKept wants what is not forgotten, in order, and besides it only what was.
func (m *model) checkKept(p int) {
	var got []Entry
	m.ok(m.j.Kept(p, 0, func(e Entry) error { got = append(got, e); return nil }))
	got = slices.DeleteFunc(got, func(e Entry) bool {
		return slices.ContainsFunc(m.gone, func(g Entry) bool { return same(g, e) })
	})
	if !slices.EqualFunc(got, of(m.kept, p), same) {
		m.t.Fatalf("partition %d keeps %d, want %d", p, len(got), len(of(m.kept, p)))
	}
}

func TestAnyOrderOfCallsEqualsTheModel(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := &model{t: t, clock: &testClock{ms: 1000}, why: map[uint64]string{}, facts: map[string]string{}}
		o := options(fmt.Sprint(base, "/", n))
		o.Now = m.clock.now
		j, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		m.j = j
		defer func() {
			_ = m.j.Close()
			_ = os.RemoveAll(o.Dir)
		}()
		actions := rapid.StateMachineActions(m)
		t.Repeat(actions)
	})
}
