package hogs

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// program is a compiled program or template with what it needs to run.
type program struct {
	compiled *hog.Program
	place    place
	person   func(ctx context.Context, distinctID string) ([]byte, error) // nil when the program asks for none
	groups   func(ctx context.Context, named []byte) ([]byte, error)      // the same
	sees     string                                                       // the globals, for errors
	runs     sync.Pool                                                    // of *run
}

func newProgram(compiled *hog.Program, p place, env pipeline.Env, limits hog.Limits, functions map[string]hog.Func) *program {
	base := baseEnv(env, limits, functions)
	made := &program{compiled: compiled, place: p, sees: "event, project and source"}
	made.runs.New = func() any {
		r := &run{globals: globals{project: env.Project}, log: env.Log, env: base}
		r.env.Global = r.globals.read
		if r.log != nil {
			r.env.Print = r.print
		}
		return r
	}
	return made
}

// baseEnv is what runs of a program have in common.
func baseEnv(env pipeline.Env, limits hog.Limits, functions map[string]hog.Func) hog.Env {
	base := hog.Env{Functions: functions, Now: env.Now, Rand: env.Rand, Limits: limits}
	if base.Now == nil {
		base.Now = time.Now
	}
	if base.Rand == nil {
		base.Rand = rand.Reader
	}
	if base.Limits.Time == 0 {
		base.Limits.Time = DefaultTime
	}
	return base
}

// DefaultTime is how long one run may take.
const DefaultTime = 500 * time.Millisecond

func compileOptions(functions ...string) []hog.Option {
	return []hog.Option{hog.WithGlobals(slices.Concat(globalNames, missingNames)...), hog.WithFunctions(functions...)}
}

// run runs the program on an event. The result is the caller's.
func (p *program) run(ctx context.Context, e *pipeline.Event) (hog.Value, error) {
	r := p.take(e)
	defer p.giveBack(r)
	if err := p.lookUp(ctx, &r.globals); err != nil {
		return hog.Value{}, &LookupError{err}
	}
	return p.execute(ctx, r)
}

// lookUp finds what the program asks for besides the event.
func (p *program) lookUp(ctx context.Context, g *globals) (err error) {
	if p.person != nil {
		if g.person, err = p.person(ctx, g.event.DistinctID); err != nil {
			return err
		}
	}
	if named, ok := rawjson.Get(g.event.Properties, "$groups"); ok && p.groups != nil {
		g.groups, err = p.groups(ctx, named)
	}
	return err
}

// LookupError says that something that a program asks for could not be looked up for now, so that running it again later may help.
type LookupError struct{ Err error }

// Error is the cause.
func (e *LookupError) Error() string { return "looking up the person and its groups: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *LookupError) Unwrap() error { return e.Err }

// Final marks the error of a program as one that will not change (pipeline.Permanent), unless it is a LookupError.
func Final(err error) error {
	var lookup *LookupError
	if errors.As(err, &lookup) {
		return err
	}
	return pipeline.Permanent(err)
}

// consume runs the program on an event and hands the result to a function that keeps no part of it but texts: objects and
// lists are made in memory that the next run uses again.
func (p *program) consume(ctx context.Context, e *pipeline.Event, result func(*run, hog.Value) error) error {
	r := p.take(e)
	defer p.giveBack(r)
	if r.arena == nil {
		r.arena = new(hog.Arena)
	}
	r.globals.arena = r.arena
	v, err := p.execute(ctx, r)
	if err != nil {
		r.arena = nil // a thrown error may hold some of the event
		return err
	}
	err = result(r, v)
	r.arena.Reset()
	return err
}

// take is a run on an event, which goes back with giveBack.
func (p *program) take(e *pipeline.Event) *run {
	r := p.runs.Get().(*run)
	r.globals.event, r.printed = *e, 0
	return r
}

func (p *program) giveBack(r *run) {
	r.globals.event, r.globals.happened, r.globals.received, r.globals.arena = pipeline.Event{}, "", "", nil
	r.globals.person, r.globals.groups = nil, nil
	p.runs.Put(r)
}

func (p *program) execute(ctx context.Context, r *run) (hog.Value, error) {
	v, err := p.compiled.Run(ctx, r.env)
	if err == nil {
		return v, nil
	}
	if ctx.Err() != nil {
		return hog.Value{}, ctx.Err()
	}
	return hog.Value{}, p.place.runError(err)
}

// run is what one run of a program sees. It is pooled with its program, so that a run allocates nothing of its own.
type run struct {
	globals globals
	arena   *hog.Arena // for runs whose result is consumed
	buffer  []byte     // for JSON that is being written
	env     hog.Env    // whose functions are methods of this run
	log     *slog.Logger
	printed int
}

// The limits of print, which are PostHog's.
const (
	maxPrints     = 25
	maxPrintBytes = 10_000
)

// print logs one line of what the run prints.
func (r *run) print(line string) {
	r.printed++
	switch {
	case r.printed < maxPrints:
		r.log.Info("hog print", "text", strings.ToValidUTF8(line[:min(len(line), maxPrintBytes)], ""))
	case r.printed == maxPrints:
		r.log.Warn("hog print: the rest of this run's output is left out", "limit", maxPrints)
	}
}

// checkGlobals refuses the globals that are known but not available, and fields of event that are not there.
func (p *program) checkGlobals() error {
	var errs []error
	for _, name := range missingNames {
		if name == personName && p.person != nil || name == groupsName && p.groups != nil {
			continue
		}
		if slices.Contains(p.compiled.Globals(), name) {
			errs = append(errs, p.place.missing(name, "Hog sees "+p.sees))
		}
	}
	errs = append(errs, p.place.unknownFields(p.compiled.Bytecode())...)
	return errors.Join(errs...)
}
