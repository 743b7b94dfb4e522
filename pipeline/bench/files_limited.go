//go:build linux || darwin

package bench

import (
	"fmt"
	"syscall"
)

// ownFiles is more than a process has open beside connections.
const ownFiles = 500

// raiseFiles lets the process have n connections open, if it may.
func raiseFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("how many files may be open: %w", err)
	}
	wanted := uint64(n + ownFiles) //nolint:gosec // n is a number of connections
	if limit.Cur >= wanted {
		return nil
	}
	raised := syscall.Rlimit{Cur: wanted, Max: max(limit.Max, wanted)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err != nil {
		return fmt.Errorf("a process may have %d files open, and %d connections want %d: say ulimit -n %d before, or --connections with less: %w", limit.Cur, n, wanted, wanted, err)
	}
	return nil
}
