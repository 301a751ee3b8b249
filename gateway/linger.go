package gateway

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// How much of a refused body is read and thrown away, and for how long, so
// that the client gets to read the refusal: closing a connection with unread
// data resets it, and the answer is lost on the way.
const (
	lingerBytes = 8 << 20
	lingerTime  = 2 * time.Second
)

// lingerListener hands out connections that can linger, as many as the door
// lets in.
type lingerListener struct {
	net.Listener
	door *door
}

// Accept waits for the next connection.
func (l lingerListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err //nolint:wrapcheck // the server compares it
		}
		if leave, ok := l.door.enter(conn); ok {
			return &lingerConn{Conn: conn, leave: leave}, nil
		}
		_ = conn.Close()
	}
}

// lingerConn closes as usual, or, once asked to, after reading on for a bit.
type lingerConn struct {
	net.Conn
	linger atomic.Bool
	leave  func()
}

// Close ends the connection.
func (c *lingerConn) Close() error {
	defer c.leave()
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger.Swap(false) {
		if half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
	}
	return c.Conn.Close() //nolint:wrapcheck // as the server expects it
}
