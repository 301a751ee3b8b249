package gateway

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/codes"
)

// The two paths of the local authority, the only ones that are answered over
// plain http: a phone that has not installed the certificate can take no other.
const (
	localPagePath        = "/ca"
	localCertificatePath = "/ca.crt"
	localCertificateType = "application/x-x509-ca-cert"
)

//go:embed tlslocal.html
var localPageSource string

var localPageTemplate = template.Must(template.New("ca").Parse(localPageSource))

// localVisit is how somebody has come to the page.
type localVisit struct {
	scheme string // http, https
	host   string // as in the address, with or without a port
	port   string // of https
}

// page tells how a phone installs the certificate.
func (a *LocalCA) page(visit localVisit) ([]byte, error) {
	name, port := visit.host, ""
	if h, p, err := net.SplitHostPort(visit.host); err == nil {
		name, port = h, p
		if _, err := strconv.ParseUint(p, 10, 16); err != nil {
			port = ""
		}
	}
	name = strings.Trim(name, "[]")
	if hosts := a.Hosts(); len(hosts) > 0 && (a.Serves(name) != nil || !reachable(name)) {
		name = hosts[0] // whoever looks from this machine shows it to a phone
	}
	here := visit.scheme + "://" + withPort(name, port, visit.scheme) + localPagePath
	qr, err := codes.QRSVG(here)
	if err != nil {
		return nil, fmt.Errorf("gateway: draw an address: %w", err)
	}
	var out bytes.Buffer
	err = localPageTemplate.Execute(&out, struct {
		QR                         template.HTML
		Here, Pages                string
		Name, Fingerprint, Expires string
		Certificate                string
	}{
		template.HTML(qr), here, "https://" + withPort(name, visit.port, "https"), //nolint:gosec // drawn by QRSVG
		a.cert.Subject.CommonName, a.Fingerprint(), a.Expires().UTC().Format(time.DateOnly), localCertificatePath,
	})
	if err != nil {
		return nil, fmt.Errorf("gateway: write the page of the certificate: %w", err)
	}
	return out.Bytes(), nil
}

// reachable tells whether a name means this machine on others, too.
func reachable(name string) bool {
	at, err := netip.ParseAddr(name)
	return name != "localhost" && (err != nil || !at.IsLoopback())
}

// withPort joins a host with its port, unless the scheme has that by itself.
func withPort(host, port, scheme string) string {
	switch {
	case port != "" && port != map[string]string{"http": "80", "https": "443"}[scheme]:
		return net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		return "[" + host + "]"
	}
	return host
}

// OverHTTP answers the page and the certificate over plain http, for phones that
// do not trust it yet; port is that of https. Everything else goes to next.
func (a *LocalCA) OverHTTP(port string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, media := a.cert.Raw, localCertificateType
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead, r.URL.Path != localPagePath && r.URL.Path != localCertificatePath:
			next.ServeHTTP(w, r)
			return
		case r.URL.Path == localPagePath:
			page, err := a.page(localVisit{"http", r.Host, port})
			if err != nil {
				http.Error(w, "The page cannot be shown for this address: use the machine's own.", http.StatusBadRequest)
				return
			}
			body, media = page, fiber.MIMETextHTMLCharsetUTF8
		}
		for name, value := range map[string]string{
			"Content-Type": media, "Content-Security-Policy": printPolicy, "X-Content-Type-Options": "nosniff",
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			w.Header().Set(name, value)
		}
		_, _ = w.Write(body) // who went away needs no answer
	})
}

// handleLocalPage is the same page over https.
func (s *Server) handleLocalPage(c *fiber.Ctx) error {
	if s.localCA == nil {
		return noLocalCA()
	}
	host := strings.Clone(string(c.Request().Host()))
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		port = "443"
	}
	page, err := s.localCA.page(localVisit{"https", host, port})
	if err != nil {
		return err
	}
	return sendPrint(c, page)
}

// handleLocalCertificate gives the authority's certificate. It is not called an
// attachment: iOS would put that away as a file instead of installing it.
func (s *Server) handleLocalCertificate(c *fiber.Ctx) error {
	if s.localCA == nil {
		return noLocalCA()
	}
	c.Set(fiber.HeaderContentType, localCertificateType)
	return c.Send(s.localCA.cert.Raw)
}

func noLocalCA() error {
	return failure(codeNotFound, "this server does not vouch for itself: it runs without --tls self")
}
