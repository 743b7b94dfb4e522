package capture

import (
	"io"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// roomStep is the size of the steps in which bodies are accounted.
const roomStep = 16 << 10

// room bounds what all requests in flight may hold, whoever sends them: a request is known to carry a good key only after its body was read and
// decoded.
type room struct {
	bodies   *semaphore.Weighted // bytes of bodies, as they arrive
	decoded  *semaphore.Weighted // bytes that bodies have become: decompressed text, rewritten properties
	decoding *semaphore.Weighted // requests whose body is inflated and decoded, which is work for a processor and has no use for more
}

func newRoom(limits Limits) room {
	return room{
		bodies:   semaphore.NewWeighted(int64(limits.InFlight)),
		decoded:  semaphore.NewWeighted(int64(limits.InFlight)),
		decoding: semaphore.NewWeighted(int64(2 * runtime.NumCPU())),
	}
}

// share is what one request has of a room.
type share struct {
	room  *semaphore.Weighted
	taken int64
}

// grow takes as much as is missing to bytes, or fails with ErrOverloaded.
func (s *share) grow(bytes int64) error {
	more := bytes - s.taken
	if more <= 0 {
		return nil
	}
	if !s.room.TryAcquire(more) {
		return ErrOverloaded
	}
	s.taken = bytes
	return nil
}

// settle takes what is missing to bytes, as grow does, or gives back what is more.
func (s *share) settle(bytes int64) error {
	if s.taken > bytes {
		s.room.Release(s.taken - bytes)
		s.taken = bytes
	}
	return s.grow(bytes)
}

func (s *share) giveBack() {
	s.room.Release(s.taken)
	s.taken = 0
}

// metered is a body whose bytes are accounted while they arrive. Reading fails with ErrOverloaded when there is no room for more.
type metered struct {
	share
	body  io.Reader
	stats *Stats
	read  int64 // all that has arrived
}

// Read reads from the body.
func (m *metered) Read(p []byte) (int, error) {
	n, err := m.body.Read(p)
	m.read += int64(n)
	m.stats.Held.Add(int64(n))
	if m.read > m.taken {
		if err := m.grow((m.read + roomStep - 1) / roomStep * roomStep); err != nil {
			return 0, err
		}
	}
	return n, err
}

func (m *metered) giveBack() {
	m.share.giveBack()
	m.stats.Held.Add(-m.read)
	m.stats.Bytes.Add(uint64(m.read))
}

// announced reports ErrOverloaded when a body of this length would find no room now. Nothing is taken for what has not arrived, so that
// announcing costs others nothing.
func (r *room) announced(length int64) error {
	if length <= roomStep {
		return nil
	}
	if !r.bodies.TryAcquire(length) {
		return ErrOverloaded
	}
	r.bodies.Release(length)
	return nil
}
