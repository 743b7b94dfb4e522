package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
)

// UpkeepConfig is the upkeep's part of the configuration.
type UpkeepConfig struct {
	// Enabled says whether the warehouse is compacted once a day; true by default.
	Enabled bool `yaml:"enabled"`
	// Hour of the day, in local time, at which it begins; 3 by default.
	Hour int `yaml:"hour"`
}

// DefaultUpkeep is what holds for what is not configured.
func DefaultUpkeep() UpkeepConfig { return UpkeepConfig{Enabled: true, Hour: 3} }

// Validate reports an hour that no day has.
func (c *UpkeepConfig) Validate() error {
	if c.Hour < 0 || c.Hour > 23 {
		return errors.New("hour: want 0 to 23")
	}
	return nil
}

// next is when the upkeep begins after a time.
func (c *UpkeepConfig) next(after time.Time) time.Time {
	at := time.Date(after.Year(), after.Month(), after.Day(), c.Hour, 0, 0, 0, after.Location())
	if !at.After(after) {
		at = time.Date(after.Year(), after.Month(), after.Day()+1, c.Hour, 0, 0, 0, after.Location())
	}
	return at
}

// upkeep compacts the stores every night.
type upkeep struct {
	config  UpkeepConfig
	compact func(ctx context.Context) error
	log     *slog.Logger
}

// run goes on until ctx ends. A night that fails is told and tried again the next one.
func (u *upkeep) run(ctx context.Context) error {
	for u.wait(ctx) {
		u.night(ctx)
	}
	return nil
}

// wait waits for the next night, and reports whether it came before ctx ended.
func (u *upkeep) wait(ctx context.Context) bool {
	bus.Pause(ctx, time.Until(u.config.next(time.Now())))
	return ctx.Err() == nil
}

func (u *upkeep) night(ctx context.Context) {
	start := time.Now()
	err := u.compact(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		u.log.Error("the warehouse cannot be compacted; it is tried again tomorrow, or with prickle warehouse compact", "error", err)
	default:
		u.log.Info("the warehouse is compacted", "took", time.Since(start).Round(time.Millisecond))
	}
}

// startUpkeep begins the upkeep; of several processes, the one with the lease does it.
func (a *App) startUpkeep(in *tier) {
	if !a.upkeepConfig.Enabled {
		return
	}
	u := &upkeep{config: a.upkeepConfig, compact: a.Compact, log: a.options.Log.With("component", "upkeep")}
	run := u.run
	if a.bus.Shared() {
		run = func(ctx context.Context) error { return a.bus.State().Lease("upkeep").Run(ctx, u.run) }
	}
	in.start(u, run)
}

// Compact implements control.Backend.
func (a *App) Compact(ctx context.Context) error {
	var errs []error
	for _, s := range a.erasable() {
		if err := s.store.Compact(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errors.Join(errs...)
}

// WarehouseStatus implements control.Backend.
func (a *App) WarehouseStatus(ctx context.Context) (all []control.WarehouseStatus, err error) {
	for _, s := range a.erasable() {
		c := s.store.Capabilities()
		out := control.WarehouseStatus{Name: s.name, Store: c.Store, Version: c.Version}
		h, err := s.store.Health(ctx)
		if err != nil {
			out.Error = err.Error()
		}
		out.Events, out.Bytes, out.Warnings = h.Events, h.Bytes, h.Warnings
		all = append(all, out)
	}
	return all, nil
}

// warehouseWarnings are what Status says of the warehouses. One that does not answer in time holds nothing up.
func (a *App) warehouseWarnings(ctx context.Context) (warnings []string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	all, _ := a.WarehouseStatus(ctx) // it never fails
	for _, s := range all {
		for _, w := range s.Warnings {
			warnings = append(warnings, s.Name+": "+w)
		}
		if s.Error != "" {
			warnings = append(warnings, s.Name+": "+s.Error)
		}
	}
	return warnings
}
