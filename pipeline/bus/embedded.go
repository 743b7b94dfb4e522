package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// maxPayload is the largest message of the embedded server. An event may take all of it but the room for headers: PostHog's SDKs send events of up to
// 8 MB about AI, to which capture adds what it knows.
const maxPayload = 9 << 20

// maxPending is what the server may have on its way to this process before it takes the connection for dead. Everybody asks for as much as can be
// held, but all of them together may ask for more than the usual 64 MB.
const maxPending = 1 << 30

// embedded is a NATS server in this process.
type embedded struct {
	server  *server.Server
	lock    *os.File
	places  *places // nil when the server syncs everything
	synced  uint64  // what the start has found in syncedFile
	failure *failure
}

// startEmbedded locks the store and starts a server on it that no other process can reach.
func startEmbedded(config Config, space *disk, log *slog.Logger) (*embedded, error) {
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("bus dir %q cannot be made: %w", config.Dir, err)
	}
	lock, err := lockDir(config.Dir)
	if err != nil {
		return nil, err
	}
	e := &embedded{lock: lock, failure: newFailure()}
	if err = space.room(streamDead); err == nil { // with less, recovery itself would fail, in ways that say less
		err = e.restore(config, log)
	}
	if err == nil {
		err = e.start(config, log)
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// restore mends the store after a power failure.
func (e *embedded) restore(config Config, log *slog.Logger) (err error) {
	p := placesOf(config.Dir, log)
	if err := p.restore(); err != nil {
		return fmt.Errorf("bus dir %q: %w", config.Dir, err)
	}
	if e.synced, err = readSynced(config.Dir); err != nil {
		return err
	}
	if config.Sync == SyncInterval {
		e.places = p
		return nil
	}
	return ignoreMissing(os.Remove(p.file)) // which would be out of date by the time somebody chooses SyncInterval again
}

func (e *embedded) start(config Config, log *slog.Logger) error {
	options := &server.Options{
		ServerName:             "prickle",
		DontListen:             true,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
		MaxPayload:             maxPayload,
		MaxPending:             maxPending,
		JetStream:              true,
		StoreDir:               filepath.Join(config.Dir, "store"),
		JetStreamMaxMemory:     64 << 20, // nothing is kept in memory streams
		JetStreamMaxStore:      1 << 50,  // the streams' own limits and disk decide
		StreamMaxBufferedSize:  64 << 20,
		SyncAlways:             config.Sync == SyncAlways,
		SyncInterval:           time.Second,
	}
	s, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("embedded server: %w", err)
	}
	logger := &serverLog{log: log, heard: func(line string) { e.failure.heard(line, s, log) }}
	s.SetLoggerV2(logger, false, false, false)
	e.server = s
	s.Start()
	// Recovery of a large store takes its time, and a start that gives up in the middle of it would never succeed.
	for range 60 {
		if s.ReadyForConnections(5*time.Second) || logger.fatal.Load() != nil {
			break
		}
		log.Info("embedded server is still recovering its store", "dir", config.Dir)
	}
	if text := logger.fatal.Load(); text != nil {
		return fmt.Errorf("embedded server in %q: %s", config.Dir, *text)
	}
	if !s.JetStreamEnabled() {
		return fmt.Errorf("embedded server in %q did not start", config.Dir)
	}
	e.places.keep()
	return nil
}

// close stops the server, which writes out what it holds, and gives the folder free, unless the server is still at it.
func (e *embedded) close() error {
	if e.server != nil {
		e.places.end()
		if err := e.failure.stopServer(e.server); err != nil {
			return err
		}
	}
	return e.lock.Close()
}
