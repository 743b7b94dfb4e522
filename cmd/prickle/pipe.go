package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
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
			if os.Getenv("GOGC") == "" {
				defer debug.SetGCPercent(debug.SetGCPercent(pipeGC))
			}
			return pipe(cmd.Context(), chain, p.std)
		},
	}
	cmd.Flags().StringVar(&name, "pipeline", "", "which `pipeline`; not needed when there is one")
	return cmd
}

// pipeGC lets garbage grow to some tens of megabytes: a pipe holds next to nothing, so that it would be collected all the time.
const pipeGC = 800

func pipe(ctx context.Context, chain process.Chain, std streams) error {
	in := lines{in: bufio.NewReaderSize(std.in, 1<<20)}
	out := bufio.NewWriterSize(std.out, 1<<20)
	w := work{chain: chain}
	var buf []byte
	failed, n := 0, 0
	for last := false; !last; {
		line, err := in.next()
		last = err != nil
		if last && len(line) == 0 {
			break
		}
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		buf, err = w.line(ctx, line, buf[:0])
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

// lines reads lines of any length.
type lines struct {
	in   *bufio.Reader
	long []byte
}

// next returns the next line, which is good until the one after it is read: what an event is made of has been written by then.
func (l *lines) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	l.long = l.long[:0]
	for errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long, line...)
		line, err = l.in.ReadSlice('\n')
	}
	l.long = append(l.long, line...)
	return l.long, err
}

// work is what takes lines through a chain.
type work struct {
	chain   process.Chain
	reader  pipeline.LineReader
	scratch process.Scratch
}

// line appends to buf what becomes of a line.
func (w *work) line(ctx context.Context, line, buf []byte) ([]byte, error) {
	line = bytes.TrimSpace(line)
	e, err := w.reader.Event(line)
	if errors.Is(err, pipeline.ErrNotJSON) {
		return nil, err
	}
	if err != nil {
		if e, err = completed(line); err != nil {
			return nil, err
		}
	}
	results, err := w.chain.Run(ctx, e, &w.scratch)
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
