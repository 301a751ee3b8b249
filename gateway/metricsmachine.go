package gateway

import (
	"crypto/tls"
	"crypto/x509"
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

// maxCertificates bounds how many hosts' certificates are remembered.
const maxCertificates = 64

// servedCertificates remembers when the certificates end that clients were shown.
type servedCertificates struct {
	mu   sync.Mutex
	ends map[string]time.Time // by the first name of each
}

// watchTLS shows when the certificates in use end. It gives the configuration that
// tells it of them.
func (m *Metrics) watchTLS(config *tls.Config) *tls.Config {
	served := &servedCertificates{ends: map[string]time.Time{}}
	desc := figure("passgate_tls_expiry_seconds", "Time until the first of the certificates ends that clients are shown. Without TLS, or as long as no client came, there is no figure.")
	_ = m.registry.Register(figures{[]*prometheus.Desc{desc}, func(out chan<- prometheus.Metric) {
		if end := served.first(); !end.IsZero() {
			out <- gauge(desc, time.Until(end).Seconds())
		}
	}})
	config = config.Clone()
	source := config.GetCertificate
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, err := source(hello)
		if err == nil && c != nil && !slices.Contains(hello.SupportedProtos, acme.ALPNProto) { // an authority's look is shown another one
			served.note(c)
		}
		return c, err
	}
	return config
}

func (s *servedCertificates) note(c *tls.Certificate) {
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
	if _, known := s.ends[name]; known || len(s.ends) < maxCertificates {
		s.ends[name] = leaf.NotAfter
	}
}

func (s *servedCertificates) first() (end time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.ends {
		if end.IsZero() || at.Before(end) {
			end = at
		}
	}
	return end
}
