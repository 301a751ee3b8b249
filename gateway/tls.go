package gateway

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// CertificateSource gives the certificate for a client that has just said hello.
type CertificateSource func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// ServerTLS is how this server speaks TLS: 1.2 or newer, with the ciphers and
// curves that the Go release at hand holds to be good, and HTTP/1.1, which is
// all that the HTTP library knows.
func ServerTLS(certificate CertificateSource) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: certificate,
	}
}

// encrypted wraps a listener in the server's TLS, if it has any. Lingering lies
// below: it is about the bytes of the network.
func (s *Server) encrypted(ln net.Listener) net.Listener {
	ln = lingerListener{ln, &door{exempt: s.isProxy, open: map[netip.Addr]int{}}}
	if s.tls == nil {
		return ln
	}
	return tls.NewListener(ln, s.tls)
}

// lingering finds our part of a connection.
func lingering(conn net.Conn) (*lingerConn, bool) {
	if over, ok := conn.(*tls.Conn); ok {
		conn = over.NetConn()
	}
	below, ok := conn.(*lingerConn)
	return below, ok
}

const (
	plainPolicy     = "default-src 'none'; frame-ancestors 'none'"
	encryptedPolicy = plainPolicy + "; upgrade-insecure-requests"
	// strictTransport makes browsers refuse anything but https for a year.
	strictTransport = "max-age=31536000"
)

// transportHeaders sets what depends on how the request came. A browser that is
// told to stay on https never comes back over http: so only who came by https
// is told, and nobody who calls the machine localhost, where other programs
// answer over http; nor where the server vouches for itself, as its page has to be
// reached over http when its certificate is another one.
func (s *Server) transportHeaders(c *fiber.Ctx) {
	if !s.cameEncrypted(c) {
		c.Set(fiber.HeaderContentSecurityPolicy, plainPolicy)
		return
	}
	c.Set(fiber.HeaderContentSecurityPolicy, encryptedPolicy)
	if s.localCA == nil && publicName(string(c.Request().Host())) {
		c.Set(fiber.HeaderStrictTransportSecurity, strictTransport)
	}
}

// cameEncrypted tells whether the client spoke TLS to us, or to a proxy that we
// trust. Anybody can write the header; only a proxy of ours is believed.
func (s *Server) cameEncrypted(c *fiber.Ctx) bool {
	if c.Context().IsTLS() {
		return true
	}
	addr, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	return s.isProxy(addr.Unmap()) &&
		bytes.EqualFold(bytes.TrimSpace(c.Request().Header.Peek(fiber.HeaderXForwardedProto)), []byte("https"))
}

// publicName tells whether host, with or without a port, is a name for which
// strict transport has a meaning: no address and not this machine's own name.
func publicName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	_, notAddress := netip.ParseAddr(host)
	return host != "" && notAddress != nil && host != "localhost" && !strings.HasSuffix(host, ".localhost")
}
