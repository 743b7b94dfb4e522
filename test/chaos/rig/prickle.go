package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/prickle-dev/prickle/test/chaos/oracle"
)

// Prickle runs a project with the real command, time after time.
type Prickle struct {
	Binary string
	Dir    string   // of the project; its data folder is data in it
	Prefix []string // a command that runs the command, for example in another network namespace
	Env    []string
	*child

	t   testing.TB
	mu  sync.Mutex
	url string
}

// NewPrickle writes the files of a project into dir. Start runs it.
func NewPrickle(t testing.TB, binary, dir string, files map[string]string) *Prickle {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return &Prickle{t: t, Binary: binary, Dir: dir}
}

// Start runs the project and returns when it captures. What ran before must have ended.
func (p *Prickle) Start() {
	p.t.Helper()
	argv := append(append([]string(nil), p.Prefix...), p.Binary, "run", p.Dir)
	p.child = spawn(p.t, "prickle", argv, p.Env, p.capturing)
}

// Try starts the project and reports whether it captures; a reason comes with a no.
func (p *Prickle) Try() (ok bool, why string) {
	argv := append(append([]string(nil), p.Prefix...), p.Binary, "run", p.Dir)
	c, ready := launch(p.t, "prickle", argv, p.Env, p.capturing)
	if !ready {
		return false, c.Text()
	}
	p.child = c
	return true, ""
}

func (p *Prickle) capturing(line string) bool {
	_, url, found := strings.Cut(line, "capturing on ")
	if found {
		p.mu.Lock()
		p.url = url
		p.mu.Unlock()
	}
	return found
}

// URL is where it captures, or captured last.
func (p *Prickle) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.url
}

func (p *Prickle) data() string { return filepath.Join(p.Dir, "data") }

// Status is what `prickle status` shows.
func (p *Prickle) Status() (control.Status, error) {
	client, err := control.Dial(p.t.Context(), p.data())
	if err != nil {
		return control.Status{}, err
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	return client.Status(ctx)
}

// Settled waits until nothing is pending any more, and returns the status of that moment.
func (p *Prickle) Settled() control.Status {
	p.t.Helper()
	var st control.Status
	Eventually(p.t, "nothing is pending", func() (bool, string) {
		var err error
		if st, err = p.Status(); err != nil {
			return false, err.Error() + "\n" + p.Text()
		}
		return st.Pending+st.Retrying == 0, fmt.Sprintf("%+v\n%s", st, p.Text())
	})
	return st
}

// Rows are the events in the warehouse, in the order in which they were stored. A transaction stores its rows at once: they are in the order of
// the persons' numbers.
func (p *Prickle) Rows() []oracle.Arrival {
	p.t.Helper()
	client, err := control.Dial(p.t.Context(), p.data())
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.Text())
	}
	var rows []oracle.Arrival
	err = client.Query(p.t.Context(), query.Request{SQL: "SELECT CAST(uuid AS VARCHAR), CAST(properties AS VARCHAR), epoch_us(inserted_at) FROM events ORDER BY inserted_at, CAST(properties->>'$.seq' AS INTEGER)"},
		query.EachRow(func(row []any) error {
			id, ok1 := row[0].(string)
			properties, ok2 := row[1].(string)
			stored, err := strconv.ParseInt(fmt.Sprint(row[2]), 10, 64)
			if !ok1 || !ok2 || err != nil {
				return fmt.Errorf("row %v: want two texts and a time", row)
			}
			rows = append(rows, oracle.Arrival{ID: id, Properties: []byte(properties), At: time.UnixMicro(stored)})
			return nil
		}))
	if err != nil {
		p.t.Fatal(err)
	}
	return rows
}

// Dead are the dead letters that `prickle dead list` shows for the destination, and those of the pipeline as a whole.
func (p *Prickle) Dead(pipeline, destination string) []oracle.Arrival {
	p.t.Helper()
	client, err := control.Dial(p.t.Context(), p.data())
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.Text())
	}
	var out []oracle.Arrival
	err = client.DeadLetters(p.t.Context(), control.DeadFilter{Pipeline: pipeline}, func(l control.DeadLetter) error {
		if l.Destination != "" && l.Destination != destination {
			return nil
		}
		var event struct {
			UUID       string          `json:"uuid"`
			Properties json.RawMessage `json:"properties"`
		}
		if err := json.Unmarshal(l.Event, &event); err != nil {
			p.t.Errorf("dead letter %d holds no event: %v", l.ID, err)
		}
		out = append(out, oracle.Arrival{ID: event.UUID, Properties: event.Properties, At: l.LastAt})
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// Healthy reports whether the process says that it lives, and whether that it can store events.
func (p *Prickle) Healthy() (alive, ready bool) {
	ask := func(path string) bool {
		res, err := (&http.Client{Timeout: 30 * time.Second}).Get(p.URL() + path)
		if err != nil {
			return false
		}
		return errors.Join(res.Body.Close()) == nil && res.StatusCode == http.StatusOK
	}
	return ask("/_liveness"), ask("/_readiness")
}

// Context is a context that ends when the process does, or when the test has waited long enough.
func (p *Prickle) Context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(p.t.Context(), Patience, errors.New("it took too long"))
	with, fail := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-p.Exited():
			fail(errors.New("the process ended by itself"))
		case <-with.Done():
		}
	}()
	return with, cancel
}

// Eventually asks until the answer is yes.
func Eventually(t testing.TB, what string, yes func() (bool, string)) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(Patience); ; {
		ok, state := yes()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s: %s", what, state)
		}
		<-ticker.C
	}
}

// FreePort is a port on loopback that nothing listens on at the moment.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
