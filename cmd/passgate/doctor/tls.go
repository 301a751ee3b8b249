package doctor

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"passgate/gateway"
)

// Doors are how clients come to the server.
type Doors struct {
	Addr      string // --addr
	Plain     string // why that is unsafe: what to do; "" if it is safe
	PublicURL string
	// Certificate and Key are the files of --tls-cert and --tls-key, "" without them.
	Certificate, Key string
	Now              time.Time
	Roots            *x509.CertPool // whom phones trust; nil: whom this machine trusts
}

// certificateEnds is when it should have been renewed: the alert PassgateCertificateEnds.
const certificateEnds = 21 * 24 * time.Hour

// Check judges the doors.
func (d *Doors) Check() []Finding {
	f := &findings{where: d.Addr}
	if d.Plain != "" {
		what, do, _ := strings.Cut(d.Plain, ": ")
		f.add(Warning, "tls-none", what, "whoever is on the way reads them; an office's password opens the whole town", do)
	}
	host := ""
	if at, err := url.Parse(d.PublicURL); err == nil && d.PublicURL != "" {
		host = at.Hostname()
		if at.Scheme == "http" {
			f.where = "--public-url " + d.PublicURL
			f.add(Warning, "public-url-http", "residents are sent to an address without TLS", "phones give no camera and no offline pages to http, and whoever is on the way reads passes", "--public-url https://…")
		}
	}
	if d.Certificate != "" {
		f.where = d.Certificate
		d.checkCertificate(f, host)
	}
	return f.all
}

const refuse = "no phone connects: gates go on offline, residents have no pass"

func (d *Doors) checkCertificate(f *findings, host string) {
	text, err := os.ReadFile(d.Certificate)
	var chain []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil && err == nil; block, rest = pem.Decode(rest) {
		var one *x509.Certificate
		if one, err = x509.ParseCertificate(block.Bytes); block.Type == "CERTIFICATE" && err == nil {
			chain = append(chain, one)
		}
	}
	if err == nil && len(chain) == 0 {
		err = errors.New("it holds no certificate")
	}
	if err != nil {
		f.add(Error, "tls-unreadable", "the certificate cannot be read: "+err.Error(), refuse, "--tls-cert: name a PEM file with the certificate and its chain")
		return
	}
	if d.checkValidity(f, chain[0]) {
		if _, err := gateway.OpenCertificate(d.Certificate, d.Key); err != nil {
			f.add(Error, "tls-key", err.Error(), "the server does not start, or goes on with the certificate before until its end", "--tls-key: name the private key that this certificate was made for, mode 0600")
		}
	}
	if host != "" {
		if err := chain[0].VerifyHostname(host); err != nil {
			f.add(Error, "tls-host", "it is not for the host of --public-url: "+err.Error(), refuse, "have a certificate made for "+host+", or correct --public-url")
		}
	}
	d.checkChain(f, chain)
}

// checkValidity tells whether it is valid now.
func (d *Doors) checkValidity(f *findings, leaf *x509.Certificate) bool {
	switch {
	case !d.Now.Before(leaf.NotAfter):
		f.add(Error, "tls-expired", "it expired on "+leaf.NotAfter.Format(time.DateOnly), refuse, renew)
		return false
	case d.Now.Before(leaf.NotBefore):
		f.add(Error, "tls-early", "it is not valid before "+leaf.NotBefore.Format(time.RFC3339), refuse, "set this machine's clock, or wait")
		return false
	}
	f.checkEnd(leaf.NotAfter, d.Now)
	return true
}

const renew = "renew it; it is taken up without a restart"

func (f *findings) checkEnd(end, now time.Time) {
	if left := end.Sub(now); left < certificateEnds {
		f.add(Warning, "tls-expiring", fmt.Sprintf("it expires on %s, in %.0f days", end.Format(time.DateOnly), left.Hours()/24), "after that no phone connects", renew)
	}
}

// checkChain asks whether a phone finds its way to somebody it trusts.
func (d *Doors) checkChain(f *findings, chain []*x509.Certificate) {
	between := x509.NewCertPool()
	for _, one := range chain[1:] {
		between.AddCert(one)
	}
	when := chain[0].NotAfter.Add(-time.Second) // its end is told already
	_, err := chain[0].Verify(x509.VerifyOptions{Intermediates: between, Roots: d.Roots, CurrentTime: when})
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		f.add(Warning, "tls-chain", "this machine finds no way from it to an authority that it trusts: a link of the chain is missing, or the authority is your own",
			"phones that do not know the authority do not connect", "put the authority's intermediate certificates behind it in the same file (fullchain.pem); with an authority of your own: --ca FILE")
	}
}
