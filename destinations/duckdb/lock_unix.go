//go:build unix

package duckdb

import (
	"io"
	"os"
	"syscall"
)

// lockedBy tells whether another process holds a lock on f that would keep DuckDB from taking its own, and which.
func lockedBy(f *os.File, why purpose) (pid int, locked bool) {
	lock := syscall.Flock_t{Type: syscall.F_RDLCK, Whence: io.SeekStart}
	if why == forWriting {
		lock.Type = syscall.F_WRLCK
	}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return 0, false
	}
	return int(lock.Pid), lock.Type != syscall.F_UNLCK
}
