package bus

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// trio starts three outside servers that keep everything together.
func trio(t *testing.T) []*server.Server {
	t.Helper()
	options := make([]*server.Options, 3)
	var peers []*url.URL
	for i := range options {
		options[i] = &server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
			Cluster: server.ClusterOpts{Name: "trio", Host: "127.0.0.1", Port: freePort(t)},
		}
		peers = append(peers, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", options[i].Cluster.Port)})
	}
	servers := make([]*server.Server, 3)
	for i := range servers {
		options[i].Routes = slices.Delete(slices.Clone(peers), i, i+1)
		servers[i] = serve(t, options[i])
		t.Cleanup(func() {
			servers[i].Shutdown()
			servers[i].WaitForShutdown()
		})
	}
	eventually(t, func() string {
		for _, s := range servers {
			if len(s.JetStreamClusterPeers()) == 3 && s.JetStreamIsLeader() {
				return ""
			}
		}
		return "the servers have not found each other"
	})
	return servers
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// What has piled up comes by the batch from servers that replicate, also when the batch has a limit in bytes.
func TestReplicatedBacklogComesByTheBatch(t *testing.T) {
	b := open(t, "", func(c *Config) { c.URL, c.Replicas = trio(t)[0].ClientURL(), 3 })
	d := deliverable(t, b, slices.Repeat([]int{1}, 30)...)
	for range 3 {
		list := fetch(t, d, FetchLimit{Frames: 10, Bytes: 16 << 20, Wait: 10 * time.Second})
		if len(list) != 10 {
			t.Fatalf("a batch of 10\n got %d frames", len(list))
		}
		ack(t, list...)
		d.Settled()
	}
}
