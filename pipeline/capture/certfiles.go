package capture

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// certFiles is a certificate in two files. Each handshake looks whether they have changed, which costs next to nothing beside it, so that a
// renewed certificate is served without a restart or a reload.
type certFiles struct {
	cert, key pipeline.File
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	loaded  [2]stamp // of the files that current was read from
	failed  [2]stamp // of those that the log was told about
}

// stamp changes when a file does.
type stamp struct {
	changed int64
	size    int64
}

func newCertFiles(t TLS, log *slog.Logger) (*certFiles, error) {
	c := &certFiles{cert: t.Cert, key: t.Key, log: log}
	c.loaded = c.stamps() // before they are read: what changes meanwhile is read again
	var err error
	if c.current, err = loadPair(c.cert, c.key); err != nil {
		return nil, err
	}
	c.log.Info("serving a certificate from files", "names", c.current.Leaf.DNSNames, "until", c.current.Leaf.NotAfter)
	c.warnExpired()
	return c, nil
}

func (c *certFiles) stamps() (s [2]stamp) {
	for i, file := range []pipeline.File{c.cert, c.key} {
		if info, err := os.Stat(file.Path); err == nil {
			s[i] = stamp{info.ModTime().UnixNano(), info.Size()}
		}
	}
	return s
}

// certificate is a tls.Config's GetCertificate.
func (c *certFiles) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.stamps(); now != c.loaded {
		c.reload(now)
	}
	return c.current, nil
}

// reload goes on with the old certificate while the new one is not whole: whoever renews it writes one file after the other.
func (c *certFiles) reload(now [2]stamp) {
	next, err := loadPair(c.cert, c.key)
	if err != nil {
		if now != c.failed {
			c.failed = now
			c.log.Warn("the certificate has changed and cannot be used: the one before is served on", "error", err)
		}
		return
	}
	c.current, c.loaded = next, now
	c.log.Info("the certificate has changed: new connections get the new one", "names", next.Leaf.DNSNames, "until", next.Leaf.NotAfter)
	c.warnExpired()
}

func (c *certFiles) warnExpired() {
	if until := c.current.Leaf.NotAfter; time.Now().After(until) {
		c.log.Warn("the certificate has expired: clients will refuse it", "until", until)
	}
}

// reason is what an error of a file says, without the path.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
