// Package statuspage is the operator's own page: the service at a glance, drawn from
// the service's own metrics, for where no Prometheus is at hand. It belongs on the
// listener of the metrics, which the public does not reach. Figures are aggregated: no
// names of people, none of places.
//
//	GET /              the page; ?lang=en in English, ?span=day for 24 hours
//	GET /runbook/ALERT what RUNBOOK.md says of an alert
//	GET /status.json   the same as data; ?span=day likewise
//
// Every five seconds one goroutine samples the registry. An hour of samples and one a
// minute of 24 hours are kept, each of at most 400 series: 2160 × 400 × 8 bytes, below
// 7 MB. What does not fit is left out, and the page says so.
//
// Rates are what a counter grew by, divided by the time, over resets of the counter.
// Quantiles are those of Prometheus' histogram_quantile: linear inside the bucket that
// holds the rank, whose lower end is 0 in the first one; a rank in the bucket without an
// end gives the end of the one before.
//
// What is wrong is told by the alert rules of deploy/prometheus/rules, by name and with
// the same limits (conditions.go), as far as one gateway can tell.
//
// /status.json:
//
//	{
//	  "at": "2024-01-02T03:04:05Z",        the last sample; "since" is the first one's
//	  "version": "v1.2.3",
//	  "state": "ok",                       ok, ticket (on the working day), page (now), starting
//	  "truncated": false,                  series were left out
//	  "problems": [{"alert": "PassgateScansSlow", "severity": "page", "since": "…",
//	    "value": 0.41, "is": ">", "limit": 0.3, "unit": "seconds",
//	    "zh": "扫码变慢", "en": "Scans are slow", "runbook": "RUNBOOK.md#passgatescansslow"}],
//	  "times": [1704164640.5, …],          ends of the steps of all points, in seconds
//	  "tiles": [{"id": "scans", "zh": "…", "en": "…", "unit": "per_second",
//	    "lines": [{"key": "pass", "zh": "通过", "en": "pass", "now": 12.5, "points": [12, null, …]}]}]
//	}
//
// now is of the last minute, a point of the time since the point before; null: not
// known. Units: per_second, per_minute, seconds, bytes, share (of 1), count, cores.
package statuspage
