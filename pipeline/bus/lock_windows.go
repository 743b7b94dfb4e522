package bus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const errorSharingViolation = syscall.Errno(32)

// lockDir makes sure that no other process stores in dir: a file opened without sharing can be opened once at a time.
func lockDir(dir string) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, fmt.Errorf("bus dir %q: %w", dir, err)
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, errorSharingViolation) {
		return nil, fmt.Errorf("%q is in use by another process: the project is running already; stop that process, or give this one a data folder of its own", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("bus dir %q is not writable: %w", dir, err)
	}
	return os.NewFile(uintptr(h), path), nil
}
