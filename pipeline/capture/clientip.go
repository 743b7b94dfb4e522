package capture

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// trustedUnix in trusted_proxies stands for whoever connects to the Unix socket.
const trustedUnix = "unix"

// proxies are the peers that are believed when they name the client.
type proxies struct {
	ranges []netip.Prefix
	unix   bool
}

// parseProxies reads addresses, CIDR ranges and trustedUnix.
func parseProxies(texts []string) (proxies, error) {
	var p proxies
	var errs []error
	for _, text := range texts {
		if text == trustedUnix {
			p.unix = true
			continue
		}
		if addr, err := netip.ParseAddr(text); err == nil {
			p.ranges = append(p.ranges, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			errs = append(errs, mistake("capture.trusted_proxies: %q is no address", `write for example "10.0.0.0/8", or "unix" for who connects to the Unix socket`, text))
			continue
		}
		p.ranges = append(p.ranges, prefix.Masked())
	}
	return p, errors.Join(errs...)
}

func (p proxies) trust(peer netip.Addr) bool {
	for _, prefix := range p.ranges {
		if prefix.Contains(peer) {
			return true
		}
	}
	return false
}

// trustPeer is trust for the other end of a connection.
func (p proxies) trustPeer(peer net.Addr) bool {
	if peer.Network() == "unix" {
		return p.unix
	}
	addr, ok := parseAddr(peer.String())
	return ok && p.trust(addr)
}

// trustSocket reports whether the request came in by the Unix socket, from a proxy.
func (p proxies) trustSocket(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix" && p.unix
}

// clientIP returns the address that a request came from (spec 2.15): the first public address that a trusted proxy names, else the
// peer's. "" when there is none.
func clientIP(r *http.Request, trusted proxies) string {
	peer, ok := parseAddr(r.RemoteAddr)
	if ok && trusted.trust(peer) || !ok && trusted.trustSocket(r) {
		for _, named := range forwardedFor(r.Header) {
			if addr, ok := parseAddr(named); ok && isPublic(addr) {
				return addr.String()
			}
		}
	}
	if !ok {
		return ""
	}
	return peer.String()
}

func isPublic(addr netip.Addr) bool {
	return addr.IsGlobalUnicast() && !addr.IsPrivate()
}

// forwardedFor lists the addresses of X-Forwarded-For, or else of Forwarded, nearest to the client first.
func forwardedFor(h http.Header) []string {
	if values := h.Values("X-Forwarded-For"); len(values) > 0 {
		return strings.Split(strings.Join(values, ","), ",")
	}
	var addrs []string
	for hop := range strings.SplitSeq(strings.Join(h.Values("Forwarded"), ","), ",") {
		for pair := range strings.SplitSeq(hop, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, "for") {
				addrs = append(addrs, strings.Trim(value, `"`))
			}
		}
	}
	return addrs
}

// parseAddr reads an address with or without a port or brackets.
func parseAddr(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}
