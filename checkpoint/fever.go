package checkpoint

// caseOf names the fever case that a scan opens: the person's partition and
// the scan, 8 bytes.
func caseOf(person uint64, scan [8]byte) []byte {
	return append([]byte{byte(person >> 56)}, scan[:7]...)
}
