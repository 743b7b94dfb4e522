package duckdb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/pipeline"
)

type purpose bool

const (
	forWriting purpose = true
	forReading purpose = false
)

// claim is this process's right to open a file. POSIX locks belong to a process and vanish with the first descriptor of the file that is
// closed, so a second database on one file, or a look into the file beside an open database, would take the lock away from the first.
type claim struct{ path string }

var claims = struct {
	sync.Mutex
	paths map[string]bool
}{paths: map[string]bool{}}

// claimFile finds out whether the file at path can be opened before DuckDB tries, so that each reason gets a message of its own.
func claimFile(path string, why purpose) (_ *claim, err error) {
	c := &claim{}
	if c.path, err = canonical(path, why); err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	claims.Lock()
	defer claims.Unlock()
	if claims.paths[c.path] {
		return nil, fmt.Errorf("duckdb: %s is open in this process already", path)
	}
	if err := inspect(c.path, why); err != nil {
		return nil, fmt.Errorf("duckdb: %s %w", path, err)
	}
	claims.paths[c.path] = true
	return c, nil
}

func (c *claim) release() {
	claims.Lock()
	defer claims.Unlock()
	delete(claims.paths, c.path)
}

// canonical returns the absolute path without symbolic links, and makes the folder when the file is to be written.
func canonical(path string, why purpose) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if why == forWriting {
		if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
			return "", err
		}
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return "", fmt.Errorf("%s does not exist: nothing has been stored yet", path)
	}
	return filepath.Join(dir, filepath.Base(abs)), nil
}

// newestStorage is the newest format of database files that the linked DuckDB reads; a test compares it with the file that it writes.
const newestStorage = 68

// inspect looks at the file itself: its lock, and its header (a checksum of 8 bytes, "DUCK", and the format's number).
func inspect(path string, why purpose) error {
	mode := os.O_RDONLY
	if why == forWriting {
		mode = os.O_RDWR
	}
	f, err := os.OpenFile(path, mode, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist) && why == forWriting:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("does not exist: nothing has been stored yet")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("may not be opened: give this user the right to read and write it")
	case err != nil:
		return fmt.Errorf("cannot be opened: %w", err)
	}
	defer f.Close()
	if pid, locked := lockedBy(f, why); locked {
		return fmt.Errorf("is open in another process (pid %d): stop it, or query through it with \"prickle query\"", pid)
	}
	header := make([]byte, 20)
	if n, err := io.ReadFull(f, header); err != nil || !bytes.Equal(header[8:12], []byte("DUCK")) {
		if n == 0 && err == io.EOF && why == forWriting {
			return nil
		}
		return errors.New("is not a DuckDB file: name another one")
	}
	if v := binary.LittleEndian.Uint64(header[12:]); v > newestStorage {
		return fmt.Errorf("was written by a newer DuckDB (format %d, this one reads up to %d): use a newer prickle", v, newestStorage)
	}
	return nil
}

type settings struct {
	readOnly bool
	memory   pipeline.Bytes // 0 is DuckDB's own default
	threads  int            // 0 is DuckDB's own default
	files    []string       // folders that queries may read
	lakes    map[string]string
	// exportDir is where the files of months are; "" leaves them where they were.
	exportDir string
}

// openDatabase opens the file and shuts the doors: no statement can read or write files outside of the given folders, load an extension, or open the
// doors again.
func openDatabase(ctx context.Context, file *claim, s settings) (*database, error) {
	options := url.Values{
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"allow_community_extensions":   {"false"},
		"allow_persistent_secrets":     {"false"},
		// The writer sees to checkpoints; this is for a log that grew in spite of that.
		"checkpoint_threshold": {"512MB"},
		// What a query spills must not take the disk from what is captured.
		"max_temp_directory_size": {"1GB"},
	}
	if s.readOnly {
		options.Set("access_mode", "READ_ONLY")
	}
	if s.memory > 0 {
		options.Set("memory_limit", strconv.FormatInt(int64(s.memory), 10)+"B")
	}
	if s.threads > 0 {
		options.Set("threads", strconv.Itoa(s.threads))
	}
	allocators()
	made, err := duckdb.NewConnector(file.path+"?"+options.Encode(), nil)
	if err != nil {
		return nil, err
	}
	c := connector{made}
	db := &database{DB: sql.OpenDB(c), connector: c, files: len(s.files) > 0}
	if !s.readOnly {
		if err := registerGiven(ctx, made); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	allowed, err := s.prepareFolders(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for _, statement := range []string{
		"SET GLOBAL TimeZone = 'UTC'",
		allowed,
		"SET GLOBAL enable_external_access = false",
		"SET GLOBAL lock_configuration = true",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}
