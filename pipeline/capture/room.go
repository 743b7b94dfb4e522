package capture

import (
	"context"
	"io"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// roomStep is the part of a body that is free, and the size of the steps in which the rest is accounted. Most requests are smaller.
const roomStep = 256 << 10

// room bounds what all requests in flight may hold, whoever sends them: a request is known to carry a good key only after its body was read and
// decoded.
type room struct {
	bodies   *semaphore.Weighted // bytes of bodies, as they arrive
	decoding *semaphore.Weighted // requests whose body is inflated and decoded, which is work for a processor and has no use for more
}

func newRoom(limits Limits) room {
	return room{
		bodies:   semaphore.NewWeighted(int64(limits.InFlight)),
		decoding: semaphore.NewWeighted(int64(2 * runtime.GOMAXPROCS(0))),
	}
}

// metered is a body whose bytes are accounted while they arrive. Reading fails with ErrOverloaded when there is no room for more.
type metered struct {
	body  io.Reader
	room  *semaphore.Weighted
	stats *Stats
	free  int64 // bytes that may still arrive without asking
	taken int64 // to be given back
	read  int64 // all that has arrived
}

// Read reads from the body.
func (m *metered) Read(p []byte) (int, error) {
	n, err := m.body.Read(p)
	m.read += int64(n)
	m.stats.Held.Add(int64(n))
	m.free -= int64(n)
	for m.free < 0 {
		if !m.room.TryAcquire(roomStep) {
			return 0, ErrOverloaded
		}
		m.free += roomStep
		m.taken += roomStep
	}
	return n, err
}

func (m *metered) giveBack() {
	m.room.Release(m.taken)
	m.stats.Held.Add(-m.read)
	m.stats.Bytes.Add(uint64(m.read))
}

// decode runs f, which inflates and decodes, when it is its turn.
func (r *room) decode(ctx context.Context, f func() error) error {
	if err := r.decoding.Acquire(ctx, 1); err != nil {
		return err
	}
	defer r.decoding.Release(1)
	return f()
}
