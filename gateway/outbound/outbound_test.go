package outbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func post(t *testing.T, c *Caller, url string) (int, string, error) {
	t.Helper()
	status, answer, err := c.Post(t.Context(), url, http.Header{"X-Test": {"1"}}, []byte("{}"))
	return status, string(answer), err
}

// TestNothingInsideIsCalled: neither by address, nor by a name that leads inside when
// it is called, nor by a redirect.
func TestNothingInsideIsCalled(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inside.Close()
	c := New(nil)
	for _, url := range []string{
		inside.URL, "https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[fe80::1]/",
		"https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://100.64.0.1/", "https://[fd00:ec2::254]/",
	} {
		if err := c.Vet(url); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s is taken: %v", url, err)
		}
		if _, _, err := post(t, c, url); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s is called: %v", url, err)
		}
	}
	for _, url := range []string{"http://example.org/", "http://localhost/", "file:///etc/passwd", "gopher://example.org/", "//example.org", ""} {
		if c.Vet(url) == nil {
			t.Errorf("%s is taken", url)
		}
	}

	// A name says nothing until it is dialled: what it leads to then is looked at.
	name := strings.Replace(inside.URL, "127.0.0.1", "localhost", 1)
	if err := c.Vet(name); err != nil {
		t.Errorf("a name: %v", err)
	}
	if _, _, err := post(t, c, name); !errors.Is(err, ErrForbidden) {
		t.Errorf("a name that leads inside is called: %v", err)
	}

	away := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect))
	defer away.Close()
	if status, _, err := post(t, New(loopback), away.URL); status != http.StatusTemporaryRedirect || err != nil {
		t.Errorf("a redirect: %d, %v", status, err)
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("what is inside was reached %d times", n)
	}
	if err := New(loopback).Vet("https://10.0.0.1/"); !errors.Is(err, ErrForbidden) {
		t.Errorf("what is not allowed: %v", err)
	}
}

// TestReceiversCannotHoldUsUp: one that is slow, silent, endless or gone costs 5 s
// and 4 KiB, and its URL is in no error.
func TestReceiversCannotHoldUsUp(t *testing.T) {
	t.Parallel()
	c := New(loopback)
	c.deadline = 300 * time.Millisecond
	end := make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-end:
			}
		case "/drip":
			for {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				w.(http.Flusher).Flush() //nolint:forcetypeassert // of net/http
				select {
				case <-r.Context().Done():
					return
				case <-end:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		case "/endless":
			for range 1000 {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		default:
			if r.Header.Get("X-Test") != "1" || r.Method != http.MethodPost {
				w.WriteHeader(http.StatusBadRequest)
			}
		}
	}))
	defer receiver.Close()
	defer close(end)
	if status, _, err := post(t, c, receiver.URL+"/hook"); status != http.StatusOK || err != nil {
		t.Errorf("a good receiver: %d, %v", status, err)
	}
	if _, answer, err := post(t, c, receiver.URL+"/endless"); len(answer) != maxAnswer || err != nil {
		t.Errorf("an endless answer: %d bytes, %v", len(answer), err)
	}
	for _, path := range []string{"/slow", "/drip"} {
		began := time.Now()
		_, _, err := post(t, c, receiver.URL+path+"?key=s3cret")
		if err == nil || strings.Contains(err.Error(), "s3cret") || time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %v", path, err, time.Since(began))
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, url := range []string{gone.URL + "/?key=s3cret", strings.Replace(receiver.URL, "http:", "https:", 1) + "/?key=s3cret"} {
		if _, _, err := post(t, c, url); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestAllowedAddressesAreRead(t *testing.T) {
	t.Parallel()
	all, err := ParseAllowed([]string{"10.1.2.3/16", "192.168.1.9", "fd00::/8"})
	if err != nil || len(all) != 3 || all[0].String() != "10.1.0.0/16" || all[1].String() != "192.168.1.9/32" {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := ParseAllowed([]string{"example.org"}); err == nil {
		t.Error("a name is taken")
	}
}
