package gateway

import (
	"net"
	"net/http"
	"strings"
)

// RedirectToTLS sends whoever comes over http to the same page over https on
// port. It names only hosts for which serves gives no error, since the name
// comes from the client. A request that carries something in is refused: it has
// come unencrypted, and would do so again if sent on.
func RedirectToTLS(port string, serves func(host string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Header.Get("Authorization") != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Connection", "close")
			http.Error(w, "This server takes requests over https only. What was sent came unencrypted: replace the password or token in it.", http.StatusForbidden)
			return
		}
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.Trim(host, "[]")
		if serves(host) != nil {
			http.Error(w, "This server has no certificate for the name that was asked for.", http.StatusMisdirectedRequest)
			return
		}
		switch {
		case port != "443":
			host = net.JoinHostPort(host, port)
		case strings.Contains(host, ":"):
			host = "[" + host + "]"
		}
		// Not permanent: what a browser keeps for good is said by the header
		// Strict-Transport-Security, over https.
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusTemporaryRedirect) //nolint:gosec // serves knows the host
	})
}
