package capture

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

// Salts are secrets of days, which survive a restart and which all processes of a project share. Days are written like "2026-03-01". They are called
// from several goroutines.
type Salts interface {
	// Salt returns the secret of a day, which it makes when there is none.
	Salt(ctx context.Context, day string) ([]byte, error)
	// Forget destroys the secrets of all days before day.
	Forget(ctx context.Context, day string) error
}

// salts are the secrets of the days that events may still be of: today, and the day before for those that come late.
type salts struct {
	mu     sync.Mutex
	known  map[string][]byte // by day
	failed time.Time         // when asking for one last failed
}

// saltTimeout bounds a question for a secret.
const saltTimeout = 5 * time.Second

// saltDay is the day whose secret an event of at gets: its own, unless that is neither today nor yesterday.
func saltDay(now, at time.Time) string {
	today, yesterday := saltDays(now)
	if at.UTC().Format(time.DateOnly) == yesterday {
		return yesterday
	}
	return today
}

func saltDays(now time.Time) (today, yesterday string) {
	now = now.UTC()
	return now.Format(time.DateOnly), now.AddDate(0, 0, -1).Format(time.DateOnly)
}

// of returns the secret of a day. The error is ErrUnavailable.
func (s *salts) of(ctx context.Context, store Salts, day string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if salt := s.known[day]; salt != nil {
		return salt, nil
	}
	if !s.failed.IsZero() && time.Since(s.failed) < countPause {
		return nil, ErrUnavailable
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saltTimeout)
	defer cancel()
	salt, err := store.Salt(ctx, day)
	if err != nil {
		s.failed = time.Now()
		return nil, errors.Join(ErrUnavailable, err)
	}
	if s.known == nil {
		s.known = map[string][]byte{}
	}
	s.known[day] = salt
	return salt, nil
}

func (s *salts) forget(before string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.known, func(day string, _ []byte) bool { return day < before })
}

// salt is the secret that the visitors of an event's day are told apart by, for decoders.
func (j *job) salt(at time.Time) ([]byte, error) {
	s := j.server
	return s.flow.salts.of(j.ctx, s.deps.Salts, saltDay(s.deps.Now(), at))
}

// forgetEvery is how often it is looked whether a day is over.
const forgetEvery = time.Minute

// forgetSalts destroys secrets until its result is called.
func (s *Server) forgetSalts() (stop func()) {
	if s.deps.Salts == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.keepForgetting(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// keepForgetting destroys the secrets of the days before yesterday, at the start and when a day is over, until ctx ends. What fails is tried again, and the
// operator is told once.
func (s *Server) keepForgetting(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	failing, done := false, ""
	for {
		if _, yesterday := saltDays(s.deps.Now()); yesterday != done {
			s.flow.salts.forget(yesterday)
			err := s.deps.Salts.Forget(ctx, yesterday)
			switch {
			case err == nil:
				done = yesterday
			case !failing && ctx.Err() == nil:
				s.deps.Log.Error("salts of days that are over cannot be destroyed: this is tried again", "error", err)
			}
			failing = err != nil
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
