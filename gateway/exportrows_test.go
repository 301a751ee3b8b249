//go:build !race

package gateway

// exportRows is how many rows the test of exports in constant memory writes.
const exportRows = 200_000
