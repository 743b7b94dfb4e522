// Command natsd is an outside NATS server for the chaos suite: a process that can be killed. It syncs before it acknowledges.
package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "natsd:", err)
		os.Exit(1)
	}
}

func run() error {
	name := flag.String("name", "n1", "name of the server")
	host := flag.String("host", "127.0.0.1", "address to listen on")
	port := flag.Int("port", 0, "port for clients")
	clusterPort := flag.Int("cluster-port", 0, "port for the other servers; 0 is no cluster")
	routes := flag.String("routes", "", "the other servers, as nats://host:port, separated by commas")
	dir := flag.String("dir", "", "where to store")
	flag.Parse()
	options := &server.Options{
		ServerName: *name, Host: *host, Port: *port, NoSigs: true, MaxPayload: 9 << 20, DisableJetStreamBanner: true,
		JetStream: true, StoreDir: *dir, SyncAlways: true, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 40,
	}
	if *clusterPort != 0 {
		options.Cluster = server.ClusterOpts{Name: "chaos", Host: *host, Port: *clusterPort}
		for text := range strings.SplitSeq(*routes, ",") {
			u, err := url.Parse(text)
			if err != nil {
				return err
			}
			options.Routes = append(options.Routes, u)
		}
	}
	s, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.ConfigureLogger()
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		return fmt.Errorf("server %s is not ready", *name)
	}
	fmt.Println("ready")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}
