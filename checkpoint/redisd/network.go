package redisd

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

const (
	// busOffset is where a node's cluster bus listens, above its own port.
	busOffset = 10000
	// Ports and their bus ports both stay under the range from which the kernel
	// takes ports for outgoing connections (32768 and up on Linux).
	firstPort = 11000
	lastPort  = 22000
)

// loopbackHost is the address by which clients reach every server.
const loopbackHost = "127.0.0.1"

// freePort finds a port of the host that is free together with its bus port.
func freePort(host string) (int, error) {
	for range 200 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // a port, not a secret
		if portFree(host, port) && portFree(host, port+busOffset) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("redisd: no free pair of ports between %d and %d on %s", firstPort, lastPort, host)
}

func portFree(host string, port int) bool {
	l, err := net.Listen("tcp", address(host, port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// network joins servers that each have a loopback address of their own, so that
// a wire knows who is at either end and any two can be parted, as by a cut cable:
// nothing arrives and nobody is told. It needs the whole of 127.0.0.0/8, which
// Linux has.
type network struct {
	mu      sync.Mutex
	parted  map[[2]string]bool
	changed chan struct{} // closed at the next change
	wires   []*wire
}

func newNetwork() *network {
	return &network{parted: map[[2]string]bool{}, changed: make(chan struct{})}
}

// part cuts both directions between each of one side and each of the other.
func (n *network) part(one, other []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range one {
		for _, b := range other {
			if a != b {
				n.parted[[2]string{a, b}], n.parted[[2]string{b, a}] = true, true
			}
		}
	}
	n.wake()
}

// heal joins all again. Connections that were cut are closed: what they held
// back is lost, as after a long outage.
func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.parted)
	n.wake()
}

func (n *network) wake() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// severed tells whether the two are parted, and when to ask again.
func (n *network) severed(a, b string) (bool, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.parted[[2]string{a, b}], n.changed
}

// closeIfAny closes all wires; nothing on a nil network.
func (n *network) closeIfAny() {
	if n == nil {
		return
	}
	n.mu.Lock()
	wires := n.wires
	n.wires = nil
	n.mu.Unlock()
	for _, w := range wires {
		w.close()
	}
}

// lay opens a port on the loopback that leads to a port of the host, and
// returns its number.
func (n *network) lay(host string, port int) (int, error) {
	l, err := net.Listen("tcp", address(loopbackHost, 0))
	if err != nil {
		return 0, fmt.Errorf("redisd: lay a wire: %w", err)
	}
	w := &wire{net: n, listener: l, host: host, target: address(host, port), done: make(chan struct{}), ends: map[net.Conn]bool{}}
	w.work.Go(w.accept)
	n.mu.Lock()
	n.wires = append(n.wires, w)
	n.mu.Unlock()
	return l.Addr().(*net.TCPAddr).Port, nil //nolint:forcetypeassert // it listens on TCP
}

// wire carries connections to one port of one server.
type wire struct {
	net          *network
	listener     net.Listener
	host, target string
	done         chan struct{}
	work         sync.WaitGroup

	mu   sync.Mutex
	ends map[net.Conn]bool // nil when closed
}

func (w *wire) close() {
	close(w.done)
	_ = w.listener.Close()
	w.mu.Lock()
	for c := range w.ends {
		_ = c.Close()
	}
	w.ends = nil
	w.mu.Unlock()
	w.work.Wait()
}

// keep remembers an end until it is dropped; false when the wire is closed.
func (w *wire) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ends == nil {
		return false
	}
	w.ends[c] = true
	return true
}

func (w *wire) drop(c net.Conn) {
	_ = c.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.ends, c)
}

func (w *wire) accept() {
	for {
		c, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.work.Go(func() { w.carry(c) })
	}
}

// carry joins one connection through, from whoever opened it to the server.
func (w *wire) carry(near net.Conn) {
	if !w.keep(near) {
		_ = near.Close()
		return
	}
	defer w.drop(near)
	from, _, _ := net.SplitHostPort(near.RemoteAddr().String())
	if w.stall(from) {
		return
	}
	far, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	if !w.keep(far) {
		_ = far.Close()
		return
	}
	defer w.drop(far)
	var back sync.WaitGroup
	back.Go(func() {
		w.pump(near, far, from)
		_, _ = near.Close(), far.Close()
	})
	w.pump(far, near, from)
	_, _ = near.Close(), far.Close()
	back.Wait()
}

// pump copies until an end closes or the two were parted.
func (w *wire) pump(to io.Writer, from io.Reader, who string) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if w.stall(who) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			w.stall(who) // a closed end is not heard of through a cut, either
			return
		}
	}
}

// stall waits while the two are parted; true if they were.
func (w *wire) stall(who string) bool {
	was := false
	for {
		cut, changed := w.net.severed(who, w.host)
		if !cut {
			return was
		}
		was = true
		select {
		case <-changed:
		case <-w.done:
			return true
		}
	}
}
