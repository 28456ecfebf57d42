package verify

import (
	"errors"
	"syscall"
)

// isGone tells whether a file in /proc failed because its process or thread has ended.
func isGone(err error) bool { return errors.Is(err, syscall.ESRCH) }
