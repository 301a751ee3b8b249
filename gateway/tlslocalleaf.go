package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"
)

const (
	// localLeafLife stays below the 398 days that browsers take, the time before
	// included.
	localLeafLife = 396 * 24 * time.Hour
	// localRenewal is how long before its end a certificate is made anew.
	localRenewal = 60 * 24 * time.Hour
	// mostLocalHosts bounds a certificate on machines with many networks.
	mostLocalHosts = 100
)

// localLeaf is a server certificate with what it is good for, the best host for
// phones first. Its key is in memory only: another one costs nobody anything.
type localLeaf struct {
	tls.Certificate
	hosts []string
}

// Certificate is a CertificateSource.
func (a *LocalCA) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return &a.current.Load().Certificate, nil
}

// Serves tells whether the certificate is good for a host; the error says why
// not.
func (a *LocalCA) Serves(host string) error {
	if err := a.current.Load().Leaf.VerifyHostname(host); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return nil
}

// Hosts are the names and addresses under which other machines reach this one,
// the best first. Callers must not change them.
func (a *LocalCA) Hosts() []string { return a.current.Load().hosts }

// refresh makes a certificate if there is none, if it ends soon or if it is for
// other hosts than the machine has now.
func (a *LocalCA) refresh() (changed bool, err error) {
	own, err := a.machine()
	if err != nil {
		return false, fmt.Errorf("local certificate: addresses of this machine: %w", err)
	}
	hosts := slices.Clone(a.given)
	for _, host := range own {
		if a.vouches(host) && !slices.Contains(hosts, host) && len(hosts) < mostLocalHosts {
			hosts = append(hosts, host)
		}
	}
	if last := a.current.Load(); last != nil && slices.Equal(last.hosts, hosts) {
		ends := last.Leaf.NotAfter
		if ends.Sub(a.clock()) > localRenewal || !ends.Before(a.cert.NotAfter) { // none can end later than the authority
			return false, nil
		}
	}
	leaf, err := a.issue(hosts)
	if err != nil {
		return false, err
	}
	a.current.Store(leaf)
	return true, nil
}

// issue makes a certificate for hosts and for this machine itself.
func (a *LocalCA) issue(hosts []string) (*localLeaf, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("local certificate: %w", err)
	}
	now := a.clock()
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"passgate"}, CommonName: "passgate"},
		NotBefore: now.Add(-localBefore), NotAfter: now.Add(localLeafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if a.cert.NotAfter.Before(template.NotAfter) {
		template.NotAfter = a.cert.NotAfter
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("local certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("local certificate: %w", err)
	}
	return &localLeaf{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, hosts}, nil
}

// Watch makes another certificate when the machine's addresses change or the old
// one ends soon, until ctx ends. It says once a day when the authority itself is
// about to end: phones then need another one.
func (a *LocalCA) Watch(ctx context.Context, every time.Duration, logger *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var warned time.Time
	var wrong string // the last failure, told once
	for {
		if now := a.clock(); a.cert.NotAfter.Sub(now) < localRenewal && now.Sub(warned) > 24*time.Hour {
			warned = now
			logger.Warn("the local certificate authority ends soon: remove its file and restart, and install the new one on every phone",
				"file", a.path, "expires", a.cert.NotAfter.UTC())
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := a.refresh()
		switch {
		case err != nil && err.Error() != wrong:
			logger.Error("no new server certificate can be made; the one in memory stays in use", "error", err)
			wrong = err.Error()
		case err == nil:
			wrong = ""
		}
		if changed {
			logger.Info("server certificate made for the addresses of this machine", "hosts", strings.Join(a.Hosts(), " "))
		}
	}
}
