package loadtest

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ThisMachine describes the machine; what cannot be read is left empty.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), CPU: runtime.GOARCH, Kernel: runtime.GOOS}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if name := valueOf(string(text), "model name"); name != "" {
			m.CPU = name
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel += " " + strings.TrimSpace(string(text))
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		kB, _ := strconv.ParseInt(strings.TrimSuffix(valueOf(string(text), "MemTotal"), " kB"), 10, 64)
		m.Memory = kB << 10
	}
	return m
}

// valueOf is the value of the first "name: value" line.
func valueOf(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// usage is what this process has used of the processors until a time.
type usage struct {
	at  time.Time
	cpu time.Duration
}

func usageNow() usage {
	u := usage{at: time.Now()}
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) == nil {
		u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	return u
}

// coresSince is how many processors were busy with this process since before.
func (u usage) coresSince(before usage) float64 {
	if wall := u.at.Sub(before.at); wall > 0 {
		return float64(u.cpu-before.cpu) / float64(wall)
	}
	return 0
}
