package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzManifest: a manifest that is taken names only what lies in the archive,
// and is written and read again as the same. Its checksum is always right here:
// whoever can write the file can write that, too.
func FuzzManifest(f *testing.F) {
	m := newManifest()
	shelf := m.put("2020-02-10")
	shelf.Next = 2
	shelf.Files = append(shelf.Files, fileInfo{Name: "000001.ndjson.zst.age"})
	m.Doomed = &doomed{Keys: []string{"2020-02-09.key"}, Files: []string{"2020-02-09/000001.ndjson.zst.age"}, Folders: []string{"2020-02-09"}}
	good, err := json.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":1}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"format":1,"shelves":[null]}`))
	f.Add(bytes.Replace(good, []byte("2020-02-09/0"), []byte("../../etc/0"), 1))
	f.Add(bytes.Replace(good, []byte(`"name":"2020-02-10"`), []byte(`"name":"../x"`), 1))
	f.Fuzz(func(t *testing.T, inner []byte) {
		if !json.Valid(inner) {
			return
		}
		inner = bytes.TrimSpace(inner)
		sum := sha256.Sum256(inner)
		m, err := decodeManifest(fmt.Appendf(nil, "{\"manifest\":%s,\n\"sha256\":\"%s\"}\n", inner, hex.EncodeToString(sum[:])))
		if err != nil {
			return
		}
		paths := []string{}
		for _, s := range m.Shelves {
			paths = append(paths, s.Name, s.Key)
			for _, file := range s.Files {
				paths = append(paths, file.Name, filepath.Join(s.Name, file.Name))
			}
		}
		if m.Doomed != nil {
			paths = slices.Concat(paths, m.Doomed.Keys, m.Doomed.Files, m.Doomed.Folders)
		}
		for _, path := range paths {
			if !filepath.IsLocal(path) {
				t.Fatalf("%s names %q", inner, path)
			}
		}
		once, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeManifest(once)
		if err != nil {
			t.Fatalf("%s is refused once written: %v", inner, err)
		}
		if twice, err := again.encode(); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written %s, then %s (%v)", once, twice, err)
		}
	})
}
