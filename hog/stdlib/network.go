package stdlib

import (
	"net/netip"
	"strings"

	"github.com/prickle-dev/prickle/hog/vm"
)

func networks() []Function {
	return []Function{
		{Name: "isIPAddressInRange", Min: 2, Max: 2, Doc: "Whether the address is in the range in CIDR notation; false for what is neither.", Func: test2(inRange),
			Examples: []Example{{"isIPAddressInRange('10.1.2.3', '10.0.0.0/8')", "true"}, {"isIPAddressInRange('::1', '10.0.0.0/8')", "false"}}},
	}
}

func inRange(address, cidr vm.Value) bool {
	a, ok := address.AsString()
	r, ok2 := cidr.AsString()
	base, bits, _ := strings.Cut(r, "/")
	bits, _, _ = strings.Cut(bits, "/")
	if !ok || !ok2 || bits == "" || strings.ContainsAny(a+base, "%") {
		return false
	}
	ip, err := netip.ParseAddr(a)
	net, err2 := netip.ParseAddr(base)
	n := vm.ParseNumber(bits)
	if err != nil || err2 != nil || n != n || n < 0 || n > float64(net.BitLen()) || ip.Is4() != net.Is4() {
		return false
	}
	return netip.PrefixFrom(net, int(n)).Contains(ip)
}
