package rig

import (
	"fmt"
	"time"

	"github.com/prometheus/procfs"
)

// tick is the unit of CPU times in /proc, on every Linux of today. The kernel
// keeps the sum exactly and rounds it; how it is split into user and system is
// sampled, so the split needs some seconds to mean anything.
const tick = time.Second / 100

// Usage is what a process has used since its start, the children that it has
// waited for included (a rewrite of Redis's append-only file is one).
type Usage struct {
	User, System time.Duration
}

// Total is both.
func (u Usage) Total() time.Duration { return u.User + u.System }

// Minus is what was used since before.
func (u Usage) Minus(before Usage) Usage {
	return Usage{u.User - before.User, u.System - before.System}
}

// Used reads the account of a process.
func Used(pid int) (Usage, error) {
	stat, err := statOf(pid)
	if err != nil {
		return Usage{}, err
	}
	return Usage{
		User:   time.Duration(int64(stat.UTime)+int64(stat.CUTime)) * tick, //nolint:gosec // a count of ticks
		System: time.Duration(int64(stat.STime)+int64(stat.CSTime)) * tick, //nolint:gosec // a count of ticks
	}, nil
}

// CPU is the CPU time that a process has used, in steps of 10 ms.
func CPU(pid int) (time.Duration, error) {
	used, err := Used(pid)
	return used.Total(), err
}

// RSS is the memory that a process has in use, in bytes.
func RSS(pid int) (int64, error) {
	stat, err := statOf(pid)
	return int64(stat.ResidentMemory()), err
}

func statOf(pid int) (procfs.ProcStat, error) {
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return procfs.ProcStat{}, fmt.Errorf("rig: account of process %d: %w", pid, err)
	}
	stat, err := proc.Stat()
	if err != nil {
		return procfs.ProcStat{}, fmt.Errorf("rig: account of process %d: %w", pid, err)
	}
	return stat, nil
}
