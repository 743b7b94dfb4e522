package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// HistorySource is the source of the tables that tell of passes: one of Prickle's own, whose tables have no prefix.
const HistorySource = "_sync"

// The tables of HistorySource: a row for every pass that ended, and one for every table of every source, of the last pass that read all of it.
const (
	runsStream    = "sync_runs"
	streamsStream = "sync_streams"
)

// trigger is why a pass was made.
type trigger string

const (
	bySchedule trigger = "schedule"
	byCommand  trigger = "command" // prickle sync, or the console
)

// HistoryStreams are the tables of HistorySource with their columns.
func HistoryStreams() []pipeline.Stream {
	return []pipeline.Stream{
		{Name: runsStream, Columns: []pipeline.Column{
			{Name: "id", Type: pipeline.String}, {Name: "source", Type: pipeline.String}, {Name: "trigger", Type: pipeline.String}, {Name: "status", Type: pipeline.String},
			{Name: "started_at", Type: pipeline.Instant}, {Name: "ended_at", Type: pipeline.Instant},
			{Name: "rows_read", Type: pipeline.Integer}, {Name: "inserted", Type: pipeline.Integer}, {Name: "updated", Type: pipeline.Integer},
			{Name: "deleted", Type: pipeline.Integer}, {Name: "unchanged", Type: pipeline.Integer}, {Name: "error", Type: pipeline.String},
		}},
		{Name: streamsStream, Columns: []pipeline.Column{
			{Name: "source", Type: pipeline.String}, {Name: "stream", Type: pipeline.String}, {Name: "run", Type: pipeline.String},
			{Name: "rows_read", Type: pipeline.Integer}, {Name: "succeeded_at", Type: pipeline.Instant},
		}},
	}
}

type runRow struct {
	ID        string    `json:"id"`
	Source    string    `json:"source"`
	Trigger   trigger   `json:"trigger"`
	Status    State     `json:"status"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`
	RowsRead  int       `json:"rows_read"`
	Inserted  int       `json:"inserted"`
	Updated   int       `json:"updated"`
	Deleted   int       `json:"deleted"`
	Unchanged int       `json:"unchanged"`
	Error     *string   `json:"error"`
}

type streamRow struct {
	Source      string    `json:"source"`
	Stream      string    `json:"stream"`
	Run         string    `json:"run"`
	RowsRead    int       `json:"rows_read"`
	SucceededAt time.Time `json:"succeeded_at"`
}

// historyTimeout bounds the write of what is told of a pass: a stop waits for it.
const historyTimeout = 5 * time.Second

// tell writes into the warehouse how a pass ended. The pass is what it is when that fails.
func (r *Runner) tell(ctx context.Context, why trigger, s Status) {
	if !r.deps.History {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			r.deps.Log.Error("a pass is missing in the table sync_runs", slog.String("source", r.deps.Name), slog.Any("panic", v))
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), historyTimeout)
	defer cancel()
	load := pipeline.Load{Source: HistorySource, Streams: HistoryStreams(), Records: history(why, s, r.deps.Source.Streams())}
	if _, err := r.deps.Warehouse.Merge(ctx, load); err != nil {
		r.deps.Log.Warn("a pass is missing in the table sync_runs", slog.String("source", r.deps.Name), slog.Any("error", err))
	}
}

// history makes the rows that tell of a pass.
func history(why trigger, s Status, streams []pipeline.Stream) []pipeline.Record {
	run := runRow{
		ID: s.Source + "/" + s.Started.UTC().Format("2006-01-02T15:04:05.000000Z"), Source: s.Source, Trigger: why, Status: s.State,
		StartedAt: s.Started.UTC(), EndedAt: s.Finished.UTC(), RowsRead: s.Progress.Rows,
		Inserted: s.Progress.Merged.Inserted, Updated: s.Progress.Merged.Updated, Deleted: s.Progress.Merged.Deleted, Unchanged: s.Progress.Merged.Unchanged,
	}
	if s.Err != nil {
		text := s.Err.Error()
		if merge := new(mergeError); errors.As(s.Err, &merge) {
			text = withoutValues(text, s.Source, streams)
		}
		text = short(text)
		run.Error = &text
	}
	records := []pipeline.Record{recordOf(runsStream, run.ID, run, s.Finished)}
	if s.State != Succeeded {
		return records
	}
	for _, stream := range streams {
		row := streamRow{Source: s.Source, Stream: stream.Name, Run: run.ID, RowsRead: s.Progress.Streams[stream.Name], SucceededAt: s.Finished.UTC()}
		records = append(records, recordOf(streamsStream, s.Source+"/"+stream.Name, row, s.Finished))
	}
	return records
}

// quoted is what stands between quotation marks.
var quoted = regexp.MustCompile(`'[^']*'|"[^"]*"|` + "`[^`]*`")

// withoutValues leaves out of an error what it quotes, unless that is a name of the source's: an erasure does not look for a person's values in the
// errors of passes. The log has the whole error.
func withoutValues(text, source string, streams []pipeline.Stream) string {
	names := map[string]bool{source: true}
	for _, stream := range streams {
		names[stream.Name], names[source+"_"+stream.Name] = true, true
		for _, c := range stream.Columns {
			names[c.Name] = true
		}
	}
	return quoted.ReplaceAllStringFunc(text, func(q string) string {
		if names[q[1:len(q)-1]] {
			return q
		}
		return q[:1] + "…" + q[:1]
	})
}

// longestError is what the table holds of an error, in bytes.
const longestError = 500

// short is the first line of an error, which says what happened: the others may be of a stack.
func short(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > longestError {
		text = strings.ToValidUTF8(text[:longestError], "") + "…"
	}
	return text
}

func recordOf(stream, key string, row any, at time.Time) pipeline.Record {
	data, _ := json.Marshal(row) // texts, numbers and times are always written
	return pipeline.Record{Stream: stream, Key: key, Data: data, Version: at.UnixMicro(), At: at}
}
