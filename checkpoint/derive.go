package checkpoint

import (
	"encoding/binary"
	"strconv"
)

// DerivedKey is a secret of 32 bytes for one purpose: the same at every gateway of
// the town, for as long as there is the town, since it is made of the index key of
// version 1. One purpose's key tells nothing of another's.
func (s *Store) DerivedKey(purpose string) []byte {
	key := make([]byte, 0, 32)
	for part := range 4 {
		key = binary.BigEndian.AppendUint64(key, s.seal.blind("derived key "+strconv.Itoa(part), purpose))
	}
	return key
}
