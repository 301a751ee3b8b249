package statuspage

import (
	"math"
	"time"
)

// severity tells when somebody has to look, in the words of the alert rules.
type severity string

const (
	page   severity = "page"   // now
	ticket severity = "ticket" // on the working day
)

// condition is an alert rule as far as one gateway can tell. A test holds names, limits,
// times and words against deploy/prometheus/rules.
type condition struct {
	alert    string // of the rule, and of the section of the runbook
	severity severity
	lasts    time.Duration // until it is told, the rule's "for"
	of       string        // the rule's expression to the left of its limit
	is       string        // >, >=, < or ==
	limit    float64
	unit     unit
	over     time.Duration // of time that the figure is of
	figure   figure
	and      figure // it counts only while this is 1; nil: always
	or       figure // it counts while this is 1, too; nil: never
	words    words
}

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
	days   = 86400.0 // in seconds
)

// when is 1 where a condition holds, otherwise 0.
func when(holds func(v []float64) bool, figures ...figure) figure {
	return of(func(v []float64) float64 {
		if holds(v) {
			return 1
		}
		return 0
	}, figures...)
}

func isZero(v []float64) bool      { return v[0] == 0 }
func isAboveZero(v []float64) bool { return v[0] > 0 }
func isNegative(v []float64) bool  { return v[0] < 0 }

func difference(v []float64) float64 { return v[0] - v[1] }
func absolute(v []float64) float64   { return math.Abs(v[0]) }

var (
	allScans = series{"passgate_scans_total"}
	denials  = share(grew("passgate_scans_total", "decision", "deny"), grew(allScans...))
	forged   = grew("passgate_scans_total", "reason", "unknown_key|bad_signature")
	silent   = share(stood("passgate_gates", "state", "silent"), stood("passgate_gates", "state", "active|silent"))
	errors5  = grew("passgate_http_requests_total", "status", fiveHundreds)
	errorsOf = share(errors5, grew("passgate_http_requests_total"))
	scanP99  = quantile(0.99, "passgate_scan_seconds")
	lagP99   = quantile(0.99, "passgate_projector_lag_seconds")
	feversIn = of(func(v []float64) float64 { // the count begins anew at midnight
		if v[0] < v[1] {
			return v[0]
		}
		return v[0] - v[1]
	}, stood("passgate_fevers_today"), ago(hour, stood("passgate_fevers_today")))
	down      = stood("passgate_standby_partitions_down")
	owed      = stood("passgate_journal_owed")
	owedFor   = sinceTime(stood("passgate_journal_oldest_timestamp_seconds"))
	diskFree  = leastShare("folder", "passgate_disk_free_bytes", "passgate_disk_size_bytes")
	timedOut  = stood("passgate_redis_pool", "state", "timed_out")
	replicas  = stood("passgate_redis_connected_replicas")
	clockOff  = of(absolute, stood("passgate_clock_offset_seconds"))
	certLasts = stood("passgate_tls_expiry_seconds")
)

// fiveHundreds are the statuses that say that the service failed.
const fiveHundreds = "500|501|502|503|504|505|507"

