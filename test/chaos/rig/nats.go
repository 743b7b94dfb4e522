package rig

import (
	"fmt"
	"strconv"
	"testing"
)

// NATS is an outside server that can be killed and started again on the same store and port.
type NATS struct {
	*child
	t      testing.TB
	argv   []string
	client string
}

// NATSOptions describe a server. Host is an address; Peers are the cluster addresses of all servers, none without a cluster.
type NATSOptions struct {
	Binary, Name, Dir, Host string
	Port, ClusterPort       int
	Peers                   string
	Prefix                  []string
}

// NewNATS describes a server. Start runs it.
func NewNATS(t testing.TB, o NATSOptions) *NATS {
	argv := append(append([]string(nil), o.Prefix...), o.Binary, "-name", o.Name, "-host", o.Host, "-port", strconv.Itoa(o.Port), "-dir", o.Dir,
		"-cluster-port", strconv.Itoa(o.ClusterPort), "-routes", o.Peers)
	return &NATS{t: t, argv: argv, client: fmt.Sprintf("nats://%s:%d", o.Host, o.Port)}
}

// Start runs the server and returns when it takes connections.
func (n *NATS) Start() {
	n.t.Helper()
	n.child = spawn(n.t, "natsd", n.argv, nil, func(line string) bool { return line == "ready" })
}

// ClientURL is where clients connect to.
func (n *NATS) ClientURL() string { return n.client }
