package loadtest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"

	"github.com/valyala/fasthttp"
)

// outcome is what a sending came to.
type outcome uint8

const (
	unanswered outcome = iota // or with 503 unavailable: it may be on record
	failed                    // refused in another way than by a decision
	shed                      // 503 overloaded: nothing was done for it
	acknowledged
)

// Codes of problems that tell more than their status.
const (
	codeUnavailable = "unavailable"
	codeOverloaded  = "overloaded"
)

// errStopped is why a scan was not sent again.
var errStopped = errors.New("loadtest: the run was stopped")

func (a *Answer) outcome() outcome {
	switch {
	case a.Status == 0, a.Status == http.StatusServiceUnavailable && a.Reason == codeUnavailable:
		return unanswered
	case a.Status == http.StatusOK && a.Decision != "":
		return acknowledged
	case a.Status == http.StatusServiceUnavailable && a.Reason == codeOverloaded:
		return shed
	}
	return failed
}

// errorKind names an error in a few words that do not differ from scan to scan.
func (a *Answer) errorKind() string {
	var dial *net.OpError
	switch {
	case a.Status != 0 && a.Reason != "":
		return strconv.Itoa(a.Status) + " " + a.Reason
	case a.Status != 0:
		return "status " + strconv.Itoa(a.Status)
	case errors.Is(a.Err, errStopped):
		return "not sent again: the run was stopped"
	case errors.Is(a.Err, fasthttp.ErrTimeout) || errors.Is(a.Err, os.ErrDeadlineExceeded):
		return "no answer in time"
	case errors.Is(a.Err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(a.Err, &dial) && dial.Op == "dial":
		return "no connection"
	case errors.Is(a.Err, io.EOF) || errors.Is(a.Err, fasthttp.ErrConnectionClosed) || errors.Is(a.Err, syscall.ECONNRESET):
		return "connection cut"
	}
	return "other"
}

func statusText(status int) string {
	if status == 0 {
		return "none"
	}
	return strconv.Itoa(status)
}
