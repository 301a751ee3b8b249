package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"

	"passgate/gateway"
)

// tlsSelf is the mode in which the server vouches for itself.
const tlsSelf = "self"

// mostPhoneAddresses is how many addresses are printed at start.
const mostPhoneAddresses = 4

var dnsName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// checkSelf looks at --tls and --tls-host.
func (f tlsFlags) checkSelf() error {
	switch {
	case f.Mode != "" && f.Mode != tlsSelf:
		return badInput("--tls %q: the only mode is self; with certificates of others give --tls-cert or --tls-auto", clip(f.Mode, 80))
	case f.Mode != "" && (f.Cert != "" || len(f.Auto) > 0):
		return badInput("--tls self, --tls-cert and --tls-auto are three ways to get a certificate: give one")
	case f.Mode == "" && len(f.Hosts) > 0:
		return badInput("--tls-host is about --tls self, which is not given")
	}
	for _, host := range f.Hosts {
		at, err := netip.ParseAddr(host)
		if err == nil && at.Zone() == "" && !at.IsUnspecified() || err != nil && len(host) <= 253 && dnsName.MatchString(host) {
			continue
		}
		return badInput("--tls-host %q: give a name in small letters or an address, such as gate.example.org or 203.0.113.7", clip(host, 80))
	}
	return nil
}

// fromSelf vouches for this machine's addresses.
func (f tlsFlags) fromSelf(data string, logger *slog.Logger) (*certificates, error) {
	local, err := gateway.OpenLocalCA(filepath.Join(data, "keys", "tls"), f.Hosts, machineHosts)
	if err != nil {
		return nil, badInput("--tls self: %w", err)
	}
	return &certificates{
		config: gateway.ServerTLS(local.Certificate),
		serves: local.Serves,
		answer: func(next http.Handler) http.Handler { return next },
		keep:   func(ctx context.Context) { local.Watch(ctx, keyPoll, logger) },
		local:  local,
	}, nil
}

// phoneAddresses are where a phone finds the page of the local certificate:
// over plain http if there is a listener for that, as no phone trusts the
// certificate yet.
func (s *server) phoneAddresses() (list []string) {
	scheme, ln := "https", s.listener
	if s.redirect != nil {
		scheme, ln = "http", s.redirect
	}
	at, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	hosts := s.tls.local.Hosts()
	if !at.IP.IsUnspecified() {
		hosts = []string{at.IP.String()} // nothing else is listened on
	}
	for _, host := range hosts[:min(len(hosts), mostPhoneAddresses)] {
		list = append(list, scheme+"://"+net.JoinHostPort(host, strconv.Itoa(at.Port))+"/ca")
	}
	return list
}
