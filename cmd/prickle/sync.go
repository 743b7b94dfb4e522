package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newSync(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use:   "sync SOURCE",
		Short: "Copy a source into the warehouse now",
		Long: `Makes one pass of a source of the project, from where the last one ended to now, and waits for its end. It works while the
project runs (the pass runs there) and while it does not.`,
		Example: `  prickle sync stripe`,
		Args:    exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), needSources, func(b control.Backend) error {
				bar := newSyncBar(p.std.err, args[0])
				err := b.Sync(cmd.Context(), args[0], bar.update)
				bar.finish()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.std.out, "%s is up to date: %s\n", args[0], bar.summary())
				return err
			})
		},
	}
}

// syncBar shows a pass: a bar when the source knows how far it is, else a spinner with the number of records.
type syncBar struct {
	bar  *progressbar.ProgressBar
	last control.Progress
}

func newSyncBar(w io.Writer, source string) *syncBar {
	f, isFile := w.(*os.File)
	visible := isFile && term.IsTerminal(int(f.Fd()))
	return &syncBar{bar: progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(visible), progressbar.OptionSetDescription(source),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
	)}
}

func (b *syncBar) update(p control.Progress) {
	b.last = p
	if p.Total > 0 && b.bar.GetMax() != p.Total {
		b.bar.ChangeMax(p.Total)
	}
	b.bar.Describe(fmt.Sprintf("%s, %d records", p.Stream, total(p.Records)))
	if p.Total > 0 {
		_ = b.bar.Set(p.Done) // only a terminal that has gone away can fail
		return
	}
	_ = b.bar.Add(1) // as above
}

func (b *syncBar) finish() { _ = b.bar.Finish() }

func (b *syncBar) summary() string {
	if len(b.last.Records) == 0 {
		return "nothing new"
	}
	var parts []string
	for _, stream := range slices.Sorted(maps.Keys(b.last.Records)) {
		parts = append(parts, fmt.Sprintf("%d %s", b.last.Records[stream], stream))
	}
	return strings.Join(parts, ", ")
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}
