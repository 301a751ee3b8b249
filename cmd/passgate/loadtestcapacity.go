package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"passgate/loadtest"
	"passgate/loadtest/limits"
)

// loadtestCapacityCmd sizes a place from what a scan costs.
type loadtestCapacityCmd struct {
	From      string  `placeholder:"FILE" help:"What 'passgate loadtest cost --json' printed on your machine; without it the figures of deploy/CAPACITY.md."`
	People    float64 `help:"Residents; without it four places of different size are sized."`
	PerDay    float64 `default:"4" help:"Events of a resident and day."`
	Peak      float64 `help:"Scans a second at the peak."`
	Retention float64 `default:"28" help:"Days that events are kept."`
	JSON      bool    `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (loadtestCapacityCmd) Help() string {
	return `Says how many gateways and Redis shards a place needs: CPU of a scan times
the scans of the peak, memory of an event times the events that are kept, with
what has to stay free. deploy/CAPACITY.md explains each line.

Example:

    passgate loadtest capacity --people 13000000 --peak 20000`
}

// Run prints the sizes.
func (cmd *loadtestCapacityCmd) Run(con *console) error {
	unit := loadtest.MeasuredUnit
	if cmd.From != "" {
		if err := costInto(&unit, cmd.From); err != nil {
			return err
		}
	}
	places := loadtest.Places()
	if cmd.People != 0 || cmd.Peak != 0 {
		if cmd.People < 1 || cmd.People > 2e9 || cmd.Peak < 1 || cmd.Peak > 1e7 {
			return badInput("give both --people (1 to 2 billion) and --peak (1 to 10 million scans a second)")
		}
		places = []loadtest.Demand{{Name: "your place", People: cmd.People, PerDay: cmd.PerDay, Peak: cmd.Peak, Retention: cmd.Retention}}
	}
	if cmd.PerDay <= 0 || cmd.PerDay > 1000 || cmd.Retention < 1 || cmd.Retention > 3650 {
		return badInput("--per-day takes 1 to 1000, --retention 1 to 3650 days")
	}
	sizes := make([]loadtest.Sizing, len(places))
	for i, place := range places {
		sizes[i] = loadtest.Size(unit, place)
	}
	if cmd.JSON {
		return printJSON(con.Out, map[string]any{"unit": unit, "places": sizes})
	}
	_, err := fmt.Fprint(con.Out, sizeTable(unit, sizes))
	return err //nolint:wrapcheck // standard output
}

// costInto takes the CPU of a scan from a measurement.
func costInto(u *loadtest.Unit, file string) error {
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return badInput("--from: %v", err)
	}
	var cost struct {
		Figures map[string]limits.Spread `json:"figures"`
	}
	if err := json.Unmarshal(text, &cost); err != nil {
		return badInput("--from %s: %v: give what 'passgate loadtest cost --json' printed", file, err)
	}
	gateway, redis := cost.Figures["gateway_us"].Median, cost.Figures["redis_us"].Median
	if gateway <= 0 || redis <= 0 {
		return badInput("--from %s: no gateway_us and redis_us in figures: give what 'passgate loadtest cost --json' printed", file)
	}
	u.GatewayUS, u.RedisUS = gateway, redis
	return nil
}

// sizeTable is Markdown, one column a place.
func sizeTable(u loadtest.Unit, sizes []loadtest.Sizing) string {
	var b strings.Builder
	fmt.Fprintf(&b, "A scan: %.0f µs of gateway, %.0f µs of Redis, %.0f B kept, %.0f B on the wire; a person: %.0f B.\n\n",
		u.GatewayUS, u.RedisUS, u.Event, u.Wire, u.Person)
	row := func(name string, cell func(loadtest.Sizing) string) {
		fmt.Fprintf(&b, "| %s |", name)
		for _, s := range sizes {
			fmt.Fprintf(&b, " %s |", cell(s))
		}
		b.WriteByte('\n')
	}
	row("", func(s loadtest.Sizing) string { return s.Name })
	row("---", func(loadtest.Sizing) string { return "---" })
	row("people", func(s loadtest.Sizing) string { return thousands(s.People) })
	row("scans/s at the peak", func(s loadtest.Sizing) string { return thousands(s.Peak) })
	row("gateways: cores in use", func(s loadtest.Sizing) string { return decimal(s.GatewayCores) })
	row("gateways of 8 cores, half used, a third to spare", func(s loadtest.Sizing) string { return strconv.Itoa(s.Gateways) })
	row("Redis: cores in use, all shards", func(s loadtest.Sizing) string { return decimal(s.RedisCores) })
	row("Redis shards (as many replicas besides)", func(s loadtest.Sizing) string { return strconv.Itoa(s.Shards) })
	row("scans/s of a shard", func(s loadtest.Sizing) string { return thousands(s.ScansPerShard) })
	row("memory of all masters", func(s loadtest.Sizing) string { return bytesOf(s.Memory) })
	row("memory of a shard's machine", func(s loadtest.Sizing) string { return bytesOf(s.ShardMemory) })
	row("one more day of retention", func(s loadtest.Sizing) string { return bytesOf(s.Day) })
	row("append-only files, all shards", func(s loadtest.Sizing) string { return bytesOf(s.File) + "/s" })
	row("phones ↔ gateways", func(s loadtest.Sizing) string { return bytesOf(s.Wire) + "/s" })
	row("gateways ↔ Redis", func(s loadtest.Sizing) string { return bytesOf(s.Back) + "/s" })
	row("masters → replicas", func(s loadtest.Sizing) string { return bytesOf(s.Replication) + "/s" })
	return b.String()
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }

// thousands writes a whole number with commas.
func thousands(v float64) string {
	digits := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// bytesOf writes a size in decimal units, two digits.
func bytesOf(v float64) string {
	unit := 0
	for v >= 1000 && unit < 4 {
		v, unit = v/1000, unit+1
	}
	digits := 0
	if v < 10 {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + []string{"B", "kB", "MB", "GB", "TB"}[unit]
}
