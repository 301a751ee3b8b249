package checkpoint

import (
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// ClientTimeout is the deadline of one command on the scan path. A scan that
// cannot be recorded within it is answered as unavailable.
const ClientTimeout = 800 * time.Millisecond

// Tune sets on any kind of go-redis options what the Store relies on: no
// hidden retries (scripts are repeated by the Store, which knows that they are
// safe), deadlines on every call, a pool that fits the load of one gateway.
func Tune(o *redis.UniversalOptions) *redis.UniversalOptions {
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.DialTimeout = ClientTimeout
	o.ReadTimeout = ClientTimeout
	o.WriteTimeout = ClientTimeout
	o.PoolTimeout = ClientTimeout
	o.ContextTimeoutEnabled = true
	o.PoolSize = 32
	return o
}

// maxQueued bounds what waits for Redis inside one gateway: past it scans are
// answered as unavailable at once instead of piling up.
const maxQueued = 8192

// autoPipeline turns the client into one that sends the commands of concurrent
// callers together. Its queue ignores a caller's context: the deadlines of
// Tune bound every batch.
func autoPipeline(client redis.UniversalClient) (redis.Cmdable, error) {
	opts := redis.DefaultBlockingAutoPipelineOptions()
	opts.MaxQueuedCommands = maxQueued
	switch c := client.(type) {
	case *redis.Client:
		return c.AutoPipelineWithOptions(opts)
	case *redis.ClusterClient:
		return c.AutoPipelineWithOptions(opts)
	default:
		return nil, fmt.Errorf("checkpoint: cannot pipeline over a %T: use a single, Sentinel or Cluster client", client)
	}
}
