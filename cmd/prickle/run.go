package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newRun(p *projectFlag) *cobra.Command {
	var logFormat string
	var watch bool
	cmd := &cobra.Command{
		Use:   "run [PROJECT]",
		Short: "Run a project: capture, process and deliver its events, and copy its sources",
		Long: `Runs the project of a folder (or of a YAML file) until it is interrupted. Everything is checked before anything is opened. The first
interrupt finishes what is in hand; a second one ends the process at once. Nothing that was acknowledged is lost either way.
A change of the project's files is checked and taken over while it runs; with a mistake in it, the configuration before goes on.`,
		Example: `  prickle run configs/examples/quickstart
  prickle run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			screen := newScreen(p.std.err)
			r := &reloader{err: screen, watch: watch}
			defer r.listen()()
			log, err := newLog(screen, logFormat)
			if err != nil {
				return err
			}
			p.std.out = screen.beside(p.std.out)
			a, err := p.build(args, log)
			if err != nil {
				return err
			}
			r.app, r.log = a, log
			ready, err := runApp(cmd.Context(), a, p.std.out, screen, r)
			if err == nil || !errors.Is(err, app.ErrRestart) && (ready || !begunAnew()) {
				return err
			}
			return beginAnew(cmd.Context(), log, err)
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", true, "reload when a file of the project changes")
	cmd.Flags().StringVar(&logFormat, "log", "text", "the format of the log on standard error: text or json")
	return cmd
}

// anewVariable is set in the environment of a process that has taken the place of one that ran.
const anewVariable = "PRICKLE_BEGUN_ANEW"

func begunAnew() bool { return os.Getenv(anewVariable) != "" }

// anewPause is the wait before a new process is tried.
const anewPause = time.Second

// beginAnew puts a new process in the place of this one, which ended with an error that a new one mends. It returns that error if it is asked to stop
// meanwhile, or cannot do it.
func beginAnew(ctx context.Context, log *slog.Logger, cause error) error {
	log.Warn("the process begins anew", "cause", cause)
	select {
	case <-ctx.Done():
		return cause
	case <-time.After(anewPause):
	}
	return errors.Join(cause, os.Setenv(anewVariable, "1"), replaceProcess())
}

func newLog(w io.Writer, format string) (*slog.Logger, error) {
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	}
	return nil, fmt.Errorf("log: unknown format %q: use text or json", format)
}

// runApp runs the project, and reports whether it was ready at any time.
func runApp(ctx context.Context, a *app.App, out io.Writer, screen *screen, r *reloader) (ready bool, err error) {
	done := make(chan struct{})
	var summary sync.WaitGroup
	reloading, stop := context.WithCancel(ctx)
	defer stop()
	begin := time.Now()
	err = a.Run(ctx, func(st control.Status) {
		ready = true
		printStart(out, st, time.Since(begin))
		summary.Go(func() { r.run(reloading) })
		if screen.terminal {
			summary.Go(func() { screen.summarise(a, done) })
		}
	})
	close(done)
	stop()
	summary.Wait()
	return ready, err
}

func printStart(w io.Writer, st control.Status, took time.Duration) {
	fmt.Fprintf(w, "%s is ready after %d ms, %s\n", st.Project, took.Milliseconds(), capturing(st))
	if st.Admin != "" {
		fmt.Fprintf(w, "  metrics and health on %s\n", st.Admin)
	}
	for _, name := range st.Webhooks {
		fmt.Fprintf(w, "  webhook %s at /webhooks/%s\n", name, name)
	}
	if st.Query != "" {
		fmt.Fprintf(w, "  queries on %s\n", st.Query)
	}
	for _, p := range st.Pipelines {
		names := make([]string, len(p.Destinations))
		for i, d := range p.Destinations {
			names[i] = d.Name
		}
		fmt.Fprintf(w, "  pipeline %s -> %s\n", p.Name, strings.Join(names, ", "))
	}
	for _, s := range st.Sources {
		fmt.Fprintf(w, "  source %s\n", s.Name)
	}
}

func capturing(st control.Status) string {
	if st.Capture == "" {
		return "without pipelines, so capturing nothing"
	}
	return "capturing on " + st.Capture
}

// screen is standard error: log lines, and on a terminal one line below them that is kept up to date.
type screen struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	line     string
}

func newScreen(w io.Writer) *screen {
	f, isFile := w.(*os.File)
	return &screen{w: w, terminal: isFile && term.IsTerminal(int(f.Fd()))}
}

const clearLine = "\r\x1b[K"

// Write prints above the summary line.
func (s *screen) Write(p []byte) (int, error) { return s.writeTo(s.w, p) }

// beside is w, printed above the summary line too: standard output is most often the same terminal.
func (s *screen) beside(w io.Writer) io.Writer {
	return writeFunc(func(p []byte) (int, error) { return s.writeTo(w, p) })
}

type writeFunc func(p []byte) (int, error)

// Write calls f.
func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

func (s *screen) writeTo(w io.Writer, p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == "" {
		return w.Write(p)
	}
	if _, err := io.WriteString(s.w, clearLine); err != nil {
		return 0, err
	}
	n, err := w.Write(p)
	if err == nil {
		_, err = io.WriteString(s.w, s.line)
	}
	return n, err
}

func (s *screen) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = line
	_, _ = io.WriteString(s.w, clearLine+line) // a terminal that has gone away takes no harm
}

// summarise shows once a second how much has passed, until done is closed.
func (s *screen) summarise(a *app.App, done <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var before int64
	for {
		select {
		case <-done:
			s.show("")
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		st, err := a.Status(ctx)
		cancel()
		if err != nil {
			continue
		}
		s.show(summaryLine(st, st.Captured-before))
		before = st.Captured
	}
}

func summaryLine(st control.Status, rate int64) string {
	var delivered, dropped int64
	for _, p := range st.Pipelines {
		dropped += p.Dropped
		for _, d := range p.Destinations {
			delivered += d.Delivered
		}
	}
	return fmt.Sprintf("%d captured (%d/s), %d delivered, %d dropped, %d frames pending, %d to be retried, %d dead",
		st.Captured, rate, delivered, dropped, st.Pending, st.Retrying, st.Dead)
}
