//go:build !linux && !darwin

package gateway

import "errors"

// DiskSpace is not known on this system.
func DiskSpace(string) (free, size uint64, err error) { return 0, 0, errors.ErrUnsupported }
