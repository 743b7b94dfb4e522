package app

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// salts keeps capture's secrets of days in the bus, where all processes of the project share them and they survive a restart. That of a day is at
// "salt.<day>".
type salts struct{ secrets *bus.Secrets }

const (
	saltPrefix = "salt."
	saltBytes  = 32
)

// Salt implements capture.Salts.
func (s *salts) Salt(ctx context.Context, day string) ([]byte, error) {
	salt, err := s.secrets.Get(ctx, saltPrefix+day)
	if err != nil || salt != nil {
		return salt, err
	}
	made := make([]byte, saltBytes)
	_, _ = rand.Read(made) // crypto/rand stops the program rather than fail
	err = s.secrets.Create(ctx, saltPrefix+day, made)
	if !errors.Is(err, bus.ErrConflict) {
		return made, err
	}
	salt, err = s.secrets.Get(ctx, saltPrefix+day) // another process was faster
	if err == nil && salt == nil {
		err = errors.New("a salt is gone as soon as it was made: do the clocks of all processes show the same day?")
	}
	return salt, err
}

// Forget implements capture.Salts.
func (s *salts) Forget(ctx context.Context, day string) error {
	keys, err := s.secrets.Keys(ctx)
	errs := []error{err}
	for _, key := range keys {
		if strings.HasPrefix(key, saltPrefix) && key < saltPrefix+day {
			errs = append(errs, s.secrets.Erase(ctx, key))
		}
	}
	return errors.Join(errs...)
}
