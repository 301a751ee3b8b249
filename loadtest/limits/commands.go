package limits

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// call is how often Redis ran a command, and for how long, in µs; of a script
// with the commands that it calls.
type call struct{ calls, us float64 }

// commandCount is that of each command since the start of Redis.
type commandCount map[string]call

// countCommands asks Redis for what it has run.
func countCommands(ctx context.Context, r *redis.Client) (commandCount, error) {
	text, err := r.Info(ctx, "commandstats").Result()
	if err != nil {
		return nil, fmt.Errorf("limits: statistics of Redis: %w", err)
	}
	count := commandCount{}
	for line := range strings.Lines(text) {
		name, values, found := strings.Cut(strings.TrimSpace(line), ":")
		var c call
		if !found || !strings.HasPrefix(name, "cmdstat_") {
			continue
		}
		if _, err := fmt.Sscanf(values, "calls=%f,usec=%f,", &c.calls, &c.us); err != nil {
			return nil, fmt.Errorf("limits: statistics of Redis: %q: %w", line, err)
		}
		count[strings.TrimPrefix(name, "cmdstat_")] = c
	}
	return count, nil
}

func (n commandCount) minus(before commandCount) commandCount {
	out := commandCount{}
	for name, c := range n {
		out[name] = call{c.calls - before[name].calls, c.us - before[name].us}
	}
	return out
}

func (n commandCount) plus(more commandCount) commandCount {
	out := maps.Clone(n)
	if out == nil {
		out = commandCount{}
	}
	for name, c := range more {
		out[name] = call{out[name].calls + c.calls, out[name].us + c.us}
	}
	return out
}

// Command is what one scan comes to of a command, those of the projector and of
// all that runs beside included.
type Command struct {
	Name  string  `json:"name"`
	Calls float64 `json:"calls_per_scan"`
	US    float64 `json:"us_per_scan"` // of evalsha with what it calls
}

// Commands are those of a scan, the most time first.
type Commands []Command

// worthTelling is the least share of a scan, in calls or µs, that is shown.
const worthTelling = 0.005

func (n commandCount) perScan(scans int) Commands {
	out := Commands{}
	for name, c := range n {
		each := Command{name, c.calls / float64(scans), c.us / float64(scans)}
		if each.Calls >= worthTelling || each.US >= worthTelling {
			out = append(out, each)
		}
	}
	slices.SortFunc(out, func(a, b Command) int {
		if a.US != b.US {
			return int(b.US*1e6) - int(a.US*1e6)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

func redisVersion(ctx context.Context, r *redis.Client) (string, error) {
	text, err := r.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("limits: version of Redis: %w", err)
	}
	_, rest, _ := strings.Cut(text, "redis_version:")
	version, _, _ := strings.Cut(rest, "\r\n")
	return version, nil
}
