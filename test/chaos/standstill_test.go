//go:build unix

package chaos

import (
	"syscall"
	"testing"
	"time"
)

// The process stands still for a moment and goes on, as one does that gets no processor, or whose virtual machine is moved. Its timers are over when
// it does, and what they were for may be there at the same time.
func TestStandsStill(t *testing.T) {
	s := open(t, "the process stands still for a second or two", "")
	s.start()
	s.rounds(3, 3, func(int) {
		for range 3 {
			s.until(50 + s.rng.IntN(200))
			s.prickle.Signal(syscall.SIGSTOP)
			<-time.After(time.Second + time.Duration(s.rng.Int64N(int64(time.Second)))) // which is the harm
			s.prickle.Signal(syscall.SIGCONT)
		}
	})
}
