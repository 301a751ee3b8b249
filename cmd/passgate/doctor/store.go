package doctor

import (
	"fmt"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// StoreFacts are what the data says of itself, and what is at hand to read it.
type StoreFacts struct {
	Where     string
	Err       error // it cannot be surveyed
	Survey    checkpoint.Survey
	FieldKeys []int // versions at hand
	NoKeys    bool  // none could be loaded: that is told of the keys
	Archived  bool  // this server archives
	Kept      bool  // the data outlives the server: false for --redis memory
}

// Check judges a store.
func (s *StoreFacts) Check() []Finding {
	f := &findings{where: s.Where}
	if !s.Kept {
		f.add(Warning, "redis-memory-only", "--redis memory keeps nothing", "when the server ends, all people and passages are gone", "--redis managed, which needs redis-server, or a Redis of your own")
		return f.all
	}
	if s.Err != nil {
		f.add(Error, "store-unreadable", s.Err.Error(), "the server does not start on such data", "restore a backup, or start the release that wrote it")
		return f.all
	}
	format := s.Survey.Format
	switch {
	case format.Version == 0: // nothing there yet
	case format.ReadableFrom > checkpoint.DataFormat:
		f.add(Error, "format-newer", fmt.Sprintf("the data has format %d, for programs that know format %d or a newer one; this one knows up to %d", format.Version, format.ReadableFrom, checkpoint.DataFormat),
			"this release does not start on it", "run the release that wrote it or a newer one, or restore a backup of before the upgrade")
	case format.Version < checkpoint.OldestFormat:
		f.add(Error, "format-older", fmt.Sprintf("the data has format %d; this release carries forward from %d", format.Version, checkpoint.OldestFormat),
			"this release does not start on it", "start a release between the two first")
	}
	if s.Survey.OtherIndexKey && !s.NoKeys {
		f.add(Error, "keys-foreign", "the index key at hand is not the one of this data", "the server does not start: nobody who is enrolled would be found", "put back the DATA/keys that belong to this Redis, from a backup or another gateway")
	}
	var lacking []string
	for _, version := range s.Survey.FieldKeys {
		if !slices.Contains(s.FieldKeys, version) {
			lacking = append(lacking, fmt.Sprintf("field-%d.key and index-%d.key", version, version))
		}
	}
	if len(lacking) > 0 && !s.NoKeys {
		f.add(Error, "field-key-missing", "the data is sealed with versions that are not here: "+strings.Join(lacking, ", "), "names, documents and phones of people cannot be read, and the server does not start",
			"copy them to DATA/keys from another gateway or a backup")
	}
	if !s.Archived && format.Version != 0 && len(s.Survey.Gateways) < 2 {
		f.add(Warning, "archive-off", "events are not archived here, and no other gateway runs", "the logs in Redis grow until its memory is full, and replay has no record to rebuild from",
			"give one gateway --archive DIR")
	}
	return f.all
}
