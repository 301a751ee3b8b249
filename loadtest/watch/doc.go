// Package watch holds tests only: what watches passgate is right about it. The
// alert rules, dashboards and the runbook in deploy/ name metrics, alerts and
// commands; here a real `passgate serve` is scraped by a real Prometheus with the
// shipped configuration, and every expression has to answer.
//
// It needs Linux, redis-server, prometheus with promtool, amtool and the Go tool
// chain, or a built binary in PASSGATE_BIN.
package watch
