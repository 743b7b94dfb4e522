package bus

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

func itoa(n int) string { return fmt.Sprint(n) }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func openError(t *testing.T, change func(*Config)) string {
	t.Helper()
	config := DefaultConfig()
	config.Dir = t.TempDir()
	change(&config)
	b, err := Open(t.Context(), config, discard())
	if err == nil {
		_ = b.Close()
		return "no error"
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has more than one line: %v", err)
	}
	return err.Error()
}

// outside starts a server that is reached by TCP.
func outside(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	options := &server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()}
	if change != nil {
		change(options)
	}
	s := serve(t, options)
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s
}

// serve starts a server that the caller ends.
func serve(t *testing.T, options *server.Options) *server.Server {
	t.Helper()
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the outside server does not start")
	}
	return s
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	plain := outside(t, func(o *server.Options) { o.JetStream = false })
	secured := outside(t, func(o *server.Options) { o.Username, o.Password = "u", "right" })
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"dir is a file":      {func(c *Config) { c.Dir = file }, "cannot be made"},
		"dir is under one":   {func(c *Config) { c.Dir = filepath.Join(file, "x") }, "cannot be made"},
		"dir is not ours":    {func(c *Config) { c.Dir = "/proc" }, `bus dir "/proc" is not writable`},
		"nobody there":       {func(c *Config) { c.URL = nobody }, "bus at nats://" + nobody + " is unreachable: no server answers within 5s"},
		"secret in the URL":  {func(c *Config) { c.URL = "nats://u:hunter2@" + nobody }, "bus at nats://%2A%2A%2A@" + nobody + " is unreachable"},
		"URL that is none":   {func(c *Config) { c.URL = "nats://u:hunter2@[" }, "bus url is malformed"},
		"no JetStream":       {func(c *Config) { c.URL = plain.ClientURL() }, "has no JetStream for this account: start nats-server with -js"},
		"wrong password":     {func(c *Config) { c.URL, c.User, c.Password = secured.Addr().String(), "u", "hunter2" }, "Authorization Violation"},
		"server is too old":  {func(c *Config) { c.URL = oldServer(t) }, "runs nats-server 2.9.25, which is too old: want 2.12 or later"},
		"lanes out of range": {func(c *Config) { c.Lanes = 0 }, "bus: lanes: want 1 to 256, got 0"},
		"long window":        {func(c *Config) { c.DedupWindow = 25 * time.Hour }, "bus: dedup_window: want 0 (never) to 24h, got 25h0m0s"},
		"few ids":            {func(c *Config) { c.DedupIDs = 10 }, "bus: dedup_ids: want 1000 to 10000000, got 10"},
		"sync misspelt":      {func(c *Config) { c.Sync = "allways" }, `bus: sync: want "always" or "interval", got "allways"`},
		"cluster of one":     {func(c *Config) { c.Replicas = 3 }, "the embedded server is a single one"},
	} {
		t.Run(name, func(t *testing.T) {
			got := openError(t, c.change)
			if !strings.Contains(got, c.want) {
				t.Errorf("Open\n got %s\nwant in it %s", got, c.want)
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("the error shows a secret: %s", got)
			}
		})
	}
}

// oldServer greets like a server from before message schedules.
func oldServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			greet(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "nats://" + l.Addr().String()
}

func greet(c net.Conn) {
	defer c.Close()
	fmt.Fprintf(c, "INFO {\"server_id\":\"old\",\"version\":\"2.9.25\",\"proto\":1,\"headers\":true,\"max_payload\":1048576}\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "PING") {
			fmt.Fprintf(c, "PONG\r\n")
		}
	}
}

func TestLaneCountIsKept(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir, func(c *Config) { c.Lanes = 4 }).Close(); err != nil {
		t.Fatal(err)
	}
	got := openError(t, func(c *Config) { c.Dir, c.Lanes = dir, 8 })
	want := "stream EVENTS has 4 lanes and the configuration says 8: a person's events would change lanes, so set lanes: 4 or start with an empty bus"
	if got != want {
		t.Errorf("Open with another lane count\n got %s\nwant %s", got, want)
	}
	if b := open(t, dir, func(c *Config) { c.Lanes = 4 }); b.Lanes() != 4 {
		t.Errorf("lanes\n got %d\nwant 4", b.Lanes())
	}
}

