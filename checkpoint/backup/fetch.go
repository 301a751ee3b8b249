package backup

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// silence is how long a master may send nothing: while it waits to fork it
	// sends a line break every few seconds.
	silence = 60 * time.Second
	// markSize is the length of the mark that ends data of unknown length.
	markSize = 40
)

// node is a master that is sending its data.
type node struct {
	name string
	conn net.Conn
	in   *bufio.Reader
	size int64  // -1: up to mark
	mark []byte // nil: size bytes
	done func() bool
}

// masters lists a client for each master.
func masters(ctx context.Context, client redis.UniversalClient) ([]*redis.Client, error) {
	switch c := client.(type) {
	case *redis.Client:
		return []*redis.Client{c}, nil
	case *redis.ClusterClient:
		var mu sync.Mutex
		var all []*redis.Client
		err := c.ForEachMaster(ctx, func(_ context.Context, m *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, m)
			return nil
		})
		slices.SortFunc(all, func(a, b *redis.Client) int { return strings.Compare(a.Options().Addr, b.Options().Addr) })
		return all, err
	}
	return nil, fmt.Errorf("backup: cannot copy over a %T", client)
}

// attachAll begins the copy of every master and returns when each has forked.
func attachAll(ctx context.Context, client redis.UniversalClient) (nodes []*node, err error) {
	before, err := layout(ctx, client)
	if err != nil {
		return nil, err
	}
	all, err := masters(ctx, client)
	if err != nil {
		return nil, unreachable(err)
	}
	nodes, errs := make([]*node, len(all)), make([]error, len(all))
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() { nodes[i], errs[i] = attach(ctx, c) })
	}
	wg.Wait()
	err = errors.Join(errs...)
	if err == nil {
		var after string
		if after, err = layout(ctx, client); err == nil && after != before {
			err = ErrMoving
		}
	}
	if err != nil {
		closeAll(nodes)
		return nil, err
	}
	return nodes, nil
}

func closeAll(nodes []*node) {
	for _, n := range nodes {
		if n != nil {
			n.close()
		}
	}
}

// layout tells which slots lie where in a cluster, "" where there is none. Slots
// that are being moved are an error: their keys could be missed.
func layout(ctx context.Context, client redis.UniversalClient) (string, error) {
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		return "", nil
	}
	var mu sync.Mutex
	var mine []string
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		text, err := c.ClusterNodes(ctx).Result()
		if err != nil {
			return unreachable(err)
		}
		for line := range strings.Lines(text) {
			field := strings.Fields(line)
			if len(field) < 8 || !strings.Contains(field[2], "myself") {
				continue
			}
			if strings.Contains(line, "[") {
				return ErrMoving
			}
			mu.Lock()
			mine = append(mine, field[0]+" "+strings.Join(field[8:], " "))
			mu.Unlock()
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	info, err := cluster.ClusterInfo(ctx).Result()
	if err != nil {
		return "", unreachable(err)
	}
	if !strings.Contains(info, "cluster_slots_ok:16384") {
		return "", fmt.Errorf("%w: the cluster does not serve all slots", ErrUnreachable)
	}
	slices.Sort(mine)
	return strings.Join(mine, "\n"), nil
}

// attach asks one master for its data and waits until it begins to send.
func attach(ctx context.Context, c *redis.Client) (*node, error) {
	o := c.Options()
	name := o.Addr
	conn, err := o.Dialer(ctx, o.Network, o.Addr)
	if err != nil {
		return nil, unreachable(fmt.Errorf("%s: %w", name, err))
	}
	n := &node{name: name, conn: conn, in: bufio.NewReaderSize(conn, 1<<16)}
	n.done = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err := n.ask(o.Username, o.Password); err != nil {
		n.close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, unreachable(fmt.Errorf("%s: %w", name, err))
	}
	return n, nil
}

func (n *node) close() {
	n.done()
	_ = n.conn.Close()
}

// ask signs in and sends SYNC. "rdb-only" tells the master not to keep for us
// what is written from then on; one that does not know it does so for a while.
func (n *node) ask(user, password string) error {
	if password != "" {
		args := []string{"AUTH", password}
		if user != "" {
			args = []string{"AUTH", user, password}
		}
		if err := n.command(args...); err != nil {
			return errors.New("user or password was refused")
		}
	}
	if err := n.command("REPLCONF", "capa", "eof"); err != nil {
		if strings.HasPrefix(err.Error(), "NOPERM") {
			err = errNoSync
		}
		return err
	}
	if err := n.command("REPLCONF", "rdb-only", "1"); err != nil && !strings.HasPrefix(err.Error(), "ERR") {
		return err
	}
	if err := n.send("SYNC"); err != nil {
		return err
	}
	for {
		line, err := n.line()
		switch {
		case err != nil:
			return err
		case line == "":
			continue
		case strings.HasPrefix(line, "-NOPERM"):
			return errNoSync
		case line[0] == '-':
			return fmt.Errorf("SYNC was refused: %s", line[1:])
		case strings.HasPrefix(line, "$EOF:") && len(line) == 5+markSize:
			n.size, n.mark = -1, []byte(line[5:])
			return nil
		case line[0] == '$':
			n.size, err = strconv.ParseInt(line[1:], 10, 64)
			return err
		}
		return fmt.Errorf("SYNC was answered with %.20q", line)
	}
}

var errNoSync = errors.New("this user may not SYNC: name the one for backups in the address of --redis")

func (n *node) send(args ...string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if err := n.conn.SetDeadline(time.Now().Add(silence)); err != nil {
		return err
	}
	_, err := n.conn.Write(b.Bytes())
	return err
}

func (n *node) command(args ...string) error {
	if err := n.send(args...); err != nil {
		return err
	}
	line, err := n.line()
	if err == nil && strings.HasPrefix(line, "-") {
		err = errors.New(line[1:])
	}
	return err
}

func (n *node) line() (string, error) {
	if err := n.conn.SetDeadline(time.Now().Add(silence)); err != nil {
		return "", err
	}
	line, err := n.in.ReadSlice('\n')
	return strings.TrimRight(string(line), "\r\n"), err
}

// save writes what the master sends into a file. tick is told of each piece.
func (n *node) save(ctx context.Context, path string, tick func(int64)) (err error) {
	defer n.close()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffer, held := make([]byte, 1<<16), []byte(nil)
	for left := n.size; left != 0; {
		some := buffer
		if left > 0 {
			some = buffer[:min(int64(len(buffer)), left)]
		}
		got, err := 0, n.conn.SetDeadline(time.Now().Add(silence))
		if err == nil {
			got, err = n.in.Read(some)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return unreachable(fmt.Errorf("%s broke off: %w", n.name, err))
		}
		tick(int64(got))
		if n.mark == nil {
			left -= int64(got)
			_, err = file.Write(some[:got])
		} else {
			held = append(held, some[:got]...)
			if bytes.HasSuffix(held, n.mark) {
				held, left = held[:len(held)-markSize], 0
				_, err = file.Write(held)
			} else if ready := len(held) - markSize; ready > 0 { // the mark may have begun
				_, err = file.Write(held[:ready])
				held = append(held[:0], held[ready:]...)
			}
		}
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return nil
}
