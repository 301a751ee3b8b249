//go:build !linux

package rig

import (
	"errors"
	"os/exec"
	"syscall"
)

// tie keeps a Ctrl-C at the terminal from reaching the child before its owner has
// read what it needs.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func pin(cpus []int) error {
	if len(cpus) > 0 {
		return errors.New("rig: processes can be kept on processors on Linux only")
	}
	return nil
}
