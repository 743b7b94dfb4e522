package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

//go:embed sample.ndjson
var sample string

// sendBatch is how many events go in one request.
const sendBatch = 100

type sendFlags struct {
	to, key, file           string
	event, distinctID, data string

	client *http.Client
	base   string // of the URLs to post to
}

func newSend(p *projectFlag) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send events to the running project, as an SDK would",
		Long: `Posts events to the project's capture address and prints what was stored. Without flags it sends a few sample events of a
made-up shop; --event sends one; --file sends JSON lines, each an object with event, distinct_id and properties.`,
		Example: `  prickle send
  prickle send --event purchase --distinct-id anna --properties '{"plan":"pro","amount":129}'
  prickle send --file events.ndjson
  cat events.ndjson | prickle send --file -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.event == "" && cmd.Flags().Changed("event") {
				return errors.New("--event: want a name")
			}
			if err := f.fill(cmd.Context(), p); err != nil {
				return err
			}
			lines, release, err := f.lines(p.std.in)
			if err != nil {
				return err
			}
			defer release()
			return f.send(cmd.Context(), lines, p.std.out)
		},
	}
	cmd.Flags().StringVar(&f.to, "to", "", "the `address` to post to, for example http://127.0.0.1:8000 or unix:/run/prickle.sock; default: the project's capture.listen")
	cmd.Flags().StringVar(&f.key, "key", "", "the capture `key`; default: the project's first")
	cmd.Flags().StringVar(&f.file, "file", "", "a `file` of JSON lines; - is standard input")
	cmd.Flags().StringVar(&f.event, "event", "", "send one event of this `name`")
	cmd.Flags().StringVar(&f.distinctID, "distinct-id", "someone", "with --event: who did it")
	cmd.Flags().StringVar(&f.data, "properties", "{}", "with --event: a JSON `object`")
	cmd.MarkFlagsMutuallyExclusive("file", "event")
	return cmd
}

// fill finds address and key in the project when the flags do not name them. A running process knows its address best.
func (f *sendFlags) fill(ctx context.Context, p *projectFlag) error {
	var c capture.Config // of the server that is sent to, as far as it is known
	defer func() { f.client, f.base = c.Client(f.to) }()
	if f.to != "" && f.key != "" {
		return nil
	}
	project, err := p.load()
	if err != nil {
		return err
	}
	own, err := app.CaptureConfig(project)
	if err != nil {
		return err
	}
	if f.key == "" && len(own.Keys) > 0 {
		f.key = string(own.Keys[0].Token)
	}
	if f.to != "" {
		return nil
	}
	c, f.to = own, own.Address()
	running, err := control.Dial(ctx, project.Data)
	if err != nil {
		return nil //nolint:nilerr // then posting will tell that nothing listens there
	}
	st, err := running.Status(ctx)
	if err == nil {
		f.to = st.Capture
	}
	return err
}

// lines opens what is to be sent.
func (f *sendFlags) lines(stdin io.Reader) (io.Reader, func(), error) {
	switch {
	case f.event != "":
		var properties map[string]json.RawMessage
		if err := json.Unmarshal([]byte(f.data), &properties); err != nil {
			return nil, nil, fmt.Errorf("--properties: want a JSON object: %w", err)
		}
		line, err := json.Marshal(map[string]any{"event": f.event, "distinct_id": f.distinctID, "properties": properties})
		return bytes.NewReader(line), func() {}, err
	case f.file == "-":
		return stdin, func() {}, nil
	case f.file != "":
		file, err := os.Open(f.file)
		if err != nil {
			return nil, nil, err
		}
		return file, func() { _ = file.Close() }, nil // it was only read
	}
	return strings.NewReader(sample), func() {}, nil
}

// send posts the lines in batches. Each event gets a UUID and a time here when it has none, so that a batch sent again is the same batch.
func (f *sendFlags) send(ctx context.Context, lines io.Reader, out io.Writer) error {
	in := bufio.NewScanner(lines)
	in.Buffer(nil, 4<<20)
	var batch []json.RawMessage
	sent, n := 0, 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := f.post(ctx, batch); err != nil {
			return fmt.Errorf("events %d to %d: %w", sent+1, sent+len(batch), err)
		}
		sent += len(batch)
		batch = batch[:0]
		return nil
	}
	for in.Scan() {
		n++
		text := bytes.TrimSpace(in.Bytes())
		if len(text) == 0 {
			continue
		}
		e, err := stamped(text)
		if err != nil {
			return errors.Join(fmt.Errorf("line %d: %w", n, err), flush())
		}
		if batch = append(batch, e); len(batch) == sendBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(in.Err(), flush()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s stored by %s\n", count(sent, "event"), f.to)
	return err
}

func stamped(line []byte) (json.RawMessage, error) {
	var e map[string]json.RawMessage
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, fmt.Errorf("want a JSON object: %w", err)
	}
	if _, has := e["uuid"]; !has {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		e["uuid"] = json.RawMessage(`"` + id.String() + `"`)
	}
	if _, has := e["timestamp"]; !has {
		e["timestamp"] = json.RawMessage(time.Now().UTC().Format(`"2006-01-02T15:04:05.000Z"`))
	}
	return json.Marshal(e)
}

func (f *sendFlags) post(ctx context.Context, batch []json.RawMessage) error {
	body, err := json.Marshal(map[string]any{"api_key": f.key, "batch": batch})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(f.base, "/")+"/batch/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w; is the project running?", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: %s", f.to, resp.Status, bytes.TrimSpace(answer))
	}
	return nil
}
