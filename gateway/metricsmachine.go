package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/acme"

	"passgate/checkpoint"
	"passgate/codes"
)

// WatchBuild shows which version runs. Call it once.
func (m *Metrics) WatchBuild(version string) {
	desc := figure("passgate_build_info", "1, with the version of this gateway and of the Go release it was built with.", "version", "go")
	m.registry.MustRegister(figures{[]*prometheus.Desc{desc}, func(out chan<- prometheus.Metric) {
		out <- gauge(desc, 1, version, runtime.Version())
	}})
}

// WatchFolders shows the room on the disks of folders, by what they are for ("data",
// "journal", "archive"). One that cannot be looked at is left out. Call it once.
func (m *Metrics) WatchFolders(folders map[string]string) {
	free := figure("passgate_disk_free_bytes", "Room that is left for this process on the disk of a folder.", "folder")
	size := figure("passgate_disk_size_bytes", "Size of the disk of a folder.", "folder")
	m.registry.MustRegister(figures{[]*prometheus.Desc{free, size}, func(out chan<- prometheus.Metric) {
		for what, dir := range folders {
			if left, all, err := DiskSpace(dir); err == nil {
				out <- gauge(free, float64(left), what)
				out <- gauge(size, float64(all), what)
			}
		}
	}})
}

// watchKeys shows for how long the keys that sign now have done so. A second server
// that shares the set shows the same ring.
func (m *Metrics) watchKeys(ring *codes.Ring, clock checkpoint.Clock) {
	desc := figure("passgate_key_age_seconds", "Time since the key that signs now began to, by its use. Without a key there is no figure.", "use")
	_ = m.registry.Register(figures{[]*prometheus.Desc{desc}, func(out chan<- prometheus.Metric) {
		now, newest := clock(), map[string]time.Time{}
		for _, k := range ring.List() {
			if k.CanSign && k.RetiredAt.IsZero() && !k.SignsFrom.After(now) && k.SignsFrom.After(newest[k.Use]) {
				newest[k.Use] = k.SignsFrom
			}
		}
		for use, from := range newest {
			out <- gauge(desc, now.Sub(from).Seconds(), use)
		}
	}})
}

const (
	maxCertificates  = 64             // hosts' certificates that are remembered
	certificateInUse = 24 * time.Hour // after a client was shown it
)

// servedCertificates remembers when the certificates end that clients were shown.
type servedCertificates struct {
	mu   sync.Mutex
	seen map[string]servedCertificate // by the first name of each
}

type servedCertificate struct{ ends, shown time.Time }

// watchTLS shows when the certificates in use end. It gives the configuration that
// tells it of them.
func (m *Metrics) watchTLS(config *tls.Config) *tls.Config {
	served := &servedCertificates{seen: map[string]servedCertificate{}}
	desc := figure("passgate_tls_expiry_seconds", "Time until the first of the certificates ends that clients are shown. Without TLS, or if no client came within a day, there is no figure.")
	_ = m.registry.Register(figures{[]*prometheus.Desc{desc}, func(out chan<- prometheus.Metric) {
		if end := served.first(time.Now()); !end.IsZero() {
			out <- gauge(desc, time.Until(end).Seconds())
		}
	}})
	config = config.Clone()
	source := config.GetCertificate
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, err := source(hello)
		if err == nil && c != nil && !slices.Contains(hello.SupportedProtos, acme.ALPNProto) { // an authority's look is shown another one
			served.note(c, time.Now())
		}
		return c, err
	}
	return config
}

func (s *servedCertificates) note(c *tls.Certificate, now time.Time) {
	leaf := c.Leaf
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
			return
		}
	}
	name := leaf.Subject.CommonName
	if len(leaf.DNSNames) > 0 {
		name = leaf.DNSNames[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.seen[name]; !known && len(s.seen) >= maxCertificates {
		s.forget(now)
		if len(s.seen) >= maxCertificates {
			return
		}
	}
	s.seen[name] = servedCertificate{leaf.NotAfter, now}
}

// forget drops what was replaced by a certificate of other names. Its caller holds mu.
func (s *servedCertificates) forget(now time.Time) {
	maps.DeleteFunc(s.seen, func(_ string, c servedCertificate) bool { return now.Sub(c.shown) > certificateInUse })
}

func (s *servedCertificates) first(now time.Time) (end time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	for _, c := range s.seen {
		if end.IsZero() || c.ends.Before(end) {
			end = c.ends
		}
	}
	return end
}
