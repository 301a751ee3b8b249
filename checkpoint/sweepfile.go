package checkpoint

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// rewrite has every node write its append-only file anew, once a day: until
// then what was deleted is still in it. A node that cannot is a warning: what is
// deleted leaves its disk when it next rewrites the file by itself.
func (r *sweepRun) rewrite(ctx context.Context) error {
	if r.RewrittenAt != 0 && r.s.now()-r.RewrittenAt < rewriteEvery.Milliseconds() {
		return nil
	}
	node := func(ctx context.Context, c redis.Cmdable) error {
		if err := c.BgRewriteAOF(ctx).Err(); err != nil {
			r.w.logger.Warn("Redis does not write its append-only file anew: what was deleted stays in it for longer", "error", err)
			return nil
		}
		return r.rest(ctx, time.Now())
	}
	r.RewrittenAt = r.s.now()
	if cluster, ok := r.s.rdb.(*redis.ClusterClient); ok {
		return cluster.ForEachShard(ctx, func(ctx context.Context, c *redis.Client) error { return node(ctx, c) })
	}
	return node(ctx, r.s.rdb)
}
