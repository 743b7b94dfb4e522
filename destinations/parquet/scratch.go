package parquet

import (
	"errors"
	"os"
)

// scratch is a file for what is too large for memory. It is gone when it is closed, or when the process is: it has no name from the start, or loses it
// with Close where open files keep theirs.
type scratch struct {
	*os.File
	named bool
}

func newScratch() (*scratch, error) {
	f, err := os.CreateTemp("", "prickle-*.parquet")
	if err != nil {
		return nil, err
	}
	return &scratch{f, os.Remove(f.Name()) != nil}, nil
}

// Close implements io.Closer.
func (s *scratch) Close() error {
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}
