package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newExplain(p *projectFlag) *cobra.Command {
	var since string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain EVENT_ID",
		Short: "Tell one event's story: captured, transformed, and every attempt at every destination",
		Long: `Finds an event in the log by its uuid and tells when it was captured, under which configuration it was processed, what each transform did, and for
each destination every attempt with its answer and where the event is now. An id that has its time in it (version 7, as capture makes
them) is found at once; for another the log is read from its beginning, or from --since.`,
		Example: `  prickle explain 0198c0de-0000-7000-8000-000000000001
  prickle explain 8e2a63c2-95a1-4f3e-9d3c-0d7c5f3a1b11 --since 2h --json`,
		Args: exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := control.ExplainRequest{ID: strings.ToLower(strings.TrimSpace(args[0]))}
			if len(r.ID) < 8 || strings.ContainsAny(r.ID, " \"{}") {
				return fmt.Errorf("event %q: want the uuid of an event, as prickle tail and the warehouse show it", args[0])
			}
			var err error
			if r.Since, err = parseWhen("since", since, time.Now()); err != nil {
				return err
			}
			return p.explain(cmd, r, asJSON)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "look for it among what was captured at this time or later; "+whenForms)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the story as JSON")
	return cmd
}

func (p *projectFlag) explain(cmd *cobra.Command, r control.ExplainRequest, asJSON bool) error {
	var story control.Story
	bar := newCountBar(p.std.err, "looking for it", "frames")
	err := p.with(cmd.Context(), needBus, func(b control.Backend) (err error) {
		story, err = b.Explain(cmd.Context(), r, func(p control.ExplainProgress) { bar.update("looking for it", p.Done, p.Total) })
		return err
	})
	bar.finish()
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(terminalSafe(p.std.out))
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(story)
	}
	t := &teller{w: p.std.out}
	t.tell(&story)
	return t.err
}

// teller prints a story, with what came with the event made printable.
type teller struct {
	w   io.Writer
	err error
}

func (t *teller) line(indent int, format string, args ...any) {
	text := strings.Map(printable, fmt.Sprintf(format, args...))
	_, err := fmt.Fprintln(t.w, strings.Repeat("  ", indent)+strings.ReplaceAll(text, "\n", " "))
	t.err = errors.Join(t.err, err)
}

func clock(at time.Time) string { return at.Local().Format("2006-01-02 15:04:05.000") }

func (t *teller) tell(s *control.Story) {
	t.line(0, "event %s: %q of %q", s.ID, s.Name, s.Person)
	for i, c := range s.Captured {
		again := ""
		if i > 0 {
			again = " again: its SDK sent it once more"
		}
		t.line(0, "captured%s %s by %s, stored %s in lane %d, frame %d", again, clock(c.Received), s.Source, clock(c.Stored), c.Lane, c.Frame)
	}
	for i := range s.Pipelines {
		t.pipeline(s, &s.Pipelines[i])
	}
}

func (t *teller) pipeline(s *control.Story, p *control.PipelineStory) {
	t.line(0, "pipeline %s: %s", p.Name, pipelineState(s, p))
	if p.StepsNote != "" && (len(p.Steps) > 0 || !strings.HasPrefix(p.StepsNote, "run once more")) {
		t.line(1, "transforms (%s):", p.StepsNote)
	}
	for _, step := range p.Steps {
		text := step.Outcome
		if len(step.Changed) > 0 {
			text += " " + strings.Join(step.Changed, ", ")
		}
		if step.Error != "" {
			text += ": " + step.Error
		}
		t.line(2, "%s: %s", step.Transform, text)
	}
	for i := range p.Destinations {
		t.destination(&p.Destinations[i])
	}
}

func pipelineState(s *control.Story, p *control.PipelineStory) string {
	processed := fmt.Sprintf("processed %s under configuration %d", clock(p.At), p.Config)
	switch p.State {
	case "passed":
		return processed
	case "dropped":
		return processed + ", dropped by " + p.By
	case "dead":
		return processed + ", " + letterText(p.Letter, p.By, p.Reason)
	case "waiting":
		return "waits to be processed"
	case "not_its":
		return "not processed: it was captured before the project had this pipeline"
	}
	if s.JournalFrom.IsZero() {
		return "unknown: the journal is empty"
	}
	return fmt.Sprintf("unknown: the journal has nothing of it, and begins at %s (bus.journal_retain, bus.journal_max_bytes)", clock(s.JournalFrom))
}

func letterText(letter uint64, class, reason string) string {
	text := "dead"
	if class != "" {
		text += " (" + class + ")"
	}
	if letter == 0 {
		return text + "; the letter is not kept any more: it was replayed, dropped, or too old"
	}
	return fmt.Sprintf("%s, letter %d: %s", text, letter, reason)
}

func (t *teller) destination(d *control.DestinationStory) {
	t.line(1, "-> %s: %s", d.Name, destinationState(d))
	for _, a := range d.Attempts {
		again := ""
		if a.Again {
			again = " (sent once more)"
		}
		text := a.Outcome
		if a.Outcome == "partial" {
			text = a.Event + ", as part of a batch of which some failed"
		}
		if a.Error != "" {
			text += ": " + a.Error
		}
		if a.Response != nil && a.Response.Body != "" && !strings.Contains(a.Error, firstLine(a.Response.Body, 40)) {
			text += ", answered " + a.Response.Body
		}
		t.line(2, "%s attempt %d%s, batch of %d, %s: %s", clock(a.At), a.Attempt, again, a.Batch, a.Took.Round(time.Microsecond), text)
	}
}

func destinationState(d *control.DestinationStory) string {
	switch d.State {
	case "filtered":
		return "filtered by its condition (when)"
	case "dead":
		return letterText(d.Letter, "", d.Reason)
	case "waiting":
		switch {
		case d.Until.IsZero():
			return "waits for its first attempt"
		case d.Until.After(time.Now()):
			return "waits for its next attempt at " + clock(d.Until)
		}
		return "waits for its next attempt, which is due"
	}
	return d.State
}
