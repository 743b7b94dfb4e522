package main

import (
	"bytes"
	"io"
	"os"
)

// rejectFile is the file that rejected records are appended to.
type rejectFile struct {
	file *os.File
	size int64
	// ahead is what an import that has crashed has written behind what it noted, and what this one is going to write again.
	ahead []byte
}

// mostAhead is more than the rejected records of one part.
const mostAhead = 4 * importBytes

func openRejects(path string) (*rejectFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &rejectFile{file: file, size: info.Size()}, nil
}

// expect says how large the file was when it was last noted.
func (r *rejectFile) expect(size int64) error {
	more := r.size - size
	if more <= 0 || more > mostAhead {
		return nil
	}
	r.ahead = make([]byte, more)
	_, err := r.file.ReadAt(r.ahead, size)
	if err == io.EOF {
		err = nil
	}
	return err
}

// write appends a record, or as much of it as is not there since before a crash.
func (r *rejectFile) write(record []byte) error {
	if same := min(len(record), len(r.ahead)); bytes.Equal(record[:same], r.ahead[:same]) {
		record, r.ahead = record[same:], r.ahead[same:]
	} else {
		r.ahead = nil // somebody else has written it
	}
	n, err := r.file.Write(record)
	r.size += int64(n)
	return err
}
