package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/ClickHouse/ch-go/compress"
)

// answer writes a response piece by piece, in blocks of the native protocol's compression when the client asked for it.
type answer struct {
	http     http.ResponseWriter
	format   string
	revision uint64
	packer   *compress.Writer
	started  bool
}

func newAnswer(w http.ResponseWriter, r *http.Request) *answer {
	params := r.URL.Query()
	a := &answer{http: w, format: params.Get("default_format")}
	if a.format == "" {
		a.format = "TabSeparated"
	}
	a.revision, _ = strconv.ParseUint(params.Get("client_protocol_version"), 10, 64)
	if params.Get("compress") == "1" {
		a.packer = compress.NewWriter(compress.LevelZero, compress.LZ4)
	}
	w.Header().Set("X-ClickHouse-Exception-Tag", exceptionTag)
	return a
}

func (a *answer) write(piece []byte) error {
	a.started = true
	if a.packer != nil {
		if err := a.packer.Compress(piece); err != nil {
			return err
		}
		piece = a.packer.Data
	}
	_, err := a.http.Write(piece)
	return err
}

func (a *answer) finish() {
	if !a.started {
		a.http.Header().Set("Content-Length", "0")
		a.http.WriteHeader(http.StatusOK)
	}
}

// fail reports an error in the status and header, or in the body when that has begun.
func (a *answer) fail(err error) {
	message := err.Error()
	if a.started {
		text := fmt.Sprintf("\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", exceptionTag, message, len(message), exceptionTag)
		_ = a.write([]byte(text)) // the client may be gone, which is its own concern
		return
	}
	status := http.StatusInternalServerError
	switch exceptionCode(err) {
	case "516":
		status = http.StatusForbidden
	case "60", "81":
		status = http.StatusNotFound
	}
	a.http.Header().Set("X-ClickHouse-Exception-Code", exceptionCode(err))
	a.http.WriteHeader(status)
	_ = a.write([]byte(message + "\n"))
}

// requestBody undoes what a client may pack a body in.
func requestBody(r *http.Request) (io.Reader, error) {
	var body io.Reader = r.Body
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = unpacked
	default:
		return nil, fmt.Errorf("Code: 48. DB::Exception: no Content-Encoding %s here. (NOT_IMPLEMENTED)", encoding) //nolint:staticcheck // as the server words it
	}
	if r.URL.Query().Get("decompress") == "1" {
		body = plainEnd{compress.NewReader(body)}
	}
	return body, nil
}

// plainEnd is a reader whose end is io.EOF itself: the compression's own is wrapped.
type plainEnd struct{ io.Reader }

func (r plainEnd) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.EOF
	}
	return n, err
}
