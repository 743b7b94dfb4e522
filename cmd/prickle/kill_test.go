package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

const killProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
pipelines:
  main:
    transforms:
      - hog: mark.hog
    destinations: [warehouse]
`

// client sends batches as an SDK does: a batch that was not acknowledged is sent again, with the same ids, until it is.
type client struct {
	mu      sync.Mutex
	url     string
	acked   map[string]bool
	onAcked func(total int)
}

func (c *client) target() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.url
}

func (c *client) ack(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.acked[id] = true
	}
	if c.onAcked != nil {
		c.onAcked(len(c.acked))
	}
}

// send sends batches until ctx ends. The last batch of each sender may stay unacknowledged.
func (c *client) send(ctx context.Context, sender int) {
	for n := 0; ctx.Err() == nil; n++ {
		var ids, events []string
		for i := range 50 {
			id := uuid.NewString()
			ids = append(ids, id)
			events = append(events, fmt.Sprintf(`{"uuid":%q,"event":"e","distinct_id":"%d-%d","properties":{"n":%d,"i":%d}}`, id, sender, i%7, n, i))
		}
		body := fmt.Sprintf(`{"api_key":"k","batch":[%s]}`, strings.Join(events, ","))
		for ctx.Err() == nil {
			if post(ctx, c.target()+"/batch/", body) == 200 {
				c.ack(ids)
				break
			}
		}
	}
}

// The process is killed under load again and again. Whatever was acknowledged must then be in the warehouse, once.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	const rounds = 10
	dir := project(t, map[string]string{"prickle.yaml": killProject, "mark.hog": "let e := event\ne.properties.seen := true\nreturn e"})
	c := killUnderLoad(t, dir, rounds)
	p := start(t, dir)
	st := p.settled()
	if st.Dead != 0 {
		t.Errorf("%d dead letters", st.Dead)
	}
	stored := map[string]int{}
	for _, row := range p.query("SELECT CAST(uuid AS VARCHAR), properties->>'$.seen' FROM events") {
		stored[row[0].(string)]++
		if row[1] != "true" {
			t.Fatalf("event %s is in the warehouse without having been transformed", row[0])
		}
	}
	lost := 0
	for id := range c.acked {
		if stored[id] == 0 {
			lost++
		}
	}
	twice := 0
	for _, n := range stored {
		twice += n - 1
	}
	t.Logf("%d events acknowledged over %d kills, %d stored", len(c.acked), rounds, len(stored))
	if lost != 0 || twice != 0 {
		t.Errorf("of the acknowledged events\n got %d lost, %d stored more than once\nwant none", lost, twice)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code after an interrupt\n got %d\nwant 0\n%s", code, p.text())
	}
}

// killUnderLoad starts a project and kills it after a while, again and again, while clients send to it.
func killUnderLoad(t *testing.T, dir string, rounds int) *client {
	t.Helper()
	c := &client{acked: map[string]bool{}}
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for round := range rounds {
		p := start(t, dir)
		reached := make(chan struct{})
		c.mu.Lock()
		c.url = p.url
		goal := len(c.acked) + 500 + rand.IntN(4000)
		var once sync.Once
		c.onAcked = func(total int) {
			if total >= goal {
				once.Do(func() { close(reached) })
			}
		}
		c.mu.Unlock()
		if round == 0 {
			for i := range 4 {
				senders.Go(func() { c.send(ctx, i) })
			}
		}
		select {
		case <-reached:
		case <-p.exited:
			t.Fatalf("round %d: the process ended by itself:\n%s", round, p.text())
		}
		p.kill()
	}
	cancel()
	senders.Wait()
	return c
}
