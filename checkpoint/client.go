package checkpoint

import (
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ClientTimeout is the deadline of one command on the scan path. A scan that
// cannot be recorded within it is answered as unavailable.
const ClientTimeout = 800 * time.Millisecond

// redirects bounds how often a command of a cluster is sent on: a slot that has
// moved (MOVED) and is moving again (ASK) takes two.
const redirects = 2

// clusterRefresh is how soon a client learns of a master's heir; the library's
// default is a minute.
const clusterRefresh = 500 * time.Millisecond

// Tune sets on any kind of go-redis options what the Store relies on: no
// hidden retries (scripts are repeated by the Store, which knows that they are
// safe), deadlines on every call, a pool that fits the load of one gateway.
func Tune(o *redis.UniversalOptions) *redis.UniversalOptions {
	o.MaxRetries = -1
	o.MaxRedirects = redirects
	o.DialerRetries = 1
	o.DialTimeout = ClientTimeout
	o.ReadTimeout = ClientTimeout
	o.WriteTimeout = ClientTimeout
	o.PoolTimeout = ClientTimeout
	o.ContextTimeoutEnabled = true
	o.PoolSize = 32
	// The library asks for no more than it needs: see the ACL in package redisd.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

// Connect makes the client of options that were set by Tune or TuneReader: of
// one Redis, of the master that sentinels name, or of a cluster.
func Connect(o *redis.UniversalOptions) redis.UniversalClient {
	if o.MasterName != "" || len(o.Addrs) < 2 && !o.IsClusterMode {
		return redis.NewUniversalClient(o)
	}
	c := o.Cluster()
	c.ClusterStateReloadInterval = clusterRefresh
	return redis.NewClusterClient(c)
}
