// Command snippet is what docs/sdks.md shows.
package main

import (
	"log"

	"github.com/posthog/posthog-go"
)

func main() {
	client, err := posthog.NewWithConfig("phc_local", posthog.Config{Endpoint: "http://127.0.0.1:8000"})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Enqueue(posthog.Capture{DistinctId: "ada", Event: "hello from posthog-go"}); err != nil {
		log.Fatal(err)
	}
	if err := client.Close(); err != nil {
		log.Fatal(err)
	}
}
