package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the C interface of libchdb.so. A handle is what chdb_connect returns, a result what a query returns until it is freed.
type library struct {
	connect func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	close   func(handle unsafe.Pointer)
	query   func(conn, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, fn uintptr) unsafe.Pointer
	stream  func(conn, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, fn uintptr) unsafe.Pointer
	fetch   func(conn, result unsafe.Pointer) unsafe.Pointer
	cancel  func(conn, result unsafe.Pointer)
	buffer  func(result unsafe.Pointer) unsafe.Pointer
	length  func(result unsafe.Pointer) uintptr
	fault   func(result unsafe.Pointer) unsafe.Pointer
	free    func(result unsafe.Pointer)
}

func loadLibrary(path string) (*library, error) {
	h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, err
	}
	l := &library{}
	for name, fn := range map[string]any{
		"chdb_connect": &l.connect, "chdb_close_conn": &l.close, "chdb_query_n": &l.query, "chdb_stream_query_n": &l.stream,
		"chdb_stream_fetch_result": &l.fetch, "chdb_stream_cancel_query": &l.cancel, "chdb_result_buffer": &l.buffer,
		"chdb_result_length": &l.length, "chdb_result_error": &l.fault, "chdb_destroy_query_result": &l.free,
	} {
		purego.RegisterLibFunc(fn, h, name)
	}
	return l, nil
}

// session is one connection inside the process: its database and its settings are its own, the data is everybody's. It serves one
// statement at a time.
type session struct {
	library *library
	handle  unsafe.Pointer
}

func (l *library) open(dir string) (*session, error) {
	args := [][]byte{[]byte("clickhouse\x00"), []byte("--path=" + dir + "\x00")}
	argv := []unsafe.Pointer{unsafe.Pointer(&args[0][0]), unsafe.Pointer(&args[1][0])}
	h := l.connect(int32(len(argv)), unsafe.Pointer(&argv[0]))
	runtime.KeepAlive(args)
	if h == nil {
		return nil, fmt.Errorf("%s cannot be opened: another process may have it", dir)
	}
	return &session{l, h}, nil
}

func (s *session) close() { s.library.close(s.handle) }

func (s *session) conn() unsafe.Pointer { return *(*unsafe.Pointer)(s.handle) }

// exec runs a statement whose result is small or none.
func (s *session) exec(sql, format string) ([]byte, error) {
	q, f := []byte(sql+"\x00"), []byte(format+"\x00")
	r := s.library.query(s.conn(), unsafe.Pointer(&q[0]), uintptr(len(sql)), unsafe.Pointer(&f[0]), uintptr(len(format)))
	return s.take(r)
}

// table runs a statement and returns its names of columns, their types and its rows, as texts.
func (s *session) table(sql string) ([][]string, error) {
	out, err := s.exec(sql, "JSONCompactStringsEachRowWithNamesAndTypes")
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var row []string
		if err := d.Decode(&row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s has no result", sql)
	}
	return rows, nil
}

// columns are those of a statement that reads.
func (s *session) columns(sql string) ([]head, error) {
	rows, err := s.table(sql)
	if err != nil {
		return nil, err
	}
	columns := make([]head, len(rows[0]))
	for i := range columns {
		columns[i] = head{rows[0][i], rows[1][i]}
	}
	return columns, nil
}

// stream runs a statement that reads and hands every piece of its result to yield.
func (s *session) stream(sql, format string, yield func([]byte) error) error {
	q, f := []byte(sql+"\x00"), []byte(format+"\x00")
	cursor := s.library.stream(s.conn(), unsafe.Pointer(&q[0]), uintptr(len(sql)), unsafe.Pointer(&f[0]), uintptr(len(format)))
	if cursor == nil {
		return errors.New("the engine gave no result")
	}
	defer s.library.free(cursor)
	if m := s.library.fault(cursor); m != nil {
		return errors.New(cString(m))
	}
	for {
		piece, err := s.take(s.library.fetch(s.conn(), cursor))
		if err != nil || len(piece) == 0 {
			return err
		}
		if err := yield(piece); err != nil {
			s.library.cancel(s.conn(), cursor)
			return err
		}
	}
}

// take copies a result out of the library and frees it.
func (s *session) take(result unsafe.Pointer) ([]byte, error) {
	if result == nil {
		return nil, errors.New("the engine gave no result")
	}
	defer s.library.free(result)
	if m := s.library.fault(result); m != nil {
		return nil, errors.New(cString(m))
	}
	n := s.library.length(result)
	if n == 0 {
		return nil, nil
	}
	return []byte(unsafe.String((*byte)(s.library.buffer(result)), n)), nil
}

func cString(p unsafe.Pointer) string {
	var b strings.Builder
	for ; *(*byte)(p) != 0; p = unsafe.Add(p, 1) {
		b.WriteByte(*(*byte)(p))
	}
	return b.String()
}
