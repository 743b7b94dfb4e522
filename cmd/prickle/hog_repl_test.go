//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// console is `prickle hog repl` in a process of its own, at a pseudo-terminal.
type console struct {
	t       *testing.T
	file    *os.File
	exited  chan error
	changed chan struct{} // has something when there is more on the screen

	mu     sync.Mutex
	screen strings.Builder
	read   int // how much of the screen was expected already
}

func openConsole(t *testing.T, state string, args ...string) *console {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"hog", "repl"}, args...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "XDG_STATE_HOME="+state, "TERM=xterm")
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	c := &console{t: t, file: file, exited: make(chan error, 1), changed: make(chan struct{}, 1)}
	go c.watch()
	go func() { c.exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = file.Close()
	})
	return c
}

func (c *console) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := c.file.Read(buf)
		c.mu.Lock()
		c.screen.Write(buf[:n])
		c.mu.Unlock()
		select {
		case c.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// typed sends keys and waits for all the texts to show up, one after the other.
func (c *console) typed(keys string, want ...string) {
	c.t.Helper()
	if _, err := c.file.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
	late := time.After(time.Minute)
	for _, text := range want {
		for !c.shows(text) {
			select {
			case <-c.changed:
			case <-late:
				c.t.Fatalf("after %q: %q is not on the screen\n%q", keys, text, c.rest())
			}
		}
	}
}

// rest is what the screen shows that was not expected yet.
func (c *console) rest() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return pasteModes.Replace(c.screen.String())[c.read:]
}

// pasteModes takes off what the editor says before and after every line.
var pasteModes = strings.NewReplacer("\x1b[?2004h", "", bracketedPasteOff, "")

func (c *console) shows(text string) bool {
	at := strings.Index(c.rest(), text)
	if at >= 0 {
		c.read += at + len(text)
	}
	return at >= 0
}

// ends waits for the process to end with success.
func (c *console) ends() {
	c.t.Helper()
	select {
	case err := <-c.exited:
		if err != nil {
			c.t.Errorf("ended with %v\n%q", err, c.rest())
		}
	case <-time.After(time.Minute):
		c.t.Fatal("the repl goes on")
	}
}

const (
	enter, tab, ctrlC, ctrlD = "\r", "\t", "\x03", "\x04"
	up                       = "\x1b[A"
)

// TestHogReplTerminal uses the repl as a person does.
func TestHogReplTerminal(t *testing.T) {
	dir := project(t, map[string]string{"event.json": `{"event": {"properties": {"plan": "pro", "price": 5}}}`})
	c := openConsole(t, dir, "--globals", filepath.Join(dir, "event.json"))
	c.typed("", "Hog. :help lists the commands", "hog> ")
	c.typed("1 + 1"+enter, "\r\n2\r\n", "hog> ")
	c.typed("fn double(n) {"+enter, "...> ")
	c.typed("return n * 2 }"+enter, "hog> ")
	c.typed("double(21)"+enter, "\r\n42\r\n", "hog> ")
	c.typed("if (1 > 2) { print('then') }"+enter, "...> ")
	c.typed("else { print('other' || 'wise') }"+enter, "\r\notherwise\r\n", "hog> ")
	c.typed("if (2 > 1) { print('th' || 'en') }"+enter, "...> ")
	c.typed(enter, "then\r\n", "hog> ")

	c.typed("event.properties.p"+tab+tab, "plan  price")
	c.typed("la"+tab+enter, "\r\n'pro'\r\n", "hog> ")

	c.typed("'given up"+ctrlC, "^C", "hog> ")
	c.typed("print('running'); while (true) {}"+enter, "\r\nrunning\r\n")
	c.typed(ctrlC, "interrupted", "hog> ")
	c.typed("print('wait' || 'ing'); sleep(50)"+enter, "\r\nwaiting\r\n")
	c.typed(ctrlC, "interrupted", "hog> ")
	c.typed("sleep(0)"+enter, "hog> ")
	c.typed(ctrlD, "\r\n")
	c.ends()
}

// TestHogReplHistory brings back inputs of an earlier session, each as a whole.
func TestHogReplHistory(t *testing.T) {
	dir := t.TempDir()
	first := openConsole(t, dir)
	first.typed("", "hog> ")
	first.typed("[1,"+enter, "...> ")
	first.typed("2,"+enter, "...> ")
	first.typed("3]"+enter, "\r\n[1, 2, 3]\r\n", "hog> ")
	first.typed("'la' || 'st'"+enter, "\r\n'last'\r\n", "hog> ")
	first.typed(":quit" + enter)
	first.ends()

	second := openConsole(t, dir)
	second.typed("", "hog> ")
	second.typed(up+up+up, ":quit", "'la' || 'st'", "[1,⏎2,⏎3]")
	second.typed(enter, "\r\n[1, 2, 3]\r\n", "hog> ")
	second.typed(ctrlD)
	second.ends()

	none := openConsole(t, dir, "--no-history")
	none.typed("", "hog> ")
	none.typed(up+"'no' || 'ne'"+enter, "\r\n'none'\r\n", "hog> ")
	none.typed(ctrlD)
	none.ends()
	kept, err := os.ReadFile(filepath.Join(dir, "prickle", "hog_history"))
	if want := "[1,⏎2,⏎3]\n'la' || 'st'\n:quit\n[1,⏎2,⏎3]\n"; err != nil || string(kept) != want {
		t.Errorf("the history, %v\n got %q\nwant %q", err, kept, want)
	}
}
