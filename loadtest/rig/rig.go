package rig

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options says what to start. The zero value is the service as it is shipped.
type Options struct {
	// Dir is where the temporary folder is made; the system's if empty. It has to
	// lie on a disk: in memory a durable write costs nothing.
	Dir string
	// Args are further flags of serve. No secrets.
	Args []string
	// Env are further variables, such as GOGC=200.
	Env []string
	// CPUs are the processors on which gateway and Redis run; all if empty.
	CPUs []int
}

// startWithin bounds a start.
const startWithin = time.Minute

// Rig is a running `passgate serve` with its managed Redis.
type Rig struct {
	URL        string // http://127.0.0.1:port
	MetricsURL string
	AdminToken string // a session of the administrator, good for 12 h
	DataDir    string // folder of keys and Redis; the key ring is in DataDir/keys

	GatewayPID  int
	RedisPID    int
	RedisSocket string
	// Redis is signed in as the operator, who may ask for statistics. The
	// gateway does not use it.
	Redis *redis.Client

	child *Child
}

// Start runs the service and returns when it is ready and has let the
// administrator in. The caller closes the Rig.
func Start(ctx context.Context, o Options) (_ *Rig, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	r := new(Rig)
	if r.DataDir, err = os.MkdirTemp(o.Dir, "pgload-"); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	args := append([]string{
		"serve", "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0", "--redis", "managed", "--data", r.DataDir, "--log-level", "warn",
	}, o.Args...)
	if r.child, err = Spawn(binary, o.Env, o.CPUs, args...); err != nil {
		return nil, err
	}
	r.GatewayPID = r.child.PID
	if err := r.meet(ctx); err != nil {
		return nil, err
	}
	return r, r.findRedis()
}

// meet reads what the server prints for whoever started it, and signs in.
func (r *Rig) meet(ctx context.Context) error {
	password, err := r.child.Said(ctx, "admin login") // NAME / PASSWORD
	if err != nil {
		return err
	}
	at, err := r.child.Said(ctx, "passgate serves on")
	if err != nil {
		return err
	}
	metrics, err := r.child.Said(ctx, "metrics")
	if err != nil {
		return err
	}
	if len(at) == 0 || len(metrics) == 0 || len(password) < 3 {
		return errors.New("rig: what the server printed at its start is not understood")
	}
	r.URL, r.MetricsURL = at[0], metrics[0]
	for {
		if _, err = get(ctx, r.URL+"/readyz"); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("rig: the server does not become ready: %w", err)
		case <-r.child.Ended():
			return fmt.Errorf("rig: the server ended: %w\n%s", r.child.outcome(), r.child.Complaints())
		case <-time.After(10 * time.Millisecond):
		}
	}
	r.AdminToken, err = signIn(ctx, r.URL, password[0], password[2])
	return err
}

// findRedis finds the server's Redis by its folder.
func (r *Rig) findRedis() error {
	dir := filepath.Join(r.DataDir, "redis")
	text, err := os.ReadFile(filepath.Join(dir, "redis.pid"))
	if err != nil {
		return fmt.Errorf("rig: which process Redis is: %w", err)
	}
	if r.RedisPID, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
		return fmt.Errorf("rig: which process Redis is: %w", err)
	}
	// Where the path is too long for a socket this is a link to it.
	if r.RedisSocket, err = filepath.EvalSymlinks(filepath.Join(dir, "redis.sock")); err != nil {
		return fmt.Errorf("rig: socket of Redis: %w", err)
	}
	secret, err := os.ReadFile(filepath.Join(dir, "operator.secret"))
	if err != nil {
		return fmt.Errorf("rig: password of Redis's operator: %w", err)
	}
	r.Redis = redis.NewClient(operator(r.RedisSocket, strings.TrimSpace(string(secret))))
	return nil
}

// Close ends gateway and Redis and removes their folder. It is safe to call on a
// Rig that was only half started, and twice.
func (r *Rig) Close() error {
	var err error
	if r.Redis != nil {
		_ = r.Redis.Close()
		r.Redis = nil
	}
	if r.child != nil {
		err = r.child.Close()
		r.child = nil
	}
	return errors.Join(err, os.RemoveAll(r.DataDir))
}

// Ended is closed when the gateway has ended, by itself or by Close.
func (r *Rig) Ended() <-chan struct{} { return r.child.Ended() }

// Complaints are the last lines that the gateway logged, warnings and worse.
func (r *Rig) Complaints() string { return r.child.Complaints() }

// Metrics reads the gateway's figures: names, with labels as they are printed,
// and values. Of interest here: go_goroutines, go_memstats_heap_alloc_bytes.
func (r *Rig) Metrics(ctx context.Context) (map[string]float64, error) {
	page, err := get(ctx, r.MetricsURL)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(page))
	for lines.Scan() {
		name, value, _ := cutLast(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil && !strings.HasPrefix(name, "#") {
			values[name] = v
		}
	}
	return values, lines.Err()
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// signIn trades the administrator's password for a session.
func signIn(ctx context.Context, base, login, password string) (string, error) {
	body, err := json.Marshal(map[string]string{"login": login, "password": password})
	if err != nil {
		return "", fmt.Errorf("rig: sign in: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/login", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("rig: sign in: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := do(req)
	if err != nil {
		return "", fmt.Errorf("rig: sign in: %w", err)
	}
	var session struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(answer, &session); err != nil || session.Token == "" {
		return "", errors.New("rig: sign in: the answer holds no session")
	}
	return session.Token, nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	return do(req)
}

func do(req *http.Request) ([]byte, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err //nolint:wrapcheck // names the URL, which holds no secret
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: status %d", req.Method, req.URL.Path, res.StatusCode)
	}
	return body, err
}
