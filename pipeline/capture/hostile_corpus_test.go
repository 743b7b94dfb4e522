package capture

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rawRequest reads a file of testdata/hostile: lines that begin with # are for people, line ends do not count, escapes are those of Go, and
// "*N text" is the text N times.
func rawRequest(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		times := 1
		if count, rest, ok := strings.Cut(strings.TrimPrefix(line, "*"), " "); ok && strings.HasPrefix(line, "*") {
			if times, err = strconv.Atoi(count); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			line = rest
		}
		raw.WriteString(strings.Repeat(unescaped(t, line), times))
	}
	return raw.Bytes()
}

func unescaped(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	for text != "" {
		value, multibyte, rest, err := strconv.UnquoteChar(text, 0)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if multibyte {
			b.WriteRune(value)
		} else {
			b.WriteByte(byte(value))
		}
		text = rest
	}
	return b.String()
}

// Every request of testdata/hostile is refused or not answered at all, nothing behind it is taken for a request, and the next client is
// served.
func TestHostileRequests(t *testing.T) {
	files, err := filepath.Glob("testdata/hostile/*.txt")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			const soon = 200 * time.Millisecond // for those that send less than they announce
			r := run(t, func(c *Config) { c.Limits.HeaderTimeout, c.Limits.BodyTimeout, c.Limits.IdleTimeout = soon, soon, soon })
			raw := rawRequest(t, file)
			first, all := hostile(t, r, raw)
			t.Logf("%q", all)
			if first != 0 && first/100 != 4 && first != http.StatusNotImplemented && first != http.StatusHTTPVersionNotSupported {
				t.Errorf("answered %d: %s", first, all)
			}
			for _, e := range r.log.take(t) {
				t.Errorf("stored: %s", e.AppendJSON(nil))
			}
			if status := r.send(t, "/e", goodEvent); status != 200 {
				t.Errorf("afterwards: status %d", status)
			}
			if n := len(r.log.take(t)); n != 1 {
				t.Errorf("afterwards: %d events stored, want 1", n)
			}
		})
	}
}

// hostile sends raw and returns the status of the first answer, 0 when there is none, and all that is answered.
func hostile(t *testing.T, r *running, raw []byte) (first int, all string) {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go conn.Write(raw)            // ends early when the server has heard enough
	answer, _ := io.ReadAll(conn) // a reset is an end too
	if !bytes.HasPrefix(answer, []byte("HTTP/1.")) {
		return 0, string(answer)
	}
	parsed, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), nil)
	if err != nil {
		t.Errorf("the answer is no HTTP: %v", err)
		return 0, string(answer)
	}
	return parsed.StatusCode, string(answer)
}

// Headers have 64 KB together, in HTTP/1 and in HTTP/2, whose clients may keep to it by themselves.
func TestHeaderSize(t *testing.T) {
	r := run(t)
	for name, client := range map[string]*http.Client{"HTTP/1": r.client, "HTTP/2": unencrypted(t)} {
		for size, taken := range map[int]bool{maxHeaderBytes - 4<<10: true, maxHeaderBytes + 8<<10: false} {
			request := mustRequest(t, "POST", r.url("/e"), strings.NewReader(goodEvent))
			request.Header.Set("X-A", strings.Repeat("a", size))
			answer, err := client.Do(request)
			if err != nil {
				if taken {
					t.Errorf("%s, %d bytes: %v", name, size, err)
				}
				continue
			}
			answer.Body.Close()
			if want := map[bool]int{true: 200, false: 431}[taken]; answer.StatusCode != want {
				t.Errorf("%s, %d bytes: got %d, want %d", name, size, answer.StatusCode, want)
			}
		}
	}
	r.stop()
	if err := <-r.done; err != nil { // it waits for connections that were refused
		t.Error(err)
	}
}
