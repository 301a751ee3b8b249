package rig

import (
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// tie has the child told to end when this process dies, and keeps a Ctrl-C at
// the terminal from reaching it before its owner has read what it needs.
func tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// pin keeps the calling thread, and the processes that it starts from now on, on
// some processors; all of them if there are none in the list. The goroutine must
// be locked to its thread, and the thread end with it.
func pin(cpus []int) error {
	if len(cpus) == 0 {
		return nil
	}
	var set unix.CPUSet
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("rig: keep a process on CPUs %v: %w", cpus, err)
	}
	return nil
}
