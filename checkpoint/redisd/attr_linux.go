package redisd

import "syscall"

// childAttr ties the child to its owner's life, and keeps a Ctrl-C at the
// terminal from reaching it before the owner has drained its requests.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
