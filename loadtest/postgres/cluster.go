package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"passgate/loadtest/rig"
)

// settings are what the cluster runs with beyond PostgreSQL's defaults. The first
// three are the defaults, said because durability is what is compared.
var settings = [][2]string{
	{"fsync", "on"},
	{"synchronous_commit", "on"},
	{"full_page_writes", "on"},
	{"listen_addresses", ""}, // a unix socket, as between passgate and its Redis
	{"max_connections", "300"},
	{"shared_buffers", "2GB"}, // all of a town of 100,000 and a day of its events
	{"random_page_cost", "1.0"},
	{"jit", "off"},
	{"plan_cache_mode", "force_generic_plan"},
	{"wal_level", "minimal"}, // no replica, as the gate's Redis has none
	{"max_wal_senders", "0"},
	{"wal_compression", "lz4"},
	{"wal_buffers", "64MB"},
	{"max_wal_size", "8GB"},
	{"checkpoint_timeout", "15min"},
	{"update_process_title", "off"},
}

// startWithin and stopWithin bound what the cluster takes.
const (
	startWithin = time.Minute
	stopWithin  = time.Minute
)

// cluster is a PostgreSQL of our own in a temporary folder.
type cluster struct {
	bin  string // folder of its programs
	dir  string
	as   *syscall.Credential // nil: this user
	pid  int                 // of the postmaster, 0: not running
	more [][2]string         // settings
}

var errNotInstalled = errors.New("PostgreSQL 14 or newer is not installed; on Debian or Ubuntu: apt-get install postgresql")

// startCluster makes and starts a cluster. dir has to lie on a disk: in memory a
// durable write costs nothing.
func startCluster(ctx context.Context, dir string, more [][2]string) (_ *cluster, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	c := &cluster{more: more}
	if c.bin, err = programs(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp(dir, "pgload-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if os.Geteuid() == 0 {
		if err := c.becomePostgres(); err != nil {
			return nil, err
		}
	}
	// Whoever may open the socket may do anything: the folder is its owner's and root's.
	if err := c.run(ctx, "initdb", "-D", c.dir, "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8"); err != nil {
		return nil, err
	}
	var conf strings.Builder
	for _, s := range append(append([][2]string{}, settings...), c.more...) {
		fmt.Fprintf(&conf, "%s = '%s'\n", s[0], s[1])
	}
	fmt.Fprintf(&conf, "unix_socket_directories = '%s'\n", c.dir)
	if err := os.WriteFile(filepath.Join(c.dir, "postgresql.auto.conf"), []byte(conf.String()), 0o600); err != nil {
		return nil, err
	}
	if err := c.chown(filepath.Join(c.dir, "postgresql.auto.conf")); err != nil {
		return nil, err
	}
	if err := c.run(ctx, "pg_ctl", "-D", c.dir, "-l", filepath.Join(c.dir, "log"), "-w", "start"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(c.dir, "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	c.pid, err = strconv.Atoi(first)
	return c, err
}

// programs finds the newest PostgreSQL that is installed.
func programs() (string, error) {
	newest, version := "", 0
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		found, _ := filepath.Glob(pattern)
		for _, dir := range found {
			parent := filepath.Base(filepath.Dir(dir))
			if v, err := strconv.Atoi(strings.TrimPrefix(parent, "pgsql-")); err == nil && v > version {
				newest, version = dir, v
			}
		}
	}
	if version >= 14 {
		return newest, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	return "", errNotInstalled
}

// becomePostgres has the cluster run as the user postgres, to whom the folder goes.
func (c *cluster) becomePostgres() error {
	who, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres to run it as: %w", err)
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return err
	}
	c.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return c.chown(c.dir)
}

func (c *cluster) chown(path string) error {
	if c.as == nil {
		return nil
	}
	return os.Chown(path, int(c.as.Uid), int(c.as.Gid))
}

func (c *cluster) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as, Setpgid: true}
	cmd.Dir = c.dir
	// Not a pipe: the postmaster would hold it open.
	out, err := os.CreateTemp("", "pgload-out-")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w\n%s", program, err, said)
	}
	return nil
}

// DSN is how to connect to it.
func (c *cluster) DSN() string { return "host=" + c.dir + " user=postgres dbname=postgres" }

// Used is what all its processes have used: the postmaster, the backends that it
// has waited for, and its children of now, which are backends, checkpointer,
// writers, autovacuum.
func (c *cluster) Used() (rig.Usage, error) {
	sum, err := rig.Used(c.pid)
	if err != nil {
		return sum, err
	}
	all, err := procfs.AllProcs()
	if err != nil {
		return sum, err
	}
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil || stat.PPID != c.pid { // it may just have ended
			continue
		}
		used, err := rig.Used(p.PID)
		if err != nil {
			continue
		}
		sum.Total, sum.User, sum.System = sum.Total+used.Total, sum.User+used.User, sum.System+used.System
	}
	return sum, nil
}

// Close stops the cluster and removes its folder. It is safe to call twice.
func (c *cluster) Close() error {
	var err error
	if c.pid != 0 {
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		defer cancel()
		err = c.run(ctx, "pg_ctl", "-D", c.dir, "-m", "fast", "-w", "stop")
		c.pid = 0
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}
