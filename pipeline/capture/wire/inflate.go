package wire

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// errOver means that a stream was longer than its limit.
var errOver = errors.New("over the limit")

// believeBytes is how much memory is made ready for a body that is announced.
const believeBytes = 64 << 10

// ReadBody reads a request's body of at most limit bytes. length is what the client announced, or -1. Errors of the reader are returned
// as they are.
func (s *Scratch) ReadBody(r io.Reader, length, limit int64) ([]byte, error) {
	if length > limit {
		return nil, bodyTooLarge(limit)
	}
	if length > int64(cap(s.body)) {
		// The announcement is believed only so far: memory is not spent before bytes arrive.
		s.body = make([]byte, 0, min(length+1, believeBytes))
	}
	body, err := readAll(r, s.body[:0], limit, nil)
	s.body = body
	if errors.Is(err, errOver) {
		return nil, bodyTooLarge(limit)
	}
	return body, err
}

// IsGzip reports whether data starts like a gzip stream.
func IsGzip(data []byte) bool { return bytes.HasPrefix(data, []byte{0x1f, 0x8b, 8}) }

// Inflate undoes gzip. It stops as soon as the result is over limit bytes. How much smaller the stream was is no matter: what counts is the
// memory and the time that the result costs, and batches of events that are alike shrink to a hundredth in good faith.
func (s *Scratch) Inflate(data []byte, limit int64) ([]byte, error) {
	s.reader.Reset(data)
	if s.gzip == nil {
		s.gzip = new(gzip.Reader)
	}
	if err := s.gzip.Reset(&s.reader); err != nil {
		return nil, Invalid("invalid_gzip", "the body is not gzip: %v", err)
	}
	text, full, err := s.readInflated(s.gzip, limit)
	switch {
	case full != nil:
		return nil, full
	case errors.Is(err, errOver):
		return nil, tooLargeInflated(limit)
	case err != nil:
		return nil, Invalid("invalid_gzip", "the gzip stream is damaged: %v", err)
	}
	return text, nil
}

// readInflated reads what comes out of a decompressor, as far as there is room for it; full is why there is none.
func (s *Scratch) readInflated(r io.Reader, limit int64) (text []byte, full, err error) {
	others := s.Held(nil) - int64(cap(s.inflated))
	text, err = readAll(r, s.inflated[:0], limit, func(capacity int64) error {
		full = s.room(others + capacity)
		return full
	})
	s.inflated = text
	return text, full, err
}

// room asks whether s may hold so many bytes without the body.
func (s *Scratch) room(held int64) error {
	if s.Room == nil {
		return nil
	}
	return s.Room(held)
}

func bodyTooLarge(limit int64) error {
	return TooLarge("body_too_large", "the body is larger than %d bytes", limit)
}

func tooLargeInflated(limit int64) error {
	return TooLarge("decompressed_too_large", "the decompressed body is larger than %d bytes", limit)
}

// readAll appends r's bytes to buf until its end, or until there are more than limit. room, which may be nil, is asked before buf gets larger.
func readAll(r io.Reader, buf []byte, limit int64, room func(capacity int64) error) ([]byte, error) {
	for int64(len(buf)) <= limit {
		if len(buf) == cap(buf) {
			// One byte beyond the limit is enough to see that it is passed.
			capacity := min(max(2*int64(cap(buf)), 4096), limit+1)
			if room != nil {
				if err := room(capacity); err != nil {
					return buf, err
				}
			}
			bigger := make([]byte, len(buf), capacity)
			copy(bigger, buf)
			buf = bigger
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return buf, err
		}
	}
	if int64(len(buf)) > limit {
		return buf, errOver
	}
	return buf, nil
}
