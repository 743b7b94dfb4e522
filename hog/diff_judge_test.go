package hog_test

import (
	stdcmp "cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/vm"
)

// Reasons for which runs may differ; newer.js has more. Each stands in docs/hog/compatibility.md.
const (
	hostErrorText = "the text of an error of the host"
	otherLimits   = "limits are counted in another way"
	unprintable   = "all syntax trees print"
)

// reply is what the reference says of one run; see testdata/reference/diff.js.
type reply struct {
	answer
	Class string   `json:"class"`
	Notes []string `json:"notes"`
	Stop  string   `json:"stop"`
}

// hostError reports whether the run failed in the reference's host language, which worded the error.
func (r reply) hostError() bool {
	switch r.Class {
	case "", "Error", "HogVMException", "UncaughtHogVMException", "Stop":
		return false
	}
	return true
}

// stackFault reports whether the reference found fewer values on its stack than it needs.
func stackFault(text string) bool {
	switch text {
	case "Stack underflow", "Not enough arguments on the stack", "Invalid HogQL bytecode, stack is empty, can not pop":
		return true
	}
	return false
}

func (r reply) limited() bool {
	return strings.HasPrefix(r.Error, "Memory limit of") || strings.HasPrefix(r.Error, "Execution timed out")
}

// compare asks the reference and judges every trial of a batch.
func (d *differ) compare(t *testing.T, batch []*trial) {
	t.Helper()
	programs := [][]any{}
	for _, tr := range batch {
		if tr.tooLong() {
			tr.forms = nil
			tr.excuse(left, otherLimits)
		}
		for _, f := range tr.forms {
			programs = append(programs, f.asked())
		}
	}
	var replies []reply
	d.process.Ask(t, map[string]any{"globals": d.globals, "programs": programs}, &replies)
	for _, tr := range batch {
		n := len(tr.forms)
		tr.replies, replies = replies[:n], replies[n:]
		tr.judge(t)
	}
}

// tooLong reports whether a limit ended a run here, except that of calls inside each other, which both have.
func (tr *trial) tooLong() bool {
	return slices.ContainsFunc(tr.forms, func(f form) bool { return f.ours.kind.IsLimit() && f.ours.kind != vm.KindDepth })
}

// judge sets diff, and excuses for what differs with a reason.
func (tr *trial) judge(t *testing.T) {
	t.Helper()
	for i, f := range tr.forms {
		if diff := tr.differs(t, tr.replies[i], f.ours); diff != "" {
			tr.diff = f.name + " differs:\n" + diff
			return
		}
	}
	if len(tr.forms) < 2 {
		return
	}
	if diff := cmp.Diff(tr.forms[0].ours.outcome, tr.forms[1].ours.outcome); diff != "" {
		if len(tr.mended) == 0 {
			tr.diff = "our own form (+) does something else than the reference's (-) and mends nothing:\n" + diff
		}
		tr.excuse(mends, tr.mended...)
	}
}

// differs compares a run on the reference with ours.
func (tr *trial) differs(t *testing.T, theirs reply, ours observed) string {
	t.Helper()
	tr.excuse(corrected, theirs.Notes...)
	want, got := outcome(theirs.answer), ours.outcome
	got.Result = throughJSON(t, got.Result)
	got.Error = throughJSON(t, got.Error)
	for i, line := range got.Prints {
		got.Prints[i] = throughJSON(t, line)
	}
	switch {
	case (ours.kind == vm.KindBytecode || stackFault(want.Error)) && tr.breaksStack():
		return "" // with values too few or too many, variables are taken for others until a machine fails
	case theirs.Stop != "" || strings.HasPrefix(want.Error, "Unknown AST node type: "):
		tr.excuse(cut, stdcmp.Or(theirs.Stop, unprintable))
		want = outcome{Prints: want.Prints}
		got = outcome{Prints: got.Prints[:min(len(want.Prints), len(got.Prints))]}
	case theirs.limited():
		tr.excuse(left, otherLimits)
		return ""
	case theirs.hostError() && (ours.kind == vm.KindType || ours.kind == vm.KindData):
		tr.excuse(worded, hostErrorText)
		want.Error = got.Error
	}
	if want.JSON == "" || strings.Contains(want.Result, "fn<") || sameJSON(want.JSON, got.JSON) {
		want.JSON = got.JSON // the reference has none for cycles, and gives its host functions as records
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Sprintf("(-reference +ours)\n%s", diff)
	}
	return ""
}

// breaksStack reports whether the reference's form may have lost count of its stack, and excuses what comes of it.
func (tr *trial) breaksStack() bool {
	for _, name := range []string{mendedIf, mendedCatch} {
		if slices.Contains(tr.mended, name) {
			tr.excuse(left, name)
			return true
		}
	}
	return false
}

// sameJSON reports whether two documents are the same but for the order of keys.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}

// What is done about a reason for which runs differ.
const (
	corrected = "compared in full with the corrected reference"
	cut       = "compared up to the place"
	worded    = "compared but for the text of the error"
	mends     = "our own form does otherwise than the reference's on purpose; each is compared in full"
	left      = "not compared"
)

// excuse puts down reasons, each once.
func (tr *trial) excuse(how string, reasons ...string) {
	for _, name := range reasons {
		if e := (excuse{how, name}); !slices.Contains(tr.excuses, e) {
			tr.excuses = append(tr.excuses, e)
		}
	}
}
