// Command posthog-go is a session with the real SDK:
//
//	posthog-go HOST KEY PART
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/posthog/posthog-go"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: posthog-go HOST KEY PART")
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(host, key, part string) error {
	messages := retry()
	if part == "session" {
		messages = session()
	}
	done := outcomes{make(chan error, len(messages))}
	client, err := posthog.NewWithConfig(key, posthog.Config{
		Endpoint: host, Interval: 100 * time.Millisecond, RetryAfter: func(int) time.Duration { return 200 * time.Millisecond }, Callback: done,
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, m := range messages {
		failed = append(failed, client.Enqueue(m))
	}
	if part != "session" { // Close sends what is left, but does not send again what fails
		for range messages {
			failed = append(failed, <-done.all)
		}
	}
	return errors.Join(append(failed, client.Close())...)
}

// outcomes are told what became of each message.
type outcomes struct{ all chan error }

func (o outcomes) Success(posthog.APIMessage)              { o.all <- nil }
func (o outcomes) Failure(_ posthog.APIMessage, err error) { o.all <- err }

func session() []posthog.Message {
	messages := []posthog.Message{
		posthog.Capture{
			DistinctId: "ada", Event: "purchase", Uuid: "0198c5a0-0000-7000-8000-0000000000a4",
			Timestamp:  time.Date(2025, 3, 4, 5, 6, 7, 89_000_000, time.UTC),
			Properties: posthog.NewProperties().Set("plan", "pro").Set("amount", 129.5).Set("tags", []string{"a", "b"}).Set("note", "Grüße 👋"),
			Groups:     posthog.NewGroups().Set("company", "acme"),
		},
		posthog.Identify{DistinctId: "ada", Properties: posthog.NewProperties().Set("email", "ada@example.org")},
		posthog.Alias{DistinctId: "ada", Alias: "anon-1"},
		posthog.GroupIdentify{Type: "company", Key: "acme", Properties: posthog.NewProperties().Set("size", 12)},
	}
	for n := range 250 {
		messages = append(messages, posthog.Capture{
			DistinctId: fmt.Sprintf("visitor-%d", n%5), Event: "visit", Properties: posthog.NewProperties().Set("n", n),
		})
	}
	return messages
}

func retry() []posthog.Message {
	var messages []posthog.Message
	for n := 1; n <= 3; n++ {
		messages = append(messages, posthog.Capture{DistinctId: "ada", Event: "visit", Properties: posthog.NewProperties().Set("n", n)})
	}
	return messages
}
