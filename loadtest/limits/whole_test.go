package limits

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"passgate/loadtest/rig"
)

// The whole measurement, in small: its figures mean nothing, but there are all of
// them, and nothing is left running.
func TestCostAndLatencyInSmall(t *testing.T) {
	if os.Getenv("PASSGATE_LONG") == "" {
		t.Skip("set PASSGATE_LONG=1 to measure with a passgate of its own")
	}
	if os.Getenv(rig.BinaryVariable) == "" {
		binary := filepath.Join(t.TempDir(), "passgate")
		if out, err := exec.Command("go", "build", "-o", binary, "passgate/cmd/passgate").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Setenv(rig.BinaryVariable, binary)
	}
	bench := Bench{People: 2000, Seed: 1, Rig: rig.Options{Dir: t.TempDir()}, Progress: func(what string) { t.Log(what) }}
	cost, err := MeasureCost(t.Context(), CostConfig{Bench: bench, Runs: 2, Turns: 1, Scans: 1000, Connections: 32})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range cost.Figures {
		if f.Min <= 0 || f.Max < f.Min {
			t.Errorf("%s is %+v", name, f)
		}
	}
	if len(cost.Runs) != 2 || len(cost.Redis) == 0 || len(cost.Profile) == 0 || cost.Runs[0].Failed > 0 {
		t.Errorf("%+v", cost)
	}
	found, err := MeasureLatency(t.Context(), LatencyConfig{Bench: bench, Runs: 1, Rate: 100, For: 2 * time.Second, Connections: 16})
	if err != nil {
		t.Fatal(err)
	}
	if r := found.Runs[0]; r.Gateway.Count != 200 || r.Echo.Count != 200 || r.Durable.Count != 200 || r.Durable.P50 <= r.Echo.P50 || r.Errors != 0 {
		t.Errorf("%+v", r)
	}
	if left, _ := os.ReadDir(bench.Rig.Dir); len(left) > 0 {
		t.Errorf("%d folders are left", len(left))
	}
}
