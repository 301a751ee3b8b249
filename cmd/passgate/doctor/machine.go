package doctor

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Machine is what the kernel tells of itself and of the server's process. What is not
// known, as on systems without /proc, is zero and not judged.
type Machine struct {
	HugePages   string // transparent ones: always, madvise or never
	Overcommit  string // vm.overcommit_memory: 0, 1 or 2
	Files       uint64 // how many the process may have open, hard limit
	MemoryLimit uint64 // bytes that its control group may use, 0: no limit
	GoLimit     string // its GOMEMLIMIT
	// OwnRedis: the managed Redis runs here, in the same control group.
	OwnRedis bool
	// Connections that the gateway accepts at most.
	Connections uint64
}

// LookAtMachine reads /proc and /sys below root, "/" but in tests. pid is the running
// server's process; 0: as this one. goLimit is this process's GOMEMLIMIT.
func LookAtMachine(root string, pid int, goLimit string) Machine {
	m := Machine{GoLimit: goLimit}
	read := func(parts ...string) string {
		text, _ := os.ReadFile(filepath.Join(append([]string{root}, parts...)...)) // "" is not known
		return strings.TrimSpace(string(text))
	}
	if _, chosen, ok := strings.Cut(read("sys/kernel/mm/transparent_hugepage/enabled"), "["); ok {
		m.HugePages, _, _ = strings.Cut(chosen, "]")
	}
	m.Overcommit = read("proc/sys/vm/overcommit_memory")
	process := "self"
	if pid != 0 {
		process = strconv.Itoa(pid)
		m.GoLimit = ""
		for pair := range strings.SplitSeq(read("proc", process, "environ"), "\x00") {
			if value, ok := strings.CutPrefix(pair, "GOMEMLIMIT="); ok {
				m.GoLimit = value
			}
		}
	}
	lines := bufio.NewScanner(strings.NewReader(read("proc", process, "limits")))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "Max open files"); ok {
			if words := strings.Fields(rest); len(words) > 1 {
				m.Files, _ = strconv.ParseUint(words[1], 10, 64) // "unlimited" is 0
			}
		}
	}
	for line := range strings.Lines(read("proc", process, "cgroup")) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			m.MemoryLimit = groupLimit(filepath.Join(root, "sys/fs/cgroup"), group)
		}
	}
	return m
}

// groupLimit is the least memory.max of a group and those around it.
func groupLimit(mount, group string) (least uint64) {
	for at := filepath.Clean("/" + group); ; at = filepath.Dir(at) {
		text, _ := os.ReadFile(filepath.Join(mount, at, "memory.max"))
		if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && (least == 0 || n < least) { // "max" is no number
			least = n
		}
		if at == "/" {
			return least
		}
	}
}

// spareFiles are those beside clients' connections: Redis, journal, archive, logs.
const spareFiles = 500

// Check judges a machine.
func (m *Machine) Check() []Finding {
	f := &findings{where: "this machine"}
	if m.OwnRedis && m.HugePages == "always" {
		f.add(Warning, "machine-hugepages", "transparent huge pages are always used", "while Redis rewrites its file it stalls, and every gate waits with it",
			"echo madvise >/sys/kernel/mm/transparent_hugepage/enabled, at each boot")
	}
	if m.OwnRedis && m.Overcommit == "0" {
		f.add(Warning, "machine-overcommit", "vm.overcommit_memory is 0", "with little memory left Redis cannot rewrite its file, which then grows without end",
			"sysctl vm.overcommit_memory=1, and the same line in /etc/sysctl.d/passgate.conf")
	}
	if m.Files > 0 && m.Files < m.Connections+spareFiles {
		f.add(Warning, "files-limit", fmt.Sprintf("the server may have %d files open; it accepts up to %d connections", m.Files, m.Connections),
			"at the end of the limit no more phones connect, in the rush hour first", "LimitNOFILE=65536 in the unit, ulimits in compose, or: ulimit -n 65536")
	}
	if m.MemoryLimit > 0 && m.GoLimit == "" {
		f.add(Warning, "memory-limit", fmt.Sprintf("the control group may use %d MiB and GOMEMLIMIT is not set", m.MemoryLimit>>20),
			"the server does not know of the limit and is killed under load, with all its gates", fmt.Sprintf("GOMEMLIMIT=%dMiB in its environment, less what a managed Redis needs", m.MemoryLimit>>20*8/10))
	}
	return f.all
}
