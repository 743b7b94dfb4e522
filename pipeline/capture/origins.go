package capture

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Origin is where a page comes from, as browsers send it: "https://app.example.com", with a port when it is not the scheme's own. A host
// that begins with "*." stands for every name below it, at any depth, and not for itself.
type Origin string

// UnmarshalText reads an Origin and brings it into the form that browsers send.
func (o *Origin) UnmarshalText(text []byte) error {
	const example = `write it as the browser sends it, for example "https://app.example.com" or "https://*.example.com"`
	written := string(text)
	u, err := url.Parse(written)
	switch {
	case written == "*":
		return mistake("want an origin", "leave origins out to let every page send")
	case !strings.Contains(written, "://"):
		return mistake("want an origin with its scheme", fmt.Sprintf(`write it as the browser sends it, for example "https://%s"`, originHint(written)))
	case err != nil || u.Host == "" || u.User != nil:
		return mistake("want an origin", example)
	case u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(written, "#"):
		return mistake("want an origin without a path", fmt.Sprintf(`browsers send no more than "%s://%s"`, u.Scheme, u.Host))
	}
	host := strings.ToLower(u.Host)
	if name, port, err := net.SplitHostPort(host); err == nil && (u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80") {
		host = name
	}
	if !hostChars(strings.TrimPrefix(host, "*."), "-._:[]") {
		return mistake("want an origin", `a * may only stand in place of the first names ("https://*.example.com"), and names beyond ASCII are written as the browser sends them ("xn--…")`)
	}
	*o = Origin(u.Scheme + "://" + host)
	return nil
}

// originHint is the host of what was written without a scheme.
func originHint(written string) string {
	if host, _, _ := strings.Cut(written, "/"); host != "" {
		return host
	}
	return "app.example.com"
}

// origins are the origins that a key is for. nil allows every one.
type origins []Origin

// allow compares with what a browser has sent.
func (o origins) allow(origin string) bool {
	if o == nil {
		return true
	}
	origin = strings.ToLower(origin)
	for _, allowed := range o {
		if allowed.matches(origin) {
			return true
		}
	}
	return false
}

func (o Origin) matches(origin string) bool {
	scheme, below, ok := strings.Cut(string(o), "://*.")
	if !ok {
		return origin == string(o)
	}
	host, ok := strings.CutPrefix(origin, scheme+"://")
	if !ok {
		return false
	}
	names, ok := strings.CutSuffix(host, "."+below)
	return ok && names != "" && hostChars(names, "-._")
}

// hostChars reports whether text has only lower-case letters, digits and the characters of more.
func hostChars(text, more string) bool {
	for i := range len(text) {
		if c := text[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.Contains(more, string(rune(c))) {
			return false
		}
	}
	return text != ""
}

// originOf is the origin that a request names, or "". Several make one that nothing matches.
func originOf(r *http.Request) string { return strings.Join(r.Header.Values("Origin"), ", ") }
