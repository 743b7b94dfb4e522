package configs

import (
	"errors"
	"fmt"
	"time"
)

// retryPart and breakerPart tell a zero that was written from none.
type retryPart struct {
	First  *time.Duration `yaml:"first"`
	Max    *time.Duration `yaml:"max"`
	Factor *float64       `yaml:"factor"`
	Jitter *float64       `yaml:"jitter"`
	GiveUp *time.Duration `yaml:"give_up"`
}

func (r *retryPart) value() Retry {
	return Retry{First: given(r.First), Max: given(r.Max), Factor: given(r.Factor), Jitter: r.Jitter, GiveUp: given(r.GiveUp)}
}

// Validate is asked by the decoder.
func (r *retryPart) Validate() error {
	errs := []error{positive("first", r.First), positive("max", r.Max), positive("give_up", r.GiveUp)}
	if r.Factor != nil && *r.Factor < 1 {
		errs = append(errs, errors.New("factor must be at least 1"))
	}
	if r.Jitter != nil && (*r.Jitter < 0 || *r.Jitter > 1) {
		errs = append(errs, errors.New("jitter must be from 0 to 1"))
	}
	if r.First != nil && r.Max != nil && *r.First > *r.Max {
		errs = append(errs, errors.New("first must not be longer than max"))
	}
	return errors.Join(errs...)
}

type breakerPart struct {
	Word     string         `yaml:"-"`
	Failures *int           `yaml:"failures"`
	After    *time.Duration `yaml:"after"`
	Probe    *time.Duration `yaml:"probe"`
	Max      *time.Duration `yaml:"max"`
}

// breakerOff is the word that stands for none.
const breakerOff = "off"

// Short takes the word.
func (b *breakerPart) Short() any { return &b.Word }

func (b *breakerPart) value() Breaker {
	return Breaker{Off: b.Word == breakerOff, Failures: given(b.Failures), After: b.After, Probe: given(b.Probe), Max: given(b.Max)}
}

// Validate is asked by the decoder.
func (b *breakerPart) Validate() error {
	if b.Word != "" && b.Word != breakerOff {
		return fmt.Errorf("breaker %q is unknown: write off, or a mapping of failures, after, probe and max", b.Word)
	}
	errs := []error{positive("probe", b.Probe), positive("max", b.Max)}
	if b.Failures != nil && *b.Failures < 1 {
		errs = append(errs, errors.New("failures must be at least 1; to have no breaker, write breaker: off"))
	}
	if b.Probe != nil && b.Max != nil && *b.Probe > *b.Max {
		errs = append(errs, errors.New("probe must not be longer than max"))
	}
	return errors.Join(errs...)
}

func positive(name string, d *time.Duration) error {
	if d != nil && *d <= 0 {
		return errors.New(name + " must be more than 0")
	}
	return nil
}

// given is a setting's value, zero when it was not written.
func given[T any](v *T) T {
	if v == nil {
		return *new(T)
	}
	return *v
}
