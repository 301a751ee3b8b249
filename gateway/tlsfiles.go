package gateway

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxCertificateFile bounds what is read of a certificate's file: a chain has a
// few KiB.
const maxCertificateFile = 1 << 20

// expirySoon is when a certificate should long have been renewed.
const expirySoon = 14 * 24 * time.Hour

// CertificateFiles is a certificate and its key in two PEM files, which may be
// replaced while the server runs. It is safe for concurrent use.
type CertificateFiles struct {
	certificate, key string
	current          atomic.Pointer[tls.Certificate]

	mu   sync.Mutex
	seen [sha256.Size]byte // of the files at the last look, also when they were bad
}

// OpenCertificate reads a certificate (with the chain up to its root, the leaf
// first) and its private key. The key must be unreadable for others. A
// certificate that is not valid now is refused: no client would take it.
func OpenCertificate(certificate, key string) (*CertificateFiles, error) {
	f := &CertificateFiles{certificate: certificate, key: key}
	if _, err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Certificate is a CertificateSource.
func (f *CertificateFiles) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.current.Load(), nil
}

// Serves tells whether the certificate is good for a host name; the error says
// why not.
func (f *CertificateFiles) Serves(host string) error {
	if err := f.current.Load().Leaf.VerifyHostname(host); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return nil
}

// Host is a name that the certificate is good for, "" if it names none.
func (f *CertificateFiles) Host() string {
	for _, name := range f.current.Load().Leaf.DNSNames {
		if !strings.Contains(name, "*") {
			return name
		}
	}
	return ""
}

// Expires is when the certificate in use ends.
func (f *CertificateFiles) Expires() time.Time { return f.current.Load().Leaf.NotAfter }

// Reload looks at the files and takes them up if they changed. On an error the
// certificate in use stays. Files that were bad at the last look and are still
// the same give no error again.
func (f *CertificateFiles) Reload() (changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	certificate, err := readCertificateFile(f.certificate)
	if err != nil {
		return false, f.bad(nil, err)
	}
	key, err := readCertificateFile(f.key)
	if err == nil {
		err = private(f.key)
	}
	if err != nil {
		return false, f.bad(certificate, err)
	}
	seen := sha256.Sum256(append(append(certificate[:len(certificate):len(certificate)], 0), key...))
	if seen == f.seen {
		return false, nil
	}
	f.seen = seen
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return false, fmt.Errorf("certificate %s with key %s: %w", f.certificate, f.key, err)
	}
	now := time.Now()
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		return false, fmt.Errorf("certificate %s expired on %s: renew it", f.certificate, leaf.NotAfter.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return false, fmt.Errorf("certificate %s is not valid before %s: is this machine's clock right?", f.certificate, leaf.NotBefore.Format(time.RFC3339))
	}
	f.current.Store(&pair)
	return true, nil
}

// bad remembers that the files cannot be read, and says so once.
func (f *CertificateFiles) bad(content []byte, err error) error {
	seen := sha256.Sum256(append(content[:len(content):len(content)], err.Error()...))
	if seen == f.seen {
		return nil
	}
	f.seen = seen
	return err
}

// Watch looks at the files again and again until ctx ends, and says once a day
// when the certificate is about to expire.
func (f *CertificateFiles) Watch(ctx context.Context, every time.Duration, logger *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var warned time.Time
	for {
		if left := time.Until(f.Expires()); left < expirySoon && time.Since(warned) > 24*time.Hour {
			warned = time.Now()
			logger.Warn("the TLS certificate expires soon: renew it, it is taken up without a restart",
				"file", f.certificate, "expires", f.Expires().UTC())
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch changed, err := f.Reload(); {
		case err != nil:
			logger.Error("the TLS certificate cannot be read again; the one in memory stays in use",
				"error", err, "expires", f.Expires().UTC())
		case changed:
			logger.Info("TLS certificate loaded again", "file", f.certificate, "expires", f.Expires().UTC())
		}
	}
}

func readCertificateFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxCertificateFile {
		return nil, fmt.Errorf("certificate: %s is no PEM file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if len(text) == 0 {
		return nil, errors.New("certificate: " + path + " is empty")
	}
	return text, nil
}

// private refuses a key that everybody on the machine can read. A group may:
// that is how distributions share keys with servers.
func private(path string) error {
	info, err := os.Stat(path) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return fmt.Errorf("certificate: everybody can read the key %s; run: chmod 640 %s", path, path)
	}
	return nil
}
