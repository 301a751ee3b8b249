package gateway

import (
	"net"
	"net/netip"
	"sync"
)

// MaxConnections is how many connections a server keeps at once.
const MaxConnections = maxConnections

// maxPerAddress is how many connections one address may hold, so that it takes
// several to use up all that the server keeps. A whole compound behind one
// router stays far below.
const maxPerAddress = maxConnections / 4

// door counts the open connections of each address. Its memory is bounded by
// the number of connections.
type door struct {
	exempt func(netip.Addr) bool // proxies, which stand for many

	mu   sync.Mutex
	open map[netip.Addr]int
}

// enter lets a connection in, or not; leave has to be called when it closes.
func (d *door) enter(conn net.Conn) (leave func(), ok bool) {
	from, isAddr := netip.ParseAddrPort(conn.RemoteAddr().String())
	if isAddr != nil || d.exempt(from.Addr().Unmap()) { // another kind of socket has no addresses
		return func() {}, true
	}
	addr := coarse(from.Addr())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[addr] >= maxPerAddress {
		return nil, false
	}
	d.open[addr]++
	return sync.OnceFunc(func() { d.leave(addr) }), true
}

func (d *door) leave(addr netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[addr]--; d.open[addr] == 0 {
		delete(d.open, addr)
	}
}

// coarse is an address as limits count it: of IPv6 the first 64 bits, since
// whoever has one has 2^64 of them.
func coarse(addr netip.Addr) netip.Addr {
	if addr = addr.Unmap().WithZone(""); addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().Addr()
	}
	return addr
}
