package main

import (
	"context"
	"errors"
	"fmt"
)

// Exit codes.
const (
	exitOK          = 0
	exitNo          = 1
	exitUsage       = 2
	exitBackend     = 3
	exitInterrupted = 130
)

// exitError is an error with the exit code it ends the process with. Without an
// err everything was said already.
type exitError struct {
	code int
	err  error
}

// Error gives the cause.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

// Unwrap gives the cause.
func (e *exitError) Unwrap() error { return e.err }

// ExitCode is the process's exit code.
func (e *exitError) ExitCode() int { return e.code }

// errRefused says no, quietly: the output has the reasons.
var errRefused error = &exitError{code: exitNo}

// badInput is for wrong usage and files that cannot be used.
func badInput(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// unreachable is for a server or store that does not answer.
func unreachable(format string, args ...any) error {
	return &exitError{exitBackend, fmt.Errorf(format, args...)}
}

// report tells the user about an error and gives the exit code.
func report(ctx context.Context, con *console, err error) int {
	if err == nil {
		return exitOK
	}
	var coded interface{ ExitCode() int }
	code := exitNo
	if errors.As(err, &coded) {
		code = coded.ExitCode()
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		con.say("passgate: interrupted")
		return exitInterrupted
	}
	var quiet *exitError
	if !errors.As(err, &quiet) || quiet.err != nil {
		con.say("passgate: %s", plain(err.Error()))
	}
	return code
}
