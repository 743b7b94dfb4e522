package bench

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// receiver is the other side of a webhook destination. It looks for ids in the text of a request and decodes nothing.
type receiver struct {
	*ledger
	name   string
	url    string
	server http.Server
	served chan struct{}
	down   atomic.Bool // answers 500 and takes nothing
}

func newReceiver(name string, l *ledger) (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a webhook to receive: %w", err)
	}
	r := &receiver{ledger: l, name: name, url: "http://" + listener.Addr().String(), served: make(chan struct{})}
	r.server.Handler = r
	go func() {
		defer close(r.served)
		_ = r.server.Serve(listener) // an end that is not asked for shows as lost events
	}()
	return r, nil
}

func (r *receiver) close() {
	_ = r.server.Close() // of the listener, which nobody needs any more
	<-r.served
}

// arrays is a destination that is sent arrays of events; one that is not full waits for so long. Settings are further ones, in YAML.
func (r *receiver) arrays(wait time.Duration, settings ...string) string {
	text := fmt.Sprintf(`name: %s, url: %q, array: true, batch: {events: 1000, wait: %v}`, r.name, r.url, wait)
	return "webhook: {" + strings.Join(append([]string{text}, settings...), ", ") + "}"
}

type inbox struct {
	body bytes.Buffer
	ids  []int
}

var inboxes = sync.Pool{New: func() any { return new(inbox) }}

// ServeHTTP takes the events of a request.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if r.down.Load() {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	in := inboxes.Get().(*inbox)
	defer inboxes.Put(in)
	in.body.Reset()
	if _, err := in.body.ReadFrom(req.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest) // the request broke off; it will come again
		return
	}
	in.ids = r.gen.numbers(in.ids[:0], in.body.Bytes())
	r.add(in.ids, time.Now())
}
