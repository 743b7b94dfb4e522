package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// connections are many that are kept open between requests, by another process, so that what is measured is the instance's side alone.
var connections = Case{
	Name: "connections", Summary: "idle connections that are kept open: memory",
	defaults: Options{Connections: 10_000, Batch: 1},
	prepare: func(s *stand) string {
		nobody := s.receive("nobody", func(int) bool { return false })
		project := project(pipelines("bench", "[]", []string{nobody.arrays(full, `when: 'event.name == "none"'`)}))
		// Of more than half of what is allowed, none is kept open.
		limits := fmt.Sprintf("capture: {limits: {connections: %d, idle_timeout: 1h}, ", 3*s.Connections)
		return strings.Replace(project, "capture: {", limits, 1)
	},
	measure: measureConnections,
	after:   readLog,
}

func measureConnections(ctx context.Context, s *stand) (err error) {
	n := s.Connections
	if err := raiseFiles(n); err != nil {
		return err
	}
	debug.FreeOSMemory()
	before := residentMB()
	s.say("opening %d connections, with an event on each", n)
	h, err := s.holding(ctx, n)
	if err != nil {
		return err
	}
	defer h.end()
	if err := h.expect("held"); err != nil {
		return err
	}
	held := residentMB()
	debug.FreeOSMemory() // what the requests themselves have left
	idle := residentMB()
	s.say("sending another event on each")
	if _, err := io.WriteString(h.in, "again\n"); err != nil {
		return err
	}
	if err := h.expect("held"); err != nil {
		return fmt.Errorf("connections were not kept: %w", err)
	}
	s.figure("memory before", "MB", before)
	s.figure("memory once all are open", "MB", held)
	s.figure("memory while all are idle", "MB", idle)
	s.figure("what they take", "MB", max(0, idle-before))
	s.figure("a connection", "KB", max(0, idle-before)*1024/float64(n))
	return nil
}

// holder is what holds connections: it is told to go on by in, and says what it has done to out.
type holder struct {
	in  io.WriteCloser
	out *bufio.Reader
	end func()
}

func (h *holder) expect(word string) error {
	line, err := h.out.ReadString('\n')
	if line = strings.TrimSpace(line); line != word {
		return fmt.Errorf("the client says %q instead of %q: %w", line, word, err)
	}
	return nil
}

// holding starts a holder, in a process of its own if there is a command for it.
func (s *stand) holding(ctx context.Context, n int) (*holder, error) {
	args := []string{s.load.url, strconv.FormatUint(s.gen.run, 10), strconv.Itoa(s.load.reserve(2 * n)), strconv.Itoa(n)}
	if s.Holder != nil {
		cmd := s.Holder(ctx, args)
		in, inErr := cmd.StdinPipe()
		out, outErr := cmd.StdoutPipe()
		if inErr != nil || outErr != nil {
			return nil, fmt.Errorf("a client: %w, %w", inErr, outErr)
		}
		cmd.Stderr = cmd.Stdout
		if err := cmd.Start(); err != nil {
			return nil, fmt.Errorf("a client: %w", err)
		}
		return &holder{in, bufio.NewReader(out), func() { _ = in.Close(); _ = cmd.Wait() }}, nil // it has said what it had to
	}
	commands, in := io.Pipe()
	out, words := io.Pipe()
	go func() { words.CloseWithError(Hold(args, commands, words)) }()
	return &holder{in, bufio.NewReader(out), func() { _ = in.Close() }}, nil
}

// Holder makes the command of a process that calls Hold with the arguments.
type Holder func(ctx context.Context, args []string) *exec.Cmd

// Hold is the client's side of the case connections. It opens them, sends an event on each and says "held"; after a line of commands it sends another event on
// each and says so again; it returns when commands end. args are the address, the generator's run, the number of the first event, and how many connections.
func Hold(args []string, commands io.Reader, out io.Writer) error {
	if len(args) != 4 {
		return fmt.Errorf("want an address and three numbers, got %q", args)
	}
	run, err1 := strconv.ParseUint(args[1], 10, 64)
	next, err2 := strconv.Atoi(args[2])
	n, err3 := strconv.Atoi(args[3])
	if err1 != nil || err2 != nil || err3 != nil {
		return fmt.Errorf("want an address and three numbers, got %q", args)
	}
	if err := raiseFiles(n); err != nil {
		return err
	}
	conns := make([]net.Conn, n)
	defer func() {
		for _, conn := range conns {
			if conn != nil {
				_ = conn.Close() // it has done its duty
			}
		}
	}()
	in := bufio.NewScanner(commands)
	for {
		for i := range conns {
			if err := useConnection(&conns[i], strings.TrimPrefix(args[0], "http://"), generator{run: run}, next); err != nil {
				return fmt.Errorf("connection %d: %w", i, err)
			}
			next++
		}
		if _, err := fmt.Fprintln(out, "held"); err != nil {
			return err
		}
		if !in.Scan() {
			return in.Err()
		}
	}
}

// useConnection opens a connection if it is not, and sends an event.
func useConnection(conn *net.Conn, address string, g generator, event int) (err error) {
	if *conn == nil {
		if *conn, err = net.Dial("tcp", address); err != nil {
			return err
		}
	}
	body := g.appendBatch(nil, key, event, event+1, time.Now())
	if _, err := fmt.Fprintf(*conn, "POST /batch/ HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(*conn, 512), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || resp.Close {
		return fmt.Errorf("capture answered %s, and closes the connection: %v", resp.Status, resp.Close)
	}
	return nil
}
