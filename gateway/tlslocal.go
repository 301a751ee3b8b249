package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// LocalCA is a certificate authority of this server alone, for phones on a
// network without a domain: a camera and the offline gate need https. It vouches
// for the server's own names and addresses, which it follows, and whoever
// installs it is protected by its constraints: it can vouch for private
// addresses, names under .local, and what the operator names; for no site of the
// internet. It is safe for concurrent use.
type LocalCA struct {
	path    string // of key and certificate
	given   []string
	machine func() ([]string, error) // names and addresses of this machine, the best first
	clock   func() time.Time

	key     *ecdsa.PrivateKey
	cert    *x509.Certificate
	current atomic.Pointer[localLeaf]
}

const (
	localAuthorityFile = "ca.key"
	// LocalCertificateFile is the public half, for commands (--ca) and browsers.
	LocalCertificateFile = "ca.pem"

	localAuthorityLife = 2 * 365 * 24 * time.Hour
	// localBefore is for phones whose clock is slow.
	localBefore = 24 * time.Hour
)

// privateNets are the addresses that the authority may always vouch for.
var privateNets = func() (nets []*net.IPNet) {
	for _, text := range strings.Fields("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 127.0.0.0/8 fc00::/7 fe80::/10 ::1/128") {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			panic(err) // the texts are constants
		}
		nets = append(nets, network)
	}
	return nets
}()

// OpenLocalCA reads the authority in dir, or makes it there when there is none
// or it has expired: then phones have to install the new one. machine gives the
// names and addresses of this machine, the best for phones first; it is asked
// again and again. given are others to vouch for.
func OpenLocalCA(dir string, given []string, machine func() ([]string, error)) (*LocalCA, error) {
	return openLocalCA(dir, given, machine, time.Now)
}

func openLocalCA(dir string, given []string, machine func() ([]string, error), clock func() time.Time) (*LocalCA, error) {
	a := &LocalCA{path: filepath.Join(dir, localAuthorityFile), given: given, machine: machine, clock: clock}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("local certificate: %w", err)
	}
	err := a.read()
	if errors.Is(err, fs.ErrNotExist) || err == nil && a.clock().After(a.cert.NotAfter) {
		err = a.make()
	}
	if err != nil {
		return nil, err
	}
	for _, host := range given {
		if !a.vouches(host) {
			return nil, fmt.Errorf("local certificate: the one in %s was made without the name %s: remove that file to have another made, which every phone then has to install", a.path, host)
		}
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	if err := os.WriteFile(filepath.Join(dir, LocalCertificateFile), public, 0o644); err != nil { //nolint:gosec // it is public
		return nil, fmt.Errorf("local certificate: %w", err)
	}
	if _, err = a.refresh(); err != nil {
		return nil, err
	}
	return a, nil
}

// read takes key and certificate from their file.
func (a *LocalCA) read() error {
	text, err := readCertificateFile(a.path)
	if err == nil {
		err = private(a.path)
	}
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return fmt.Errorf("local certificate: %s cannot be read: %w; put it back from a backup, or remove it to have another made, which every phone then has to install", a.path, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return fmt.Errorf("local certificate: %s is none that this program has made", a.path)
	}
	a.key, a.cert = key, pair.Leaf
	return nil
}

// make creates an authority and writes it down, whole or not at all.
func (a *LocalCA) make() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("local certificate: %w", err)
	}
	own, err := a.machine()
	if err != nil {
		return fmt.Errorf("local certificate: addresses of this machine: %w", err)
	}
	template := a.authority(own)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		return fmt.Errorf("local certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("local certificate: %w", err)
	}
	a.key = key
	return writeWhole(a.path, append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...))
}

// authority is what the certificate says of an authority that is made now, on a
// machine with hosts of its own.
func (a *LocalCA) authority(own []string) *x509.Certificate {
	now, name := a.clock(), firstDNSName(own)
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"passgate"}, CommonName: "passgate local CA " + now.Format(time.DateOnly)},
		NotBefore: now.Add(-localBefore), NotAfter: now.Add(localAuthorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost", "local"}, PermittedIPRanges: slices.Clone(privateNets),
	}
	if name != "" {
		template.Subject.CommonName += fmt.Sprintf(" (%.24s)", name)
		template.PermittedDNSDomains = append(template.PermittedDNSDomains, name)
	}
	for _, host := range a.given {
		if at, err := netip.ParseAddr(host); err == nil {
			template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: at.AsSlice(), Mask: net.CIDRMask(at.BitLen(), at.BitLen())})
		} else {
			template.PermittedDNSDomains = append(template.PermittedDNSDomains, host)
		}
	}
	return template
}

// firstDNSName is the first of hosts that is no address, "" if all are.
func firstDNSName(hosts []string) string {
	for _, host := range hosts {
		if _, err := netip.ParseAddr(host); err != nil {
			return host
		}
	}
	return ""
}

// writeWhole writes a file of mode 0600 that is there whole or not at all.
func writeWhole(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("local certificate: %w", err)
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("local certificate: %w", err)
	}
	return nil
}

// vouches tells whether the authority's constraints let it vouch for a host.
func (a *LocalCA) vouches(host string) bool {
	if at, err := netip.ParseAddr(host); err == nil {
		for _, network := range a.cert.PermittedIPRanges {
			if network.Contains(at.AsSlice()) {
				return true
			}
		}
		return false
	}
	for _, domain := range a.cert.PermittedDNSDomains {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

// Fingerprint is the SHA-256 of the authority's certificate as phones show it:
// pairs of hexadecimal digits.
func (a *LocalCA) Fingerprint() string {
	sum := sha256.Sum256(a.cert.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// Expires is when the authority ends and phones need another one.
func (a *LocalCA) Expires() time.Time { return a.cert.NotAfter }
