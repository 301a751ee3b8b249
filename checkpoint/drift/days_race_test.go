//go:build race

package drift_test

// simDays is few: the race detector makes the simulation ten times slower and
// has nothing to find in a pure function.
const simDays = 24
