package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// countBar shows on a terminal how many things are done, and of how many when that is known.
type countBar struct{ bar *progressbar.ProgressBar }

func newCountBar(w io.Writer, what, things string) *countBar {
	f, isFile := w.(*os.File)
	visible := isFile && term.IsTerminal(int(f.Fd()))
	return &countBar{progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(visible), progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(things),
	)}
}

// update shows done of total; total is 0 when it is not known.
func (b *countBar) update(description string, done, total int64) {
	b.bar.Describe(description)
	if total > 0 && b.bar.GetMax64() != total {
		b.bar.ChangeMax64(total)
	}
	_ = b.bar.Set64(done) // only a terminal that has gone away can fail
}

func (b *countBar) finish() { _ = b.bar.Finish() }
