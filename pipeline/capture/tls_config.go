package capture

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// TLS says where the server's certificate comes from: from two files, or from a certificate authority by ACME.
type TLS struct {
	// Cert and Key are PEM files, which are read again when they change. Cert holds the whole chain, the server's own certificate first.
	Cert pipeline.File `yaml:"cert"`
	Key  pipeline.File `yaml:"key"`
	// ACME gets certificates and renews them.
	ACME *ACME `yaml:"acme"`
}

// ACME is an account with a certificate authority, by default Let's Encrypt. To use it is to agree to the authority's terms.
type ACME struct {
	// Domains are the names to get certificates for. Each leads to this server, on port 443 or, when HTTP is set, on port 80.
	Domains []string `yaml:"domains,required"`
	// Email is told to the authority for its warnings. May be empty.
	Email string `yaml:"email"`
	// HTTP is an address, host:port, at which the authority is answered without TLS as well, and all others are sent to https. The authority asks
	// port 80. Empty answers it on the port of TLS alone.
	HTTP string `yaml:"http"`
	// Directory is the URL of another authority.
	Directory string `yaml:"directory"`
	// CA are the roots, as PEM, by which the directory itself is known, when the system does not have them.
	CA pipeline.File `yaml:"ca"`
}

// Validate reports mistakes, and files that are no certificate with its key.
func (t *TLS) Validate() error {
	files := t.Cert.Path != "" || t.Key.Path != ""
	switch {
	case files && t.ACME != nil:
		return mistake("tls has both files and acme", "choose one")
	case t.ACME != nil:
		return nil // which has been asked itself
	case !files:
		return mistake("tls is empty", "give it cert and key, or acme; leave it out to speak HTTP without TLS")
	case t.Key.Path == "":
		return mistake("tls has cert without key", "add key: the file of the certificate's private key")
	case t.Cert.Path == "":
		return mistake("tls has key without cert", "add cert: the file of the certificate and those that it was signed with")
	}
	_, err := loadPair(t.Cert, t.Key)
	return err
}

// Validate reports mistakes.
func (a *ACME) Validate() error {
	var errs []error
	if len(a.Domains) == 0 {
		errs = append(errs, mistake("domains is empty", "name the domains that lead to this server"))
	}
	for _, domain := range a.Domains {
		if problem := domainProblem(domain); problem != "" {
			errs = append(errs, mistake("domains: %q %s", "write for example events.example.com", domain, problem))
		}
	}
	if a.Email != "" && !strings.Contains(a.Email, "@") {
		errs = append(errs, mistake("email: %q is no address", "", a.Email))
	}
	if _, _, err := net.SplitHostPort(a.HTTP); a.HTTP != "" && err != nil {
		errs = append(errs, mistake("http: %q is no address to listen on", `write for example "0.0.0.0:80"`, a.HTTP))
	}
	if u, err := url.Parse(a.Directory); a.Directory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		errs = append(errs, mistake("directory: %q is no https URL", `write for example "https://ca.example.com/acme/acme/directory"`, a.Directory))
	}
	if a.CA.Path != "" {
		_, err := loadRoots(a.CA)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func domainProblem(domain string) string {
	_, err := netip.ParseAddr(domain)
	switch {
	case err == nil:
		return "is an address, not a name"
	case strings.Contains(domain, "*"):
		return "cannot be had in the way that is used here: name each domain"
	case !hostChars(strings.ToLower(domain), "-.") || strings.Trim(domain, ".") != domain:
		return "is no name of a host"
	case !strings.Contains(domain, "."):
		return "has no dot: authorities know whole names only"
	}
	return ""
}

// same compares what both say, places in files apart.
func (t *TLS) same(other *TLS) bool {
	if t == nil || other == nil {
		return t == other
	}
	a, b := t.ACME, other.ACME
	if a == nil || b == nil {
		return a == b && t.Cert.Path == other.Cert.Path && t.Key.Path == other.Key.Path
	}
	return slices.Equal(a.Domains, b.Domains) && a.Email == b.Email && a.HTTP == b.HTTP && a.Directory == b.Directory && a.CA.Path == b.CA.Path
}