// conditions are in the order in which what is wrong is told, by severity.
var conditions = []condition{
	{
		"PassgateRedisDown", page, minute, "max by (server) (passgate_redis_up)", "==", 0, count, 0,
		stood("passgate_redis_up"), nil, nil,
		words{"Redis 不应答", "Redis does not answer"},
	},
	{
		"PassgateEntryRefused", page, 0, "passgate_standby_entry_refused", "==", 1, count, 0,
		stood("passgate_standby_entry_refused"), nil, nil,
		words{"副本过旧，停止放人进入", "Nobody is let in: the copy is too old"},
	},
	{
		"PassgateStandby", page, 90 * time.Second, "passgate_standby_partitions_down", ">", 0, count, 0,
		down, nil, nil,
		words{"Redis 部分分区不应答，卡口凭副本放行", "Parts of Redis do not answer: gates go on by the copy"},
	},
	{
		"PassgateRedisAOFFailing", page, minute, "min by (server) (passgate_redis_aof_last_write_ok)", "==", 0, count, 0,
		stood("passgate_redis_aof_last_write_ok"), nil, nil,
		words{"Redis 写不了磁盘", "Redis cannot write to its disk"},
	},
	{
		"PassgateScansSlow", page, 5 * minute, "passgate:scan_seconds:p99_5m", ">", 0.3, seconds, 5 * minute,
		scanP99, when(func(v []float64) bool { return v[0] > 0.1 }, per(time.Second, "passgate_scan_seconds", "le", "+Inf")), nil,
		words{"扫码变慢", "Scans are slow"},
	},
	{
		"PassgateErrors", page, 5 * minute, "passgate:errors:ratio_rate5m", ">", 0.01, ratio, 5 * minute,
		errorsOf, when(func(v []float64) bool { return v[0] > 10 }, errors5), nil,
		words{"请求出错超过百分之一", "More than one request in a hundred fails"},
	},
	{
		"PassgateSheddingScans", page, 2 * minute, `sum(rate(passgate_shed_total{class=~"scans|uploads"}[5m]))`, ">", 0, perSecond, 5 * minute,
		per(time.Second, "passgate_shed_total", "class", "scans|uploads"), nil, nil,
		words{"过载：部分扫码被拒收", "Overload: some scans are not taken"},
	},
	{
		"PassgateDenialSpike", page, 10 * minute, "passgate:denials:ratio_rate5m", ">", 0.05, ratio, 5 * minute,
		denials, when(func(v []float64) bool { return v[0] > 3*v[1] && v[2] > 0.1 }, denials, between(day, 30*minute, denials), per(time.Second, allScans...)), nil,
		words{"拒绝通行突增", "Denials have jumped"},
	},
	{
		"PassgateUnknownKeys", page, 5 * minute, `sum(increase(passgate_scans_total{reason=~"unknown_key|bad_signature"}[10m]))`, ">=", 20, count, 10 * minute,
		forged, when(func(v []float64) bool { return v[0] > 0.02*v[1] }, forged, grew(allScans...)), nil,
		words{"通行码密钥不符或签名错误", "Passes by unknown keys or with wrong signatures"},
	},
	{
		"PassgateFeverCluster", page, 0, "passgate:fevers_opened:last1h", ">=", 5, count, 0,
		feversIn, nil, nil,
		words{"一小时内发热病例聚集", "A cluster of fevers within an hour"},
	},
	{
		"PassgateFeversOverdue", page, 10 * minute, "max(passgate_fevers_overdue)", ">", 0, count, 0,
		stood("passgate_fevers_overdue"), nil, nil,
		words{"发热病例处置逾期", "Fever cases are overdue"},
	},
	{
		"PassgateAlarmsNotDelivered", page, 5 * minute, "sum(increase(passgate_alarm_messages_dead_total[1h]))", ">", 0, count, hour,
		grew("passgate_alarm_messages_dead_total"), nil,
		when(func(v []float64) bool { return v[0] > v[1] && v[2] <= v[3] },
			stood("passgate_alarm_messages_failed_total"), ago(30*minute, stood("passgate_alarm_messages_failed_total")),
			stood("passgate_alarm_messages_sent_total"), ago(30*minute, stood("passgate_alarm_messages_sent_total"))),
		words{"报警消息送不出去", "Alarms do not reach their receivers"},
	},
	{
		"PassgateAlarmsStopped", page, 10 * minute, "max(passgate_alarms_lag_seconds)", ">", 60, seconds, 10 * minute,
		stood("passgate_alarms_lag_seconds"), nil, when(isAboveZero, grew("passgate_alarms_failures_total")),
		words{"报警轮询停滞或出错", "The duty of alarms is late or fails"},
	},
	{
		"PassgateRulesOld", page, minute, "passgate_rules_age_seconds", ">", 10, seconds, 0,
		stood("passgate_rules_age_seconds"), nil, nil,
		words{"规则过旧", "The rules are old"},
	},
	{
		"PassgateJournalOld", page, minute, "time() - (passgate_journal_oldest_timestamp_seconds > 0)", ">", 3 * 3600, seconds, 0,
		owedFor, nil, nil,
		words{"有记录三小时未入库", "Scans have waited for three hours to be recorded"},
	},
	{
		"PassgateJournalGrowing", page, minute, "passgate_journal_owed", ">", 500_000, count, 0,
		owed, nil, nil,
		words{"暂存记录很多", "The journal grows"},
	},
	{
		"PassgateProjectorStopped", page, 5 * minute, "sum(rate(passgate_projector_lag_seconds_count[5m]))", "==", 0, perSecond, 5 * minute,
		per(time.Second, "passgate_projector_lag_seconds", "le", "+Inf"), when(func(v []float64) bool { return v[0] > 0.1 && v[1] > 0 }, per(time.Second, allScans...), stood("passgate_projector_partitions")), nil,
		words{"卡口记录没有入索引", "Events do not reach the gate index"},
	},
	{
		"PassgateAuditBroken", page, 0, "max(passgate_audit_broken_total)", ">", 0, count, 0,
		stood("passgate_audit_broken_total"), nil, nil,
		words{"审计链被改动", "The audit is not what it was"},
	},
	{
		"PassgateAuditFailing", page, 2 * minute, "sum(increase(passgate_audit_failures_total[10m]))", ">", 0, count, 10 * minute,
		grew("passgate_audit_failures_total"), nil, nil,
		words{"审计写不进去", "The audit cannot be written"},
	},
	{
		"PassgateRedisMemoryFull", page, 2 * minute, redisMemoryShare, ">", 0.9, ratio, 0,
		stood(redisMemoryShare), nil, nil,
		words{"Redis 内存将满", "Redis is nearly out of memory"},
	},
	{
		"PassgateRedisReplicaMissing", page, 10 * minute, "passgate:redis_replicas:max < max_over_time(passgate:redis_replicas:max[1d])", "", 0, count, 0,
		of(difference, most(replicas), replicas), nil, nil,
		words{"Redis 缺少副本", "Redis lacks a replica"},
	},
	{
		"PassgateClockWrong", page, 2 * minute, "abs(passgate_clock_offset_seconds)", ">", 30, seconds, 0,
		clockOff, nil, nil,
		words{"时钟错误", "The clock is wrong"},
	},
	{
		"PassgateCertificateEndsSoon", page, 5 * minute, "passgate_tls_expiry_seconds", "<", 3 * days, seconds, 0,
		certLasts, nil, nil,
		words{"证书 3 天内到期", "The certificate ends within 3 days"},
	},
	{
		"PassgateDiskFull", page, 5 * minute, "passgate:disk_free:ratio", "<", 0.05, ratio, 0,
		diskFree, nil, nil,
		words{"磁盘只剩 5%", "A disk has 5 % left"},
	},

	{
		"PassgateShedding", ticket, 10 * minute, `sum by (class) (rate(passgate_shed_total{class!~"scans|uploads"}[5m]))`, ">", 0, perSecond, 5 * minute,
		per(time.Second, "passgate_shed_total", "class", "!scans|uploads"), nil, nil,
		words{"过载：其他请求被拒收", "Overload: other requests are refused"},
	},
	{
		"PassgateProjectorLag", ticket, 5 * minute, "passgate:projector_lag:p99_5m", ">", 5, seconds, 5 * minute,
		lagP99, nil, nil,
		words{"卡口记录入索引变慢", "Events reach the gate index late"},
	},
	{
		"PassgateArchiveLag", ticket, 15 * minute, "max(passgate_archive_lag_seconds)", ">", 600, seconds, 0,
		stood("passgate_archive_lag_seconds"), nil, nil,
		words{"归档落后", "The archive is behind"},
	},
	{
		"PassgateRetentionLate", ticket, 30 * minute, "min(passgate_retention_sweep_age_seconds >= 0)", ">", 7200, seconds, 0,
		stood("passgate_retention_sweep_age_seconds"), nil, when(isNegative, stood("passgate_retention_sweep_age_seconds")),
		words{"到期数据没有按时清除", "What is past retention is not swept"},
	},
	{
		"PassgateJournalStuck", ticket, 5 * minute, "time() - (passgate_journal_oldest_timestamp_seconds > 0)", ">", 600, seconds, 0,
		owedFor, when(func(v []float64) bool { return v[0] > 0 && v[1] == 0 }, owed, down), nil,
		words{"暂存记录没有补录", "The journal is not recorded"},
	},
	{
		"PassgateJournalAside", ticket, minute, "passgate_journal_aside", ">", 0, count, 0,
		stood("passgate_journal_aside"), nil, nil,
		words{"有永远入不了库的记录", "Scans that can never be recorded"},
	},
	{
		"PassgateStandbyCopyOld", ticket, 5 * minute, "passgate_standby_copy_age_seconds", ">", 60, seconds, 0,
		stood("passgate_standby_copy_age_seconds"), when(isZero, down), nil,
		words{"副本没有更新", "The copy is not renewed"},
	},
	{
		"PassgateDeviceListsStale", ticket, 30 * minute, `max(passgate_devices{state="stale"})`, ">=", 5, count, 0,
		stood("passgate_devices", "state", "stale"),
		when(func(v []float64) bool { return v[0] > v[1] && v[2] < 0.5 }, stood("passgate_devices", "state", "stale"), stood("passgate_devices", "state", "fresh"), silent), nil,
		words{"多数手机的作废名单超过 15 分钟未更新", "Most phones' revocation lists are old"},
	},
	{
		"PassgateDeviceListsExpired", ticket, 15 * minute, "max(passgate_device_revocation_age_seconds_max)", ">", 25 * 3600, seconds, 0,
		stood("passgate_device_revocation_age_seconds_max"), nil, nil,
		words{"有在用手机的作废名单已过期", "A phone in use has an expired revocation list"},
	},
	{
		"PassgatePasswordGuessing", ticket, 10 * minute, "sum(rate(passgate_password_hashes_total[10m]))", ">", 1, perSecond, 10 * minute,
		per(time.Second, "passgate_password_hashes_total"), nil, nil,
		words{"登录次数异常，疑似猜密码", "Somebody may be guessing passwords"},
	},
	{
		"PassgateRedisMemoryHigh", ticket, 15 * minute, redisMemoryShare, ">", 0.7, ratio, 0,
		stood(redisMemoryShare), when(func(v []float64) bool { return v[0] <= 0.9 }, stood(redisMemoryShare)), nil,
		words{"Redis 内存已用七成", "Redis has used 70 % of its memory"},
	},
	{
		"PassgateRedisAOFNotRewritten", ticket, hour, "max by (server) (passgate_redis_aof_bytes)", ">", 1e9, bytes, 0,
		stood("passgate_redis_aof_bytes"), when(func(v []float64) bool { return v[0] > 10*v[1] }, stood("passgate_redis_aof_bytes"), stood("passgate_redis_memory_bytes")), nil,
		words{"Redis 的追加文件久未重写", "The append-only file of Redis is not rewritten"},
	},
	{
		"PassgateRedisPoolExhausted", ticket, 5 * minute, `sum by (instance) (increase(passgate_redis_pool{state="timed_out"}[5m]))`, ">", 0, count, 0,
		of(difference, timedOut, ago(5*minute, timedOut)), nil, nil,
		words{"等不到 Redis 连接", "Connections to Redis are waited for in vain"},
	},
	{
		"PassgateFilesRunOut", ticket, 10 * minute, `process_open_fds{job="passgate"} / process_max_fds{job="passgate"}`, ">", 0.8, ratio, 0,
		share(stood("process_open_fds"), stood("process_max_fds")), nil, nil,
		words{"文件句柄将用尽", "Open files run out"},
	},
	{
		"PassgateClockOffset", ticket, 10 * minute, "abs(passgate_clock_offset_seconds)", ">", 1, seconds, 0,
		clockOff, when(func(v []float64) bool { return v[0] <= 30 }, clockOff), nil,
		words{"时钟有偏差", "The clock is off"},
	},
	{
		"PassgateCertificateEnds", ticket, hour, "passgate_tls_expiry_seconds", "<", 21 * days, seconds, 0,
		certLasts, when(func(v []float64) bool { return v[0] >= 3*days }, certLasts), nil,
		words{"证书 21 天内到期", "The certificate ends within 21 days"},
	},
	{
		"PassgateKeyOld", ticket, hour, "max by (use) (passgate_key_age_seconds)", ">", 180 * days, seconds, 0,
		greatest("passgate_key_age_seconds"), nil, nil,
		words{"签名密钥该轮换了", "A signing key is due for rotation"},
	},
	{
		"PassgateBackupOld", ticket, 30 * minute, "time() - max(passgate_backup_timestamp_seconds)", ">", 30 * 3600, seconds, 0,
		sinceTime(stood("passgate_backup_timestamp_seconds")), nil, nil,
		words{"超过三十小时没有备份", "No backup for more than thirty hours"},
	},
	{
		"PassgateFiguresStale", ticket, 5 * minute, "passgate_gather_age_seconds", ">", 300, seconds, 0,
		stood("passgate_gather_age_seconds"), nil, when(isNegative, stood("passgate_gather_age_seconds")),
		words{"全镇数字过旧", "The town's figures are old"},
	},
}
