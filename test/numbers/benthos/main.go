// Command benthos runs Benthos with the configuration in a file, and nothing else: the other side of a comparison.
package main

import (
	"context"
	"fmt"
	"os"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benthos:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	b := service.NewStreamBuilder()
	if err := b.SetYAML(string(text)); err != nil {
		return err
	}
	stream, err := b.Build()
	if err != nil {
		return err
	}
	return stream.Run(context.Background())
}
