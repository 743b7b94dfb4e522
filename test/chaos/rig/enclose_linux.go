package rig

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// enclosed says to a process that it is the one that Enclose has started.
const enclosed = "PRICKLE_CHAOS_ENCLOSED"

// Enclose runs this program once more, with mounts and a network of its own, and returns its exit code: whatever way it ends, no mount, bridge or
// namespace of it stays. done is false in the program that it runs, and where that cannot be, which is without root or ip, or where namespaces are
// forbidden.
func Enclose() (code int, done bool, err error) {
	if os.Getenv(enclosed) != "" {
		return 0, false, exec.Command("ip", "link", "set", "lo", "up").Run()
	}
	if !hasIP() || os.Getuid() != 0 {
		return 0, false, nil
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), enclosed+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.Is(err, syscall.EPERM):
		return 0, false, nil
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1), true, nil
	case err != nil:
		return 1, true, err
	}
	return 0, true, nil
}

// Enclosed says that this program has mounts and a network of its own.
func Enclosed() bool { return os.Getenv(enclosed) != "" }

func hasIP() bool {
	_, err := exec.LookPath("ip")
	return err == nil
}
