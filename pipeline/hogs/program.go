package hogs

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

// program is a compiled program or template with what it needs to run.
type program struct {
	compiled  *hog.Program
	place     place
	project   pipeline.Project
	log       *slog.Logger
	now       func() time.Time
	limits    hog.Limits
	functions map[string]hog.Func
}

func newProgram(compiled *hog.Program, p place, env pipeline.Env) program {
	now := env.Now
	if now == nil {
		now = time.Now
	}
	return program{compiled: compiled, place: p, project: env.Project, log: env.Log, now: now, limits: hog.Limits{Time: DefaultTime}}
}

// DefaultTime is how long one run may take.
const DefaultTime = 500 * time.Millisecond

func compileOptions(functions ...string) []hog.Option {
	return []hog.Option{hog.WithGlobals(slices.Concat(globalNames, missingNames)...), hog.WithFunctions(functions...)}
}

func (p *program) run(ctx context.Context, e *pipeline.Event) (hog.Value, error) {
	v, err := p.compiled.Run(ctx, hog.Env{
		Global:    globals{e, p.project}.read,
		Functions: p.functions,
		Print:     p.printer(),
		Now:       p.now,
		Rand:      rand.Reader,
		Limits:    p.limits,
	})
	if err == nil {
		return v, nil
	}
	if ctx.Err() != nil {
		return hog.Value{}, ctx.Err()
	}
	return hog.Value{}, p.place.runError(err)
}

// The limits of print, which are PostHog's.
const (
	maxPrints     = 25
	maxPrintBytes = 10_000
)

// printer logs what one run prints.
func (p *program) printer() func(line string) {
	if p.log == nil {
		return nil
	}
	printed := 0
	return func(line string) {
		printed++
		switch {
		case printed < maxPrints:
			p.log.Info("hog print", "text", strings.ToValidUTF8(line[:min(len(line), maxPrintBytes)], ""))
		case printed == maxPrints:
			p.log.Warn("hog print: the rest of this run's output is left out", "limit", maxPrints)
		}
	}
}

// checkGlobals refuses the globals that are known but not available, and fields of event that are not there.
func (p *program) checkGlobals() error {
	var errs []error
	for _, name := range missingNames {
		if slices.Contains(p.compiled.Globals(), name) {
			errs = append(errs, p.place.missing(name))
		}
	}
	errs = append(errs, p.place.unknownFields(p.compiled.Bytecode())...)
	return errors.Join(errs...)
}
