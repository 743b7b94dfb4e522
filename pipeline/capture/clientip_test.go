package capture

import (
	"net/http"
	"testing"
)

func TestClientIP(t *testing.T) {
	trusted, err := parseProxies([]string{"10.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ peer, header, value, want string }{
		{"203.0.113.9:41000", "", "", "203.0.113.9"},
		{"203.0.113.9:41000", "X-Forwarded-For", "198.51.100.1", "203.0.113.9"},
		{"10.1.2.3:41000", "X-Forwarded-For", "198.51.100.1, 10.1.1.1", "198.51.100.1"},
		{"10.1.2.3:41000", "X-Forwarded-For", "192.168.0.4, 198.51.100.1:777", "198.51.100.1"},
		{"10.1.2.3:41000", "X-Forwarded-For", "unknown, 192.168.0.4", "10.1.2.3"},
		{"[::1]:41000", "X-Forwarded-For", "2001:db8::7", "2001:db8::7"},
		{"[::1]:41000", "Forwarded", `for=192.168.0.1;proto=https, For="[2001:db8::7]:4711"`, "2001:db8::7"},
		{"[::ffff:203.0.113.9]:41000", "", "", "203.0.113.9"},
		{"@", "", "", ""},
	} {
		r := &http.Request{RemoteAddr: test.peer, Header: http.Header{}}
		if test.header != "" {
			r.Header.Set(test.header, test.value)
		}
		if got := clientIP(r, trusted); got != test.want {
			t.Errorf("%s %s %q\n  got  %q\n  want %q", test.peer, test.header, test.value, got, test.want)
		}
	}
}
