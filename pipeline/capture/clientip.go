package capture

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientIP returns the address that a request came from (spec 2.15): the first public address that a trusted proxy names, else the
// peer's. "" when there is none.
func clientIP(r *http.Request, trusted []netip.Prefix) string {
	peer, ok := parseAddr(r.RemoteAddr)
	if !ok {
		return ""
	}
	if isTrusted(peer, trusted) {
		for _, named := range forwardedFor(r.Header) {
			if addr, ok := parseAddr(named); ok && isPublic(addr) {
				return addr.String()
			}
		}
	}
	return peer.String()
}

func isTrusted(peer netip.Addr, trusted []netip.Prefix) bool {
	for _, prefix := range trusted {
		if prefix.Contains(peer) {
			return true
		}
	}
	return false
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
