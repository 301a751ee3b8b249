package checkpoint

import (
	"bytes"
	"testing"
)

func testSealer(t *testing.T, field, index byte) *sealer {
	t.Helper()
	s, err := newSealer(bytes.Repeat([]byte{field}, 32), bytes.Repeat([]byte{index}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealedIdentityOpensOnlyInItsRecord(t *testing.T) {
	t.Parallel()
	s := testSealer(t, 1, 2)
	who := identity{"王小明", idNumber(1), "13800138000", "3-2-501"}
	blob := s.sealIdentity(7, who)
	if got, err := s.openIdentity(7, blob); err != nil || got != who {
		t.Fatalf("opened %+v, %v", got, err)
	}
	if bytes.Contains(blob, []byte("王")) || bytes.Equal(blob, s.sealIdentity(7, who)) {
		t.Fatal("the blob shows what it holds")
	}
	if _, err := s.openIdentity(8, blob); err == nil {
		t.Fatal("a blob opened in another person's record")
	}
	if _, err := testSealer(t, 3, 2).openIdentity(7, blob); err == nil {
		t.Fatal("a blob opened with another key")
	}
	for i := range blob {
		bent := bytes.Clone(blob)
		bent[i] ^= 1
		if _, err := s.openIdentity(7, bent); err == nil {
			t.Fatalf("a blob with byte %d changed opened", i)
		}
		if _, err := s.openIdentity(7, blob[:i]); err == nil {
			t.Fatalf("a blob cut to %d bytes opened", i)
		}
	}
}

func TestBlindIndex(t *testing.T) {
	t.Parallel()
	s := testSealer(t, 1, 2)
	h := s.blind("phone", "13800138000")
	if h != s.blind("phone", "13800138000") || h != testSealer(t, 9, 2).blind("phone", "13800138000") {
		t.Fatal("the same value has two hashes")
	}
	for _, other := range []uint64{
		s.blind("phone", "13800138001"), s.blind("document", "13800138000"), testSealer(t, 1, 3).blind("phone", "13800138000"),
	} {
		if other == h {
			t.Fatal("another value, kind or key gives the same hash")
		}
	}
}

func TestSealerRefusesUnfitKeys(t *testing.T) {
	t.Parallel()
	k := func(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }
	for _, keys := range [][2][]byte{{nil, k(32, 1)}, {k(32, 1), k(16, 2)}, {k(33, 1), k(32, 2)}, {k(32, 1), k(32, 1)}} {
		if _, err := newSealer(keys[0], keys[1]); err == nil {
			t.Errorf("keys of %d and %d bytes were taken", len(keys[0]), len(keys[1]))
		}
	}
}
