package checkpoint

import "crypto/sha256"

// plateHash is what a permit keeps of the plate it is bound to: enough to see
// that another vehicle came, no more.
func plateHash(plate string) (h [4]byte) {
	sum := sha256.Sum256([]byte("passgate plate " + plate))
	copy(h[:], sum[:])
	return h
}

// permitRecord is the length of a permit in the person's field v.
const permitRecord = 27
