package rig

import (
	"fmt"
	"time"

	"github.com/prometheus/procfs"
)

// tick is the unit of CPU times in /proc, on every Linux of today.
const tick = time.Second / 100

// Usage is what a process has used since its start, the children that it has
// waited for included (a rewrite of Redis's append-only file is one).
type Usage struct {
	// Total is exact, but for the children: those in steps of 10 ms.
	Total time.Duration
	// User and System are how it is split. The kernel samples that, in steps of
	// 10 ms: it takes some seconds to mean anything.
	User, System time.Duration
}

// Minus is what was used since before.
func (u Usage) Minus(before Usage) Usage {
	return Usage{u.Total - before.Total, u.User - before.User, u.System - before.System}
}

// Used reads the account of a process.
func Used(pid int) (Usage, error) {
	stat, err := statOf(pid)
	if err != nil {
		return Usage{}, err
	}
	total, err := processClock(pid)
	if err != nil {
		return Usage{}, err
	}
	ticks := func(n int64) time.Duration { return time.Duration(n) * tick }
	children := [2]int64{int64(stat.CUTime), int64(stat.CSTime)}
	return Usage{
		Total:  total + ticks(children[0]+children[1]),
		User:   ticks(int64(stat.UTime) + children[0]), //nolint:gosec // a count of ticks
		System: ticks(int64(stat.STime) + children[1]), //nolint:gosec // a count of ticks
	}, nil
}

// CPU is the CPU time that a process has used.
func CPU(pid int) (time.Duration, error) {
	used, err := Used(pid)
	return used.Total, err
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
