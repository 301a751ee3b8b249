package main

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// hostname is the machine's name as it may stand in a certificate, "" if it has
// none.
func hostname() string {
	name, err := os.Hostname()
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if err != nil || name == "localhost" || len(name) > 253 || !dnsName.MatchString(name) {
		return ""
	}
	return name
}

// machineHosts are the addresses of this machine that others can reach, that of
// the route to everywhere first, IPv4 before IPv6, and its names.
func machineHosts() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("network interfaces: %w", err)
	}
	var found []netip.Addr
	for _, each := range interfaces {
		if each.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := each.Addrs()
		if err != nil {
			continue // it went away meanwhile
		}
		for _, addr := range addrs {
			if prefix, err := netip.ParsePrefix(addr.String()); err == nil && prefix.Addr().IsGlobalUnicast() {
				found = append(found, prefix.Addr().Unmap())
			}
		}
	}
	main := mainAddress()
	slices.SortFunc(found, func(a, b netip.Addr) int {
		return cmp.Or(-cmp.Compare(rank(a, main), rank(b, main)), a.Compare(b))
	})
	hosts := make([]string, 0, len(found)+2)
	for _, addr := range slices.Compact(found) {
		hosts = append(hosts, addr.String())
	}
	if name := hostname(); name != "" {
		hosts = append(hosts, name)
		if !strings.Contains(name, ".") {
			hosts = append(hosts, name+".local")
		}
	}
	return hosts, nil
}

// rank is higher for an address that a phone is likelier to reach.
func rank(addr, main netip.Addr) int {
	switch {
	case addr == main:
		return 2
	case addr.Is4():
		return 1
	}
	return 0
}

// mainAddress is the one that this machine would use towards the internet; no
// packet is sent to find out.
func mainAddress() netip.Addr {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = conn.Close() }()
	at, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}
