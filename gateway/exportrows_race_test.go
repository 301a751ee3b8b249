//go:build race

package gateway

// exportRows is few: the race detector makes an export fifteen times slower, and
// the figure is that of a run without it.
const exportRows = 20_000
