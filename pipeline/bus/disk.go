package bus

import (
	"fmt"
	"sync"
	"time"
)

// The embedded server stops working when a write finds the disk full, and does not recover by itself. So writes are refused before
// that, in steps: what is captured first, then what is to be delivered, then dead letters, and last where pipelines stand, so that what is inside can
// still drain.
var reserve = map[string]int64{
	streamEvents:  192 << 20,
	streamDeliver: 96 << 20,
	streamDead:    48 << 20,
	streamJournal: 48 << 20,
	stateBucket:   8 << 20, // for standings
}

// disk watches the free space under the embedded server. The zero disk, for an outside server, always has room.
type disk struct {
	free func() (int64, error) // nil for an outside server
	now  func() time.Time

	mu    sync.Mutex
	asked time.Time
	last  int64
	err   error
	full  time.Time // when there was not even room for dead letters
}

// askEvery is how long an answer about free space is believed. At a gigabyte a second a disk loses less than the steps of reserve.
const askEvery = 50 * time.Millisecond

// room returns an error when a message for stream must not be written.
func (d *disk) room(stream string) error {
	if d.free == nil {
		return nil
	}
	free, err := d.ask()
	if err != nil {
		return unavailable(fmt.Errorf("free disk space: %w", err))
	}
	if need := reserve[stream]; free < need {
		return unavailable(&fullError{fmt.Sprintf("disk is nearly full: %d MB free, and %d MB are kept in reserve; make room for the bus dir", free>>20, need>>20)})
	}
	return nil
}

// ask returns how many bytes are free, as of askEvery ago at most.
func (d *disk) ask() (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := d.now(); now.Sub(d.asked) >= askEvery {
		d.asked = now
		if d.last, d.err = d.free(); d.err == nil && d.last < reserve[streamDead] {
			d.full = now
		}
	}
	return d.last, d.err
}

// wasFull reports whether it was seen lately that not even a dead letter may be written.
func (d *disk) wasFull(lately time.Duration) bool {
	if _, err := d.ask(); err != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.full.IsZero() && d.now().Sub(d.full) < lately
}

// fullError is a refusal for want of space, from the disk or from the stream.
type fullError struct{ reason string }

func (e *fullError) Error() string { return e.reason }
