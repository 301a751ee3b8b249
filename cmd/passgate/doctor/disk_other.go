//go:build !linux

package doctor

// kindOf is not known on this system.
func kindOf(string) diskKind { return diskLocal }
