package gateway

import "testing"

// TestThreatsAreInTheTree: the table of threats names tests that exist.
func TestThreatsAreInTheTree(t *testing.T) {
	t.Parallel()
	namesTests(t, "threats.go", 60)
}
