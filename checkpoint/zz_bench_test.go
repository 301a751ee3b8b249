package checkpoint

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
)

type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }

func BenchmarkZZPipe(b *testing.B) {
	for _, kind := range []string{"blocking", "async", "blocking64", "blocking16"} {
		for _, par := range []int{1, 8, 64} {
			b.Run(fmt.Sprint(kind, par), func(b *testing.B) {
				c := testClient(b, Tune)
				opts := redis.DefaultBlockingAutoPipelineOptions()
				opts.MaxQueuedCommands = maxQueued
				if kind == "blocking64" {
					opts.NumShards = 64
				}
				if kind == "blocking16" {
					opts.NumShards = 16
				}
				var ap *redis.AutoPipeliner
				var err error
				switch c := c.(type) {
				case *redis.Client:
					if kind == "async" {
						ap, err = c.AsyncAutoPipelineWithOptions(opts)
					} else {
						ap, err = c.AutoPipelineWithOptions(opts)
					}
				case *redis.ClusterClient:
					if kind == "async" {
						opts.NumShards = 64
						ap, err = c.AsyncAutoPipelineWithOptions(opts)
					} else {
						ap, err = c.AutoPipelineWithOptions(opts)
					}
				}
				must(b, err)
				src := "redis.call('HSET', KEYS[1], 'a', ARGV[1]) return ARGV[1]"
				must(b, c.Eval(b.Context(), src, []string{"x"}, "1").Err())
				if cc, ok := c.(*redis.ClusterClient); ok {
					must(b, cc.ForEachMaster(b.Context(), func(ctx context.Context, c *redis.Client) error { return c.ScriptLoad(ctx, src).Err() }))
				}
				sha := newScript(src).sha
				var n atomic.Int64
				b.SetParallelism(par)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						key := keys{prefix: "b:"}.partition(int(n.Add(1) % 64))
						if kind == "async" {
							ctx, cancel := context.WithTimeout(context.Background(), ClientTimeout)
							cmd := redis.NewCmd(ctx, "evalsha", sha, 1, key, "x")
							cmd.SetFirstKeyPos(3)
							if err := ap.Submit(ctx, once{cmd}).WaitContext(ctx); err != nil {
								b.Error(err)
							}
							cancel()
						} else {
							if err := ap.EvalSha(context.Background(), sha, []string{key}, "x").Err(); err != nil {
								b.Error(err)
							}
						}
					}
				})
			})
		}
	}
}