func TestForeignStreamIsRefused(t *testing.T) {
	s := outside(t, nil)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	if err := b.js.DeleteStream(t.Context(), streamEvents); err != nil {
		t.Fatal(err)
	}
	if _, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: streamEvents, Subjects: []string{"mine.>"}}); err != nil {
		t.Fatal(err)
	}
	got := openError(t, func(c *Config) { c.URL = s.ClientURL() })
	if want := "stream EVENTS on this server belongs to something else"; !strings.Contains(got, want) {
		t.Errorf("Open\n got %s\nwant in it %s", got, want)
	}
}

// So is a stream in the place of the profiles, of which everything but the newest would be deleted.
func TestForeignProfilesAreRefused(t *testing.T) {
	s := outside(t, nil)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	theirs, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: streamProfiles, Subjects: []string{"mine"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := b.js.Publish(t.Context(), "mine", nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Profiles(t.Context()); err == nil || !strings.Contains(err.Error(), "stream PROFILES on this server belongs to something else") {
		t.Errorf("Profiles\n got %v\nwant a refusal", err)
	}
	if info, err := theirs.Info(t.Context()); err != nil || info.State.Msgs != 2 {
		t.Errorf("their stream\n got %+v, %v\nwant two messages", info, err)
	}
}

const lockDirVariable = "PRICKLE_BUS_LOCK_DIR"

// TestOneProcessPerDir opens the folder of this process from another one, and again after this one has let go of it.
func TestOneProcessPerDir(t *testing.T) {
	if dir := os.Getenv(lockDirVariable); dir != "" {
		config := DefaultConfig()
		config.Dir = dir
		b, err := Open(t.Context(), config, discard())
		if err != nil {
			fmt.Println("OPEN:", err)
			return
		}
		fmt.Println("OPEN: ok", b.Close())
		return
	}
	dir := t.TempDir()
	b := open(t, dir)
	other := func() string {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOneProcessPerDir$")
		cmd.Env = append(os.Environ(), lockDirVariable+"="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		_, rest, _ := strings.Cut(string(out), "OPEN: ")
		line, _, _ := strings.Cut(rest, "\n")
		return line
	}
	if got, want := other(), fmt.Sprintf("%q is in use by another process: the project is running already; stop that process, or give this one a data folder of its own", dir); got != want {
		t.Errorf("second process\n got %s\nwant %s", got, want)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := other(), "ok <nil>"; got != want {
		t.Errorf("second process after Close\n got %s\nwant %s", got, want)
	}
}

func TestNothingIsLostByAReopen(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		b := open(t, dir, func(c *Config) { c.Sync = SyncAlways })
		w := b.NewWriter()
		stop := running(t, w)
		if err := stop.Append(t.Context(), events(round, 200)); err != nil {
			t.Fatal(err)
		}
		if got, _ := stored(t, b.events, "events.>"); len(got) != 200*(round+1) {
			t.Errorf("events after %d reopenings\n got %d\nwant %d", round, len(got), 200*(round+1))
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmbeddedServerHasNoPort(t *testing.T) {
	b := open(t, t.TempDir())
	if addr := b.embedded.server.Addr(); addr != nil {
		t.Errorf("the embedded server listens on %s", addr)
	}
}

func TestServerLogReachesSlog(t *testing.T) {
	var out bytes.Buffer
	l := &serverLog{log: slog.New(slog.NewJSONHandler(&out, nil)), heard: func(string) {}}
	l.Noticef("quiet %d", 1)
	l.Warnf("warn %d", 2)
	l.Fatalf("fatal %d", 3)
	l.Fatalf("later %d", 4)
	var lines []string
	for d := json.NewDecoder(&out); ; {
		var line struct{ Level, Message string }
		if err := d.Decode(&line); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line.Level+" "+line.Message)
	}
	if got, want := strings.Join(lines, ", "), "WARN warn 2, ERROR fatal 3, ERROR later 4"; got != want || *l.fatal.Load() != "fatal 3" {
		t.Errorf("log\n got %s\nwant %s", got, want)
	}
}
