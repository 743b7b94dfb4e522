package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/capture/bulk"
	"github.com/spf13/cobra"
	"golang.org/x/time/rate"
)

// importFlags say what to import, and how.
type importFlags struct {
	sendFlags
	format   string
	columns  []string
	rate     float64
	rejected string
	restart  bool
}

func newImport(p *projectFlag) *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Send files of old events to the running project",
		Long: `Reads exports of other systems and sends their events to the project's capture address, with their own times: lines of PostHog's batch exports and of
Prickle (events), of messages that Segment or RudderStack stored (segment), Mixpanel's raw export (mixpanel), Amplitude's export
(amplitude), and CSV with a header (csv). Files may be compressed by gzip. Without --format, the name and the first line tell.

An import that was interrupted goes on where it was when the same command is given again. Events without an id of their own get one from their place
in the file, so that nothing is there twice. Records that cannot be read are reported with their lines, and the others are stored.`,
		Example: `  prickle import posthog-2024.jsonl.gz
  prickle import --format mixpanel export/*.json --rate 2000
  prickle import customers.csv --column distinct_id=customer_id --column event==signed_up --column timestamp=created_at`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			columns, err := f.check()
			if err != nil {
				return err
			}
			if err := f.fill(cmd.Context(), p); err != nil {
				return err
			}
			return p.importFiles(cmd.Context(), &f, columns, files)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "the `address` to post to, for example http://127.0.0.1:8000 or unix:/run/prickle.sock; default: the project's capture.listen")
	flags.StringVar(&f.key, "key", "", "the capture `key`, whose name becomes the events' source; default: the project's first")
	flags.StringVar(&f.format, "format", "", "what the files are: "+strings.Join(bulk.Formats(), ", ")+"; default: by the file")
	flags.StringArrayVar(&f.columns, "column", nil, "for CSV, `field=column`: the column that event, distinct_id, timestamp, uuid or properties is in; field==text gives all the same")
	flags.Float64Var(&f.rate, "rate", 5000, "at most so many `events` a second; 0 for no limit")
	flags.StringVar(&f.rejected, "rejected", "", "append the records that cannot be read to this `file`")
	flags.BoolVar(&f.restart, "restart", false, "begin each file anew, whatever was imported of it")
	return cmd
}

// check returns the columns by field.
func (f *importFlags) check() (map[string]string, error) {
	if f.format != "" && !slices.Contains(bulk.Formats(), f.format) {
		return nil, fmt.Errorf("--format: want one of %s, got %q", strings.Join(bulk.Formats(), ", "), f.format)
	}
	columns := map[string]string{}
	for _, c := range f.columns {
		field, column, ok := strings.Cut(c, "=")
		if !ok || field == "" || column == "" {
			return nil, fmt.Errorf("--column: want field=column, for example distinct_id=customer_id, got %q", c)
		}
		columns[field] = column
	}
	return columns, checkRate(f.rate, "events")
}

// importFiles imports one file after the other.
func (p *projectFlag) importFiles(ctx context.Context, f *importFlags, columns map[string]string, files []string) error {
	limit := rate.NewLimiter(rate.Inf, importRecords)
	if f.rate > 0 {
		limit.SetLimit(rate.Limit(f.rate))
	}
	var rejects *rejectFile
	if f.rejected != "" {
		var err error
		if rejects, err = openRejects(f.rejected); err != nil {
			return fmt.Errorf("--rejected: %w", err)
		}
		defer rejects.file.Close()
	}
	var none []error
	for _, file := range files {
		if strings.HasSuffix(file, importSuffix) { // as *.json* may bring
			fmt.Fprintf(p.std.err, "%s: left out, since it notes how far another file is\n", file)
			continue
		}
		i := &importing{
			to:   importTarget{address: strings.TrimSuffix(f.to, "/"), client: f.client, base: strings.TrimSuffix(f.base, "/"), key: f.key, columns: columns},
			file: file, limit: limit, rejects: rejects, report: p.std.err, bar: newCountBar(p.std.err, file, "events"),
		}
		err := i.run(ctx, f)
		i.bar.finish()
		if err != nil {
			return i.failed(ctx, p.std.err, err)
		}
		if _, err := fmt.Fprintf(p.std.out, "%s: %s stored by %s, %d rejected\n", file, count(i.state.Accepted, "event"), i.to.shown(), i.state.Rejected); err != nil {
			return err
		}
		if i.state.Accepted == 0 && i.state.Rejected > 0 {
			none = append(none, fmt.Errorf("%s: no record of it is an event: say with --format what the file is, or with --column where the fields are", file))
		}
	}
	return errors.Join(none...)
}

// failed says how far an import came.
func (i *importing) failed(ctx context.Context, w io.Writer, err error) error {
	if ctx.Err() != nil {
		fmt.Fprintf(w, "%s: interrupted at line %d, %s stored; the same command goes on from there\n", i.file, i.state.Line, count(i.state.Accepted, "event"))
		return errSilent
	}
	var at *importError
	if errors.As(err, &at) {
		return err
	}
	return fmt.Errorf("%s: %w", i.file, err)
}
