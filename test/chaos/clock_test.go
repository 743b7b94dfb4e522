//go:build unix

package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The command with a clock that signals step: the time package adds what SIGUSR1 and SIGUSR2 add and take away, an hour each. Timers go on, as
// they do when a machine's clock is set. Everything is built anew for it.
const (
	clockRead = "	sec, nsec, mono := runtimeNow()\n	if mono == 0 {"
	clockStep = "	sec, nsec, mono := runtimeNow()\n	sec += stepped.Load()\n	if mono == 0 {"

	clockTime = `package time

import "sync/atomic"

var stepped atomic.Int64

// Step sets the clock forward by so many seconds.
func Step(seconds int64) { stepped.Add(seconds) }
`
	clockSignals = `package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

func init() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for s := range signals {
			if s == syscall.SIGUSR1 {
				time.Step(3600)
			} else {
				time.Step(-3600)
			}
		}
	}()
}
`
)

// steppingOverlay writes into dir what `go build -overlay` wants for a command with that clock.
func steppingOverlay(dir string) (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	original := filepath.Join(strings.TrimSpace(string(out)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if strings.Count(string(text), clockRead) != 1 {
		return "", fmt.Errorf("%s reads the clock in another way than the suite knows", original)
	}
	command, err := filepath.Abs("../../cmd/prickle/stepping_clock.go")
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	write := func(place, text string) error {
		path := filepath.Join(dir, filepath.Base(place))
		replace[place] = path
		return os.WriteFile(path, []byte(text), 0o600)
	}
	err = errors.Join(
		write(original, strings.Replace(string(text), clockRead, clockStep, 1)),
		write(filepath.Join(filepath.Dir(original), "step.go"), clockTime),
		write(command, clockSignals),
	)
	overlay, err2 := json.Marshal(map[string]any{"Replace": replace})
	path := filepath.Join(dir, "overlay.json")
	return path, errors.Join(err, err2, os.WriteFile(path, overlay, 0o600))
}

// The clock steps an hour forward under load, and an hour back.
func TestClockSteps(t *testing.T) {
	if *rounds == 0 {
		t.Skip("NOT TESTED in the short form: it builds everything anew, with another clock; make chaos tests it")
	}
	s := open(t, "the clock steps an hour forward and back", "")
	s.prickle.Binary = filepath.Join(filepath.Dir(natsBinary), "stepping")
	s.places[0].Loose = true // the order in the warehouse is told by the clock
	s.start()
	s.restarted = true // what is in hand at a step may be handed out twice, and counts twice
	s.rounds(2, 2, func(n int) {
		s.until(200 + s.rng.IntN(300))
		if n%2 == 0 {
			s.prickle.Signal(syscall.SIGUSR1)
		} else {
			s.prickle.Signal(syscall.SIGUSR2)
		}
		s.until(200)
	})
}
