package postgres

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endWithParent has the kernel end the process when the thread that started it does.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }

// children are the processes that a process has started.
func children(pid int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var pids []int
	for field := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// CPU is the processor time that the server and its processes have used, of which a tick is 10 ms.
func (s *Server) CPU() time.Duration {
	if s.cmd == nil {
		return 0
	}
	var ticks int64
	own := s.cmd.Process.Pid
	for _, pid := range append(children(own), own) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, after, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(after)
		if len(fields) < 15 {
			continue
		}
		counted := fields[11:13] // user and system
		if pid == own {
			counted = fields[11:15] // and that of processes which have ended
		}
		for _, field := range counted {
			n, _ := strconv.ParseInt(field, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
