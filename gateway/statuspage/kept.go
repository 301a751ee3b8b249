package statuspage

// keep tells how the series of a family are kept: apart by some labels, otherwise added
// up, or the least of them.
type keep struct {
	by      []string
	counter bool
	least   bool
}

// redisMemoryShare is the recording rule that history.worstMemory stands for.
const redisMemoryShare = "passgate:redis_memory:ratio"

var (
	counted = keep{counter: true}
	stands  = keep{}
)

func countedBy(labels ...string) keep { return keep{by: labels, counter: true} }
func standsBy(labels ...string) keep  { return keep{by: labels} }

// kept are the families that the page needs.
var kept = map[string]keep{
	"passgate_scans_total":           countedBy("decision", "reason"),
	"passgate_http_requests_total":   countedBy("status"),
	"passgate_shed_total":            countedBy("class"),
	"passgate_scan_seconds":          counted,
	"passgate_scan_stage_seconds":    countedBy("stage"),
	"passgate_projector_lag_seconds": counted,
	"passgate_password_hashes_total": counted,

	"passgate_gates":   standsBy("state"),
	"passgate_devices": standsBy("state"),
	"passgate_inside":  standsBy("site_kind"),
	"passgate_device_revocation_age_seconds_max": stands,

	"passgate_fevers_today":      stands,
	"passgate_fevers_open":       stands,
	"passgate_fevers_overdue":    stands,
	"passgate_observations_open": stands,

	"passgate_alarms_open":                 stands,
	"passgate_alarms_lag_seconds":          stands,
	"passgate_alarms_failures_total":       counted,
	"passgate_alarm_messages_sent_total":   counted,
	"passgate_alarm_messages_failed_total": counted,
	"passgate_alarm_messages_dead_total":   counted,

	"passgate_rules_age_seconds":                stands,
	"passgate_standby_partitions_down":          stands,
	"passgate_standby_copy_age_seconds":         stands,
	"passgate_standby_entry_refused":            stands,
	"passgate_journal_owed":                     stands,
	"passgate_journal_oldest_timestamp_seconds": stands,
	"passgate_journal_aside":                    stands,

	"passgate_archive_lag_seconds":         stands,
	"passgate_retention_sweep_age_seconds": stands,
	"passgate_audit_broken_total":          counted,
	"passgate_audit_failures_total":        counted,
	"passgate_gather_age_seconds":          stands,

	"passgate_redis_up":                 {least: true},
	"passgate_redis_memory_bytes":       stands,
	"passgate_redis_aof_bytes":          stands,
	"passgate_redis_aof_last_write_ok":  {least: true},
	"passgate_redis_connected_replicas": stands,
	"passgate_redis_pool":               standsBy("state"),

	"passgate_clock_offset_seconds": stands,
	"passgate_key_age_seconds":      standsBy("use"),
	"passgate_tls_expiry_seconds":   stands,
	"passgate_disk_free_bytes":      standsBy("folder"),
	"passgate_disk_size_bytes":      standsBy("folder"),

	"go_goroutines":                 stands,
	"go_memstats_heap_inuse_bytes":  stands,
	"process_resident_memory_bytes": stands,
	"process_cpu_seconds_total":     counted,
	"process_open_fds":              stands,
	"process_max_fds":               stands,
}
