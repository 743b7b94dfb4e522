package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
	"github.com/spf13/cobra"
)

func newPipe(p *projectFlag) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "pipe PROJECT",
		Short: "Run a pipeline's transforms over JSON lines, without a server",
		Long: `Reads events from standard input, one JSON object a line (event, distinct_id and properties; uuid and timestamp are optional), runs the
transforms of a pipeline on them, and writes what comes out to standard output. Events that a transform fails on are reported on standard
error with their line, and make the exit code 1; the others go on.`,
		Example: `  prickle pipe configs/examples/quickstart < events.ndjson
  echo '{"event":"purchase","distinct_id":"a","properties":{"amount":129}}' | prickle pipe configs/examples/quickstart --pipeline web`,
		Args: exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := p.build(args, slog.New(slog.NewTextHandler(p.std.err, nil))) // which shows what functions print
			if err != nil {
				return err
			}
			chain, err := a.Chain(name)
			if err != nil {
				return err
			}
			return pipe(cmd.Context(), chain, p.std)
		},
	}
	cmd.Flags().StringVar(&name, "pipeline", "", "which `pipeline`; not needed when there is one")
	return cmd
}

func pipe(ctx context.Context, chain process.Chain, std streams) error {
	in := bufio.NewReaderSize(std.in, 1<<20)
	out := bufio.NewWriterSize(std.out, 1<<20)
	var scratch process.Scratch
	var buf []byte
	failed, n := 0, 0
	for last := false; !last; {
		line, err := readLine(in)
		last = err != nil
		if last && len(line) == 0 {
			break
		}
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		buf, err = pipeLine(ctx, chain, &scratch, line, buf[:0])
		if err != nil {
			failed++
			fmt.Fprintf(std.err, "line %d: %v\n", n, err)
			continue
		}
		if _, err := out.Write(buf); err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		return errSilent
	}
	return nil
}

// readLine reads a line of any length into memory of its own, since events alias it.
func readLine(in *bufio.Reader) ([]byte, error) { return in.ReadBytes('\n') }

func pipeLine(ctx context.Context, chain process.Chain, scratch *process.Scratch, line, buf []byte) ([]byte, error) {
	line = bytes.TrimSpace(line)
	if ok, at, _ := rawjson.Valid(line, rawjson.MaxDepth); !ok {
		return nil, fmt.Errorf("not JSON (column %d)", at+1)
	}
	e, err := pipeline.ParseEvent(line)
	if err != nil {
		if e, err = completed(line); err != nil {
			return nil, err
		}
	}
	results, err := chain.Run(ctx, e, scratch)
	if err != nil {
		return nil, err
	}
	for i := range results {
		buf = append(results[i].AppendJSON(buf), '\n')
	}
	return buf, nil
}

// completed reads a line that is less than a whole event: the parts that capture would add are added.
func completed(line []byte) (pipeline.Event, error) {
	text := func(key string) string {
		v, _ := rawjson.Get(line, key)
		s, _ := rawjson.String(v)
		return s
	}
	e := pipeline.Event{
		UUID: text("uuid"), Name: text("event"), DistinctID: text("distinct_id"), Source: text("source"),
		Timestamp: time.Now().UTC(), ReceivedAt: time.Now().UTC(), Properties: pipeline.Properties("{}"),
	}
	if e.Name == "" || e.DistinctID == "" {
		return e, errors.New("want an object with event and distinct_id")
	}
	if e.UUID == "" {
		e.UUID = uuid.Must(uuid.NewV7()).String()
	}
	if s := text("timestamp"); s != "" {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return e, fmt.Errorf("timestamp: want an RFC 3339 time, got %q", s)
		}
		e.Timestamp = t.UTC()
	}
	if v, ok := rawjson.Get(line, "properties"); ok {
		if rawjson.KindOf(v) != rawjson.Object {
			return e, errors.New("properties: want an object")
		}
		e.Properties = v
	}
	return e, nil
}
