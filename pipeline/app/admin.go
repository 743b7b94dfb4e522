package app

import (
	"context"
	"errors"
	"net"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/admin"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/metrics"
)

// administered calls run with the admin endpoint at work from before the first store is opened until after the last is closed.
func (a *App) administered(ctx context.Context, run func() error) error {
	if !a.adminConfig.On() {
		return run()
	}
	config := a.adminConfig
	if _, port, err := net.SplitHostPort(a.captureConfig.Listen); config.Listen == admin.Auto && a.captures() && err == nil && port == "0" {
		config.Listen = "127.0.0.1:0" // whoever lets the system choose one port will not want the other fixed
	}
	a.admin = admin.New(config, admin.Deps{
		Metrics: metrics.Handler(metrics.NewRegistry(a.running.Load)),
		Ready:   func(asked context.Context) admin.Readiness { return a.readiness(asked, ctx) },
		Books:   a, Log: a.options.Log.With("component", "admin"),
	})
	if err := a.admin.Listen(); err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.admin.Run(serving) }()
	err := run()
	stop()
	return errors.Join(err, <-ended)
}

// measured lets metrics, readiness and books see the stages, which are all made by now.
func (a *App) measured() {
	a.running.Store(&metrics.Stages{
		Capture: a.capture, Bus: a.bus, Writer: a.writer, Processes: a.processes, Deliveries: a.allDeliveries(), Files: a.fileStores(), Runners: a.runners,
		Webhooks: webhooksByName(a.webhooks), Query: a.query,
		Replayed: a.replayed.counts, Books: a.keeper,
	})
}

// fileStores are the destinations that count the files that they write.
func (a *App) fileStores() map[[2]string]pipeline.FileStore {
	all := map[[2]string]pipeline.FileStore{}
	for _, p := range a.pipelines {
		for _, d := range p.destinations {
			if s, ok := d.component.(pipeline.FileStore); ok {
				all[[2]string{p.name, d.name}] = s
			}
		}
	}
	return all
}

func (a *App) allDeliveries() []*deliver.Stage {
	var all []*deliver.Stage
	for _, stages := range a.deliveries {
		all = append(all, stages...)
	}
	return all
}

// readiness says whether events are taken; life is the context that a stop ends.
func (a *App) readiness(ctx, life context.Context) admin.Readiness {
	var state admin.Readiness
	stages := a.running.Load()
	switch {
	case life.Err() != nil:
		state.Reasons = append(state.Reasons, admin.Reason{Code: "draining", Detail: "the process was asked to stop and finishes what is in hand"})
	case stages == nil:
		state.Reasons = append(state.Reasons, admin.Reason{Code: "starting", Detail: "stores, destinations and sources are being opened"})
	}
	if stages == nil {
		return state
	}
	for _, p := range stages.Bus.Problems(ctx) {
		state.Reasons = append(state.Reasons, admin.Reason{Code: p.Code, Detail: p.Err.Error()})
	}
	if a.refused.Load() != nil {
		state.Information = append(state.Information, admin.Reason{
			Code: "configuration_refused", Detail: "the project's files have mistakes, and the configuration before goes on; see prickle status",
		})
	}
	for _, d := range stages.Deliveries {
		state.Information = append(state.Information, troubles(d)...)
	}
	return state
}

// troubles are what holds one destination up. Its last error is not told here: it may quote what the other side says.
func troubles(d *deliver.Stage) []admin.Reason {
	t := d.Target()
	place := target{t.Pipeline, t.Name}.String()
	var found []admin.Reason
	if d.Paused() > 0 {
		found = append(found, admin.Reason{Code: "destination_paused", Detail: place + " asked to be left alone for a while"})
	}
	if d.LastError() != "" {
		found = append(found, admin.Reason{Code: "destination_failing", Detail: place + " failed at the last attempt; see prickle status"})
	}
	// A circuit breaker that is open belongs here, as "destination_open".
	return found
}
