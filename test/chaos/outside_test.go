package chaos

import (
	"fmt"
	"testing"

	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// The outside server is killed and comes back. Meanwhile events are refused, and afterwards all goes on by itself.
func TestOutsideServer(t *testing.T) {
	server := rig.NewNATS(t, rig.NATSOptions{Binary: natsBinary, Name: "n1", Dir: t.TempDir(), Host: "127.0.0.1", Port: rig.FreePort(t)})
	server.Start()
	s := open(t, "an outside NATS server is killed", fmt.Sprintf("bus: {url: %q}", server.ClientURL()))
	s.start()
	s.restarted = true // a delivery whose acknowledgement was lost counts twice
	s.rounds(2, 1, func(int) {
		s.until(1 + s.rng.IntN(1000))
		server.Kill()
		s.refused(5)
		server.Start()
		s.until(300)
	})
}
