package capture

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"golang.org/x/crypto/acme"

	"github.com/prickle-dev/prickle/pipeline"
)

// tlsConfig is what the server speaks TLS with; nil without TLS.
func (s *Server) tlsConfig() (*tls.Config, error) {
	t := s.config.TLS
	if t == nil {
		return nil, nil //nolint:nilnil // no TLS is no mistake
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ACME != nil {
		var err error
		if s.authority, err = newAuthority(*t.ACME, s.config.Dir, s.deps.Log); err != nil {
			return nil, err
		}
		c.GetCertificate = s.authority.certificate
		c.NextProtos = append(c.NextProtos, acme.ALPNProto)
		return c, nil
	}
	files, err := newCertFiles(*t, s.deps.Log)
	if err != nil {
		return nil, err
	}
	c.GetCertificate = files.certificate
	return c, nil
}

// loadPair reads a certificate with its key. Errors are placed at what is wrong.
func loadPair(cert, key pipeline.File) (*tls.Certificate, error) {
	certPEM, err := readPEM(cert)
	if err != nil {
		return nil, err
	}
	keyPEM, err := readPEM(key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, placedMistake(cert.Pos, "cert %q and key %q do not go together: %v", cert.Name, key.Name, err)
	}
	return &pair, nil
}

func loadRoots(file pipeline.File) (*x509.CertPool, error) {
	text, err := readPEM(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, placedMistake(file.Pos, "%q holds no certificate in PEM", file.Name)
	}
	return roots, nil
}

// readPEM reads a file. What the system says of it may hold its path, so only the reason is passed on.
func readPEM(file pipeline.File) ([]byte, error) {
	text, err := os.ReadFile(file.Path)
	if err != nil {
		return nil, placedMistake(file.Pos, "cannot read %q: %v", file.Name, reason(err))
	}
	return text, nil
}
