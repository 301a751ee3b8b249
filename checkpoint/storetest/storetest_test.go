package storetest

import "testing"

func TestMain(m *testing.M) { Main(m) }

func TestATownCanBeMade(t *testing.T) {
	t.Parallel()
	w := New(t)
	if len(w.People) != 4 || len(w.Store.Registry().Sites()) != 6 {
		t.Errorf("the town is %+v", w)
	}
	heads := w.Store.Registry().Heads("V1C-1")
	if len(heads) != 4 || heads[0].Login != "head-v1c-1" || heads[3].Login != "leader" {
		t.Errorf("heads of V1C-1: %v", heads)
	}
}
