//go:build !linux

package redisd

import "syscall"

// childAttr keeps a Ctrl-C at the terminal from reaching the child before the
// owner has drained its requests. There is no signal at the owner's death here;
// the next Start replaces what it left.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
