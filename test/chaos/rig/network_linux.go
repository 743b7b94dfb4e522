package rig

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Network is a bridge with hosts in network namespaces of their own. This process is at Gateway. It needs root.
type Network struct {
	Gateway   string
	Addresses []string
	Prefixes  [][]string // a command that runs a command on the host
	t         testing.TB
	name      string
}

// HasNamespaces says what is missing for one, or "".
func HasNamespaces() string {
	if _, err := exec.LookPath("ip"); err != nil {
		return "ip, of iproute2,"
	}
	if exec.Command("ip", "link", "add", "chaosprobe", "type", "bridge").Run() != nil {
		return "a kernel with bridges and network namespaces"
	}
	_ = exec.Command("ip", "link", "del", "chaosprobe").Run()
	return ""
}

// NewNetwork makes a network of so many hosts.
func NewNetwork(t testing.TB, hosts int) *Network {
	t.Helper()
	part := os.Getpid() % 250
	n := &Network{t: t, name: fmt.Sprintf("pk%d", os.Getpid()%100_000), Gateway: fmt.Sprintf("10.213.%d.254", part)}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", n.name).Run() })
	n.ip("link add %s type bridge", n.name)
	n.ip("addr add %s/24 dev %s", n.Gateway, n.name)
	n.ip("link set %s up", n.name)
	for i := range hosts {
		space, address := n.space(i), fmt.Sprintf("10.213.%d.%d", part, i+1)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", space).Run() })
		n.ip("netns add %s", space)
		n.ip("link add %s type veth peer name eth0 netns %s", n.cable(i), space)
		n.ip("link set %s master %s up", n.cable(i), n.name)
		n.ip("-n %s addr add %s/24 dev eth0", space, address)
		n.ip("-n %s link set eth0 up", space)
		n.ip("-n %s link set lo up", space)
		n.Addresses = append(n.Addresses, address)
		n.Prefixes = append(n.Prefixes, []string{"ip", "netns", "exec", space})
	}
	return n
}

func (n *Network) space(i int) string { return fmt.Sprintf("%sn%d", n.name, i) }
func (n *Network) cable(i int) string { return fmt.Sprintf("%sc%d", n.name, i) }

func (n *Network) ip(format string, args ...any) {
	n.t.Helper()
	line := fmt.Sprintf(format, args...)
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %s: %v\n%s", line, err, out)
	}
}

// Cut pulls a host's cable, and returns how to plug it in.
func (n *Network) Cut(host int) (mend func()) {
	n.t.Helper()
	n.ip("link set %s down", n.cable(host))
	return func() { n.ip("link set %s up", n.cable(host)) }
}

// Part keeps a host from the other hosts and lets it reach this process.
func (n *Network) Part(host int) (mend func()) {
	n.t.Helper()
	each := func(verb string) {
		for i, address := range n.Addresses {
			if i != host {
				n.ip("-n %s route %s blackhole %s/32", n.space(host), verb, address)
				n.ip("-n %s route %s blackhole %s/32", n.space(i), verb, n.Addresses[host])
			}
		}
	}
	each("add")
	return func() { each("del") }
}
