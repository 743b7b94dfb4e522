//go:build unix

package main

import (
	"os"
	"syscall"
)

// replaceProcess runs this program anew, with the same arguments, in this process. It returns only if that cannot be done.
func replaceProcess() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return os.NewSyscallError("exec", syscall.Exec(program, os.Args, os.Environ()))
}
