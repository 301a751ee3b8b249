package backup

import (
	"context"
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrUnreachable: Redis does not answer, or not with its data.
	ErrUnreachable = errors.New("backup: Redis gives no copy of its data")
	// ErrMoving: slots of the cluster are being moved, so that keys could be
	// missed.
	ErrMoving = errors.New("backup: slots of the cluster are being moved: back up again when that is over")
	// ErrNoData: there is no store under the prefix.
	ErrNoData = errors.New("backup: this Redis holds no passgate data under the prefix")
	// ErrBusy: another backup into the same folder, or of the same server, is under way.
	ErrBusy = errors.New("backup: another backup is under way")
	// ErrNotOne: the folder is no backup.
	ErrNotOne = errors.New("backup: not a backup")
	// ErrTampered: something in the backup is not as it was written.
	ErrTampered = errors.New("backup: it is not as it was written")
	// ErrOtherSite: the backup is of another site than the one expected.
	ErrOtherSite = errors.New("backup: it is of another site")
	// ErrVersion: it was made by another version whose data this one cannot take.
	ErrVersion = errors.New("backup: it was made by another version")
	// ErrLate: its time is over.
	ErrLate = errors.New("backup: its time is over")
	// ErrNotEmpty: the place to restore to is in use.
	ErrNotEmpty = errors.New("backup: the target is not empty")
	// ErrIdentity: it is encrypted to somebody else.
	ErrIdentity = errors.New("backup: it cannot be decrypted with what was given")
	// ErrDigest: what was restored is not what was backed up.
	ErrDigest = errors.New("backup: what was restored differs from the backup")
)

// unreachable marks a failure of Redis.
func unreachable(err error) error {
	if err == nil || errors.Is(err, ErrUnreachable) || errors.Is(err, ErrMoving) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}
