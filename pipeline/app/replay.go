package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/exprs"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/replay"
)

// newReplayer makes the runner of replays. The bus is open and the stages are made.
func (a *App) newReplayer() *replay.Runner {
	return replay.New(replay.Deps{
		Log: a.bus, Pipelines: a.pipelineNames, Stage: a.stage, Destinations: a.destinationNames, Compile: a.condition, Near: configs.Nearest,
		Logger: a.options.Log,
	})
}

func (a *App) pipelineNames() []string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var names []string
	for _, p := range a.pipelines {
		names = append(names, p.name)
	}
	return names
}

func (a *App) destinationNames(pipeline string) []string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var names []string
	for _, p := range a.pipelines {
		if p.name != pipeline {
			continue
		}
		for _, d := range p.destinations {
			names = append(names, d.name)
		}
	}
	return names
}

// stage returns the first stage of a pipeline, nil when there is none.
func (a *App) stage(pipeline string) *process.Stage {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if i := slices.IndexFunc(a.pipelines, func(p *builtPipeline) bool { return p.name == pipeline }); i >= 0 {
		return a.processes[i]
	}
	return nil
}

// condition compiles what was given with --where.
func (a *App) condition(where string) (process.Condition, error) {
	code := pipeline.Code{Text: where, Pos: pipeline.Pos{File: "--where", Line: 1, Col: 1}}
	a.mu.RLock()
	project := a.project.Project
	a.mu.RUnlock()
	c, err := exprs.Compile(code, exprs.WithProject(project))
	if err != nil {
		return nil, err
	}
	return c, nil
}

// replayRunner is what starts replays: that of Run, or one that only looks into the records when the bus alone is open.
func (a *App) replayRunner() *replay.Runner {
	if a.replayer == nil {
		a.replayer = a.newReplayer()
	}
	return a.replayer
}

// StartReplay implements control.Backend.
func (a *App) StartReplay(ctx context.Context, r control.ReplayRequest) (control.ReplayJob, error) {
	request, err := a.replayRequest(r)
	if err != nil {
		return control.ReplayJob{}, err
	}
	return replayJob(a.replayer.Start(ctx, request))
}

// TryReplay implements control.Backend.
func (a *App) TryReplay(ctx context.Context, r control.ReplayRequest, progress func(control.ReplayJob)) (control.ReplayJob, error) {
	request, err := a.replayRequest(r)
	if err != nil {
		return control.ReplayJob{}, err
	}
	return replayJob(a.replayer.Try(ctx, request, reporting(progress)))
}

// Replays implements control.Backend.
func (a *App) Replays(ctx context.Context) ([]control.ReplayJob, error) {
	jobs, err := a.replayRunner().List(ctx)
	out := make([]control.ReplayJob, len(jobs))
	for i, j := range jobs {
		out[i] = jobStatus(j)
	}
	return out, err
}

// FollowReplay implements control.Backend.
func (a *App) FollowReplay(ctx context.Context, id int, progress func(control.ReplayJob)) (control.ReplayJob, error) {
	return replayJob(a.replayRunner().Follow(ctx, id, reporting(progress)))
}

// ResumeReplay implements control.Backend.
func (a *App) ResumeReplay(ctx context.Context, id int) (control.ReplayJob, error) {
	return replayJob(a.replayRunner().Resume(ctx, id))
}

// CancelReplay implements control.Backend.
func (a *App) CancelReplay(ctx context.Context, id int) (control.ReplayJob, error) {
	return replayJob(a.replayRunner().Cancel(ctx, id))
}

// replayRequest finds the pipeline that is meant when there is only one.
func (a *App) replayRequest(r control.ReplayRequest) (replay.Request, error) {
	if r.Pipeline == "" {
		names := a.pipelineNames()
		if len(names) != 1 {
			return replay.Request{}, fmt.Errorf("which pipeline? name it with --pipeline; there is %s", strings.Join(names, ", "))
		}
		r.Pipeline = names[0]
	}
	return replay.Request(r), nil
}

func reporting(progress func(control.ReplayJob)) func(*replay.Job) {
	return func(j *replay.Job) { progress(jobStatus(j)) }
}

func replayJob(j *replay.Job, err error) (control.ReplayJob, error) {
	if err != nil {
		return control.ReplayJob{}, err
	}
	return jobStatus(j), nil
}

func jobStatus(j *replay.Job) control.ReplayJob {
	return control.ReplayJob{
		ID: j.ID, ReplayRequest: control.ReplayRequest(j.Request), State: string(j.State), Waiting: j.Waiting, Error: j.Error,
		Read: j.Counts.Read, Total: j.Total(), Sent: j.Counts.Sent, Passed: j.Counts.Passed, Dropped: j.Counts.Dropped, Dead: j.Counts.Dead,
		Copies: j.Counts.Copies, Missed: j.Missed, Created: j.Created, Updated: j.Updated,
	}
}
