// Command prickle is the event pipeline and customer-data router: `prickle run` starts a project, the other commands look into it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/spf13/cobra"
)

func main() {
	keepPrivate()
	limitMemory(context.Background())
	addThreads()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	os.Exit(execute(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// syncing is how many threads more than processors may run Go code. A sync to disk takes milliseconds, in which Go counts its thread as busy
// for as long as it has not looked: with few processors, half of them would stand still. More threads than that cost more memory than they bring.
const syncing = 1

// addThreads makes up for those that wait for the disk. GOMAXPROCS in the environment overrides it.
func addThreads() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + syncing)
	}
}

// streams are what a command reads and writes, so that tests can hold both ends.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// execute runs one command line and returns the exit code: 0 for success, 1 for an error, which is printed.
func execute(ctx context.Context, args []string, std streams) int {
	root := newRoot(std)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, errSilent) {
		if err == nil {
			return 0
		}
		return 1
	}
	printError(std.err, err)
	return 1
}

// errSilent ends a command with exit code 1 after it has said why itself.
var errSilent = errors.New("already reported")

// exactlyOne and atLeastOne are cobra's checks of the arguments, with the usage in the message.
func exactlyOne(cmd *cobra.Command, args []string) error { return usage(cmd, len(args) == 1) }
func atLeastOne(cmd *cobra.Command, args []string) error { return usage(cmd, len(args) > 0) }

func usage(cmd *cobra.Command, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("usage: %s\nfor example:\n%s", cmd.UseLine(), cmd.Example)
}

// printError prints the mistakes of a configuration one by one, a Hog program's error with its call stack, anything else as one line.
func printError(w io.Writer, err error) {
	var failed *hog.Error
	if errors.As(err, &failed) {
		text := fmt.Sprintf("%s%v\n", failed.Backtrace(), failed)
		if failed.Snippet != "" {
			text += failed.Snippet + "\n"
		}
		fmt.Fprint(w, strings.Map(printableOrTab, text))
		return
	}
	var compile source.ErrorList
	if errors.As(err, &compile) {
		fmt.Fprintln(w, strings.Map(printableOrTab, compile.Error()))
		return
	}
	var mistakes configs.Errors
	if !errors.As(err, &mistakes) {
		fmt.Fprintln(w, "prickle:", strings.Map(printable, err.Error()))
		return
	}
	for _, m := range mistakes {
		fmt.Fprintln(w, m)
	}
	fmt.Fprintf(w, "mistakes found: %d; nothing was started\n", len(mistakes))
}

// printableOrTab keeps the tabs of source lines, since the caret below stands after as many.
func printableOrTab(c rune) rune {
	if c == '\t' {
		return c
	}
	return printable(c)
}

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "prickle",
		Short: "An event pipeline and customer-data router that you run yourself",
		Long: `Prickle takes events from the SDKs that you already use, keeps them safe, runs your Hog functions on them, and
delivers them to your warehouse, to Slack and to webhooks. It also copies Stripe into the same warehouse.
A project is a folder with a prickle.yaml.`,
		Example: `  prickle run configs/examples/quickstart
  prickle send -p configs/examples/quickstart
  prickle query -p configs/examples/quickstart "SELECT event, count(*) FROM events GROUP BY event"`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	p := &projectFlag{std: std}
	root.PersistentFlags().StringVarP(&p.path, "project", "p", ".", "the project's folder, or its main YAML `file`")
	root.AddCommand(
		newRun(p), newReload(p), newCheck(p), newSend(p), newImport(p), newQuery(p), newTail(p), newSync(p), newDead(p), newReplay(p), newSchema(p), newConfig(p), newExplain(p), newErase(p), newWarehouse(p), newStatus(p), newPipe(p), newBench(p),
		newHog(p),
	)
	return root
}
