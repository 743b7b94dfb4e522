package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// host is a machine of a cluster: a NATS server and a process.
type host struct {
	nats    *rig.NATS
	prickle *rig.Prickle
}

// openCluster makes three hosts at the addresses; prefixes hold a command that runs a command there. Receivers listen on receivers.
// Clients send to all of them, as through a load balancer. Each process has a warehouse of its own, so that an event may be in two of them.
func openCluster(t *testing.T, name string, addresses [3]string, prefixes [3][]string, receivers string) (*scene, []host) {
	t.Helper()
	s := openAt(t, name, t.TempDir(), "", receivers)
	s.restarted = true
	s.places[0].Warehouse = false
	var urls, peers []string
	var ports [3][2]int
	for i, a := range addresses {
		ports[i] = [2]int{rig.FreePort(t), rig.FreePort(t)}
		urls = append(urls, fmt.Sprintf("nats://%s:%d", a, ports[i][0]))
		peers = append(peers, fmt.Sprintf("nats://%s:%d", a, ports[i][1]))
	}
	hosts := make([]host, 3)
	for i, a := range addresses {
		hosts[i].nats = rig.NewNATS(t, rig.NATSOptions{
			Binary: natsBinary, Name: fmt.Sprintf("n%d", i+1), Dir: t.TempDir(), Host: a, Port: ports[i][0], ClusterPort: ports[i][1],
			Peers: strings.Join(peers, ","), Prefix: prefixes[i],
		})
		hosts[i].nats.Start()
		// The own server first, then the others.
		mine := strings.Join(append(slices.Clone(urls[i:]), urls[:i]...), ",")
		dir := filepath.Join(s.dir, fmt.Sprint(i))
		text, err := os.ReadFile(filepath.Join(s.dir, "prickle.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		yaml := strings.Replace(string(text), "127.0.0.1:0", a+":0", 1)
		yaml = strings.Replace(yaml, "\npipelines:", fmt.Sprintf("\nbus: {url: %q, replicas: 3}\npipelines:", mine), 1)
		hosts[i].prickle = rig.NewPrickle(t, prickleBinary, dir, map[string]string{"prickle.yaml": yaml, "guard.hog": guard})
		hosts[i].prickle.Prefix = prefixes[i]
	}
	s.prickle, s.others = hosts[0].prickle, []*rig.Prickle{hosts[1].prickle, hosts[2].prickle}
	for i, c := range s.clients {
		c.Timeout = 10 * time.Second
		c.URL = func() string { return hosts[(i+int(c.Repeats.Load()))%3].prickle.URL() }
	}
	return s, hosts
}

// startCluster starts the processes once the servers have found each other.
func startCluster(t *testing.T, hosts []host) {
	t.Helper()
	for _, h := range hosts {
		rig.Eventually(t, "a process starts", func() (bool, string) { return h.prickle.Try() })
	}
}

// Three servers and three processes; each is killed in turn, and comes back.
func TestCluster(t *testing.T) {
	loopback := "127.0.0.1"
	s, hosts := openCluster(t, "three servers, three processes, each killed in turn", [3]string{loopback, loopback, loopback}, [3][]string{}, loopback)
	startCluster(t, hosts)
	s.rounds(2, 1, func(n int) {
		s.until(300)
		victim := hosts[n/2%3]
		if n%2 == 0 {
			if n%4 == 2 {
				s.kill(hosts, n/2%3)
			} else { // it is back before its lanes are taken over
				victim.prickle.Kill()
			}
			s.until(300)
			victim.prickle.Start()
			return
		}
		victim.nats.Kill()
		s.until(300)
		victim.nats.Start()
		s.until(100)
	})
}

// shares finds what a process says of its part of the work when that changes.
var shares = regexp.MustCompile(`lanes are shared anew" processes=(\d+) process=\d+ lanes=(\d+) of=(\d+)`)

// kill ends the process of a host and waits until the others have its lanes. It reads what they print: whoever asks a busy process waits.
func (s *scene) kill(hosts []host, victim int) {
	s.Helper()
	printed := make([]int, len(hosts))
	for i, h := range hosts {
		printed[i] = len(h.prickle.Text())
	}
	hosts[victim].prickle.Kill()
	began := time.Now()
	rig.Eventually(s.T, "the lanes of a killed process are the others'", func() (bool, string) {
		lanes, of := 0, 1
		for i, h := range hosts {
			said := shares.FindAllStringSubmatch(h.prickle.Text()[printed[i]:], -1)
			if i == victim {
				continue
			}
			if len(said) == 0 || said[len(said)-1][1] != "2" {
				return false, h.prickle.Text()
			}
			n, _ := strconv.Atoi(said[len(said)-1][2])
			lanes += n
			of, _ = strconv.Atoi(said[len(said)-1][3])
		}
		return lanes == of, fmt.Sprintf("%d of %d", lanes, of)
	})
	took := time.Since(began)
	if s.slowest = max(s.slowest, took); took > 10*time.Second {
		s.Errorf("the lanes of a killed process were the others' after %s, want 10 s at most\n%s", took, s.texts())
	}
	s.row.Note = fmt.Sprintf("the lanes of a killed process are the others' after %.1f s at most", s.slowest.Seconds())
}

// The network between the hosts is cut, in turn for each of them: from everything, or from the other two alone.
func TestNetworkCut(t *testing.T) {
	needRoot(t)
	if what := rig.HasNamespaces(); what != "" {
		missing(t, what)
	}
	network := rig.NewNetwork(t, 3)
	s, hosts := openCluster(t, "the network of a cluster is cut", [3]string(network.Addresses), [3][]string(network.Prefixes), network.Gateway)
	startCluster(t, hosts)
	s.rounds(2, 1, func(n int) {
		s.until(300)
		mend := network.Cut(n % 3)
		if n%2 == 1 {
			mend()
			mend = network.Part(n % 3)
		}
		s.until(500) // the two others go on
		mend()
		s.until(300)
	})
}
