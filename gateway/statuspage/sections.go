package statuspage

import (
	"time"

	"passgate/checkpoint"
)

// sections are the page.
var sections = []section{
	{words{"卡口与疫情", "Gates and epidemic"}, []tile{
		{
			id: "scans", title: words{"扫码", "Scans"}, unit: perSecond,
			means:  words{"每秒扫码数，按结果。", "Scans a second, by what the guard was told."},
			lines:  []line{decisionLine(checkpoint.Pass), decisionLine(checkpoint.Deny), decisionLine(checkpoint.Remeasure), decisionLine(checkpoint.Incomplete)},
			alerts: []string{"PassgateNoScans"},
		},
		{
			id: "denials", title: words{"拒绝的原因", "Why people are denied"}, unit: perMinute,
			means: words{"每分钟拒绝数，最多的五种原因。突增时先查规则。", "Denials a minute, the five commonest reasons. When they jump, look at the rules first."},
			by:    &group{[]string{"passgate_scans_total", "decision", "deny"}, "reason", perMin, reasonWords, 5}, alerts: []string{"PassgateDenialSpike", "PassgateUnknownKeys"},
		},
		{
			id: "latency", title: words{"扫码用时", "Time of a scan"}, unit: seconds, log: true,
			means: words{"服务器回答一次扫码的时间。p99：一百次里有一次更久。", "Until the server has answered. p99: one in a hundred takes longer."},
			lines: []line{{"p50", words{"p50", "p50"}, quantile(0.5, "passgate_scan_seconds"), ""}, {"p99", words{"p99", "p99"}, scanP99, ""}},
			mark:  "PassgateScansSlow", alerts: []string{"PassgateScansSlow"},
		},
		{
			id: "stages", title: words{"扫码各步骤 p99", "Stages of a scan, p99"}, unit: seconds, log: true,
			means:  words{"时间用在哪里：“判断”是 Redis,“验签”是处理器。", "Where the time goes: decide is Redis, verify is the processor."},
			lines:  []line{stage("decide", "判断"), stage("verify", "验签"), stage("parse", "读取"), stage("respond", "回答")},
			alerts: []string{"PassgateScansSlow"},
		},
		{
			id: "gates", title: words{"卡口", "Gates in use"}, unit: count,
			means:  words{"静默：开放而 15 分钟无人扫码的。夜里正常，白天打电话问。", "Silent: open, and no scan for 15 minutes. Usual at night; by day, phone them."},
			lines:  []line{gates("active", "在用"), gates("silent", "静默")},
			values: []line{gates("closed", "关闭或停用")},
			alerts: []string{"PassgateGatesSilent"},
		},
		{
			id: "lists", title: words{"手机的作废名单", "Phones' revocation lists"}, unit: count,
			means:  words{"离线时手机靠名单认出已作废的码。过期的手机请联网。", "Offline, a phone knows revoked passes by its list. Bring those with an expired one online."},
			lines:  []line{phones("fresh", "15 分钟内", "under 15 minutes"), phones("stale", "较旧", "older"), phones("expired", "过期", "expired")},
			alerts: []string{"PassgateDeviceListsStale", "PassgateDeviceListsExpired", "PassgatePasswordGuessing"},
		},
		{
			id: "inside", title: words{"场内人数", "People inside"}, unit: count,
			means:  words{"按卡口记录推算，按场所类型。", "As gates saw them last, by kind of place."},
			by:     &group{[]string{"passgate_inside"}, "site_kind", stood, kindWords, 6},
			alerts: []string{"PassgateProjectorLag"},
		},
		{
			id: "fevers", title: words{"发热与报警", "Fevers and alarms"}, unit: count,
			means: words{"逾期：上报、转运或筛查过了时限，人可能还在等。", "Overdue: a report, the transfer or the screening is late; people may be waiting."},
			lines: []line{
				{"today", words{"今日", "today"}, stood("passgate_fevers_today"), ""},
				{"open", words{"未结", "open"}, stood("passgate_fevers_open"), ""},
				{"overdue", words{"逾期", "overdue"}, stood("passgate_fevers_overdue"), ""},
			},
			values: []line{
				{"observations", words{"医学观察", "under observation"}, stood("passgate_observations_open"), ""},
				{"alarms", words{"未关闭的报警", "alarms that are open"}, stood("passgate_alarms_open"), ""},
				{"dead", words{"送不出去的报警", "alarms given up"}, stood("passgate_alarm_messages_dead_total"), ""},
			},
			alerts: []string{"PassgateFeverCluster", "PassgateFeversOverdue", "PassgateAlarmsNotDelivered", "PassgateAlarmsStopped"},
		},
	}},
	{words{"服务", "Service"}, []tile{
		{
			id: "errors", title: words{"出错的请求", "Requests that failed"}, unit: ratio,
			means:  words{"服务器出错（5xx）的请求所占比例。", "Share of requests that the server could not answer (5xx)."},
			lines:  []line{{"5xx", words{"5xx", "5xx"}, errorsOf, ""}},
			values: []line{{"requests", words{"全部请求", "all requests"}, perSec("passgate_http_requests_total"), perSecond}},
			mark:   "PassgateErrors", alerts: []string{"PassgateErrors", "PassgateAuditFailing", "PassgateAuditBroken"},
		},
		{
			id: "shed", title: words{"过载拒收", "Refused under overload"}, unit: perSecond,
			means: words{"为了卡口先行而没有接收的请求，按类。", "Requests not taken so that gates come first, by class."},
			by:    &group{[]string{"passgate_shed_total"}, "class", perSec, classWords, 6}, alerts: []string{"PassgateShedding", "PassgateSheddingScans"},
		},
		{
			id: "projector", title: words{"入索引延迟", "Lag of the index"}, unit: seconds, log: true,
			means: words{"从记录到能按卡口查到。看板和场内人数随它。", "From recorded to found by gate. The board and who is inside follow it."},
			lines: []line{{"p50", words{"p50", "p50"}, quantile(0.5, "passgate_projector_lag_seconds"), ""}, {"p99", words{"p99", "p99"}, lagP99, ""}},
			mark:  "PassgateProjectorLag", alerts: []string{"PassgateProjectorLag", "PassgateProjectorStopped"},
		},
		{
			id: "archive", title: words{"归档延迟", "Lag of the archive"}, unit: seconds,
			means:  words{"最早未归档记录的年龄，应在十分钟内。", "Age of the oldest event without an archive; below ten minutes is well."},
			lines:  []line{{"lag", words{"最早未归档", "oldest"}, stood("passgate_archive_lag_seconds"), ""}},
			values: []line{{"sweep", words{"上次清除到期数据", "last sweep of what is past retention"}, stood("passgate_retention_sweep_age_seconds"), ""}},
			mark:   "PassgateArchiveLag", alerts: []string{"PassgateArchiveLag", "PassgateRetentionLate"},
		},
	}},
	{words{"存储", "Store"}, []tile{
		{
			id: "redis_memory", title: words{"Redis 内存", "Redis' memory"}, unit: bytes,
			means:  words{"比例按上限；没有上限的按机器内存。九成就危险。", "The share is of its limit, or of the machine where it has none. 90 % is danger."},
			lines:  []line{{"used", words{"已用", "used"}, stood("passgate_redis_memory_bytes"), ""}},
			values: []line{{"share", words{"比例（最高一台）", "share (of the fullest)"}, stood(redisMemoryShare), ratio}},
			alerts: []string{"PassgateRedisMemoryFull", "PassgateRedisMemoryHigh"},
		},
		{
			id: "redis_file", title: words{"Redis 的文件", "Redis' file"}, unit: bytes,
			means: words{"追加文件，每天重写一次：已删除的数据那时才真正消失。", "The append-only file, rewritten once a day: only then is what was deleted gone."},
			lines: []line{{"aof", words{"大小", "size"}, stood("passgate_redis_aof_bytes"), ""}},
			values: []line{
				{"up", words{"全部应答（1 是）", "all answer (1: yes)"}, stood("passgate_redis_up"), count},
				{"replicas", words{"副本", "replicas"}, replicas, count},
			},
			alerts: []string{"PassgateRedisDown", "PassgateRedisAOFFailing", "PassgateRedisReplicaMissing", "PassgateRedisAOFNotRewritten", "PassgateRedisPoolExhausted"},
		},
		{
			id: "disk", title: words{"磁盘剩余", "Room on disks"}, unit: ratio,
			means: words{"写满后不能记录。", "When one is full, nothing can be recorded."},
			by: &group{[]string{"passgate_disk_free_bytes"}, "folder", func(s ...string) figure {
				return share(stood(s...), stood(append([]string{"passgate_disk_size_bytes"}, s[1:]...)...))
			}, folderWords, 3},
			values: []line{{"free", words{"数据盘剩余", "left for data"}, stood("passgate_disk_free_bytes", "folder", "data"), bytes}},
			mark:   "PassgateDiskFull", alerts: []string{"PassgateDiskFull", "PassgateDiskFilling"},
		},
		{
			id: "journal", title: words{"没有 Redis 时", "Without Redis"}, unit: count,
			means: words{"已回答、还没有入库的扫码。不为零：卡口在凭副本放行。", "Scans answered and not recorded yet. Above zero: gates go on by the copy."},
			lines: []line{{"owed", words{"待入库", "to be recorded"}, owed, ""}, {"down", words{"断开的分区", "partitions away"}, down, ""}},
			values: []line{
				{"copy", words{"副本年龄", "age of the copy"}, stood("passgate_standby_copy_age_seconds"), seconds},
				{"aside", words{"无法入库", "can never be recorded"}, stood("passgate_journal_aside"), ""},
			},
			alerts: []string{
				"PassgateStandby", "PassgateEntryRefused", "PassgateStandbyCopyOld", "PassgateRulesOld",
				"PassgateJournalOld", "PassgateJournalStuck", "PassgateJournalGrowing", "PassgateJournalAside",
			},
		},
	}},
	{words{"机器", "Machine"}, []tile{
		{
			id: "cpu", title: words{"处理器", "Processors"}, unit: cores,
			means:  words{"网关用了几个核。", "How many cores the gateway uses."},
			lines:  []line{{"gateway", words{"网关", "gateway"}, perSec("process_cpu_seconds_total"), ""}},
			alerts: []string{"PassgateScansSlow", "PassgateShedding"},
		},
		{
			id: "memory", title: words{"内存", "Memory"}, unit: bytes,
			means: words{"只升不降请记下并上报。", "If it only ever grows, tell whoever maintains the service."},
			lines: []line{
				{"resident", words{"常驻", "resident"}, stood("process_resident_memory_bytes"), ""},
				{"heap", words{"堆", "heap"}, stood("go_memstats_heap_inuse_bytes"), ""},
			},
			alerts: []string{"PassgateRestarting"},
		},
		{
			id: "goroutines", title: words{"协程", "Goroutines"}, unit: count,
			means:  words{"与连接的手机数相近；只升不降是泄漏。", "About as many as phones are connected; if it only grows, something leaks."},
			lines:  []line{{"goroutines", words{"协程", "goroutines"}, stood("go_goroutines"), ""}},
			values: []line{{"files", words{"打开的文件", "open files"}, stood("process_open_fds"), ""}},
			alerts: []string{"PassgateFilesRunOut"},
		},
		{
			id: "clocks", title: words{"证书、密钥、备份、时钟", "Certificate, keys, backup, clock"}, unit: seconds,
			means: words{"证书到期后手机连不上；密钥半年一换；每夜一次备份；时钟差一秒以内。", "After its end no phone connects; keys are changed twice a year; a backup each night; clocks within a second."},
			values: []line{
				{"certificate", words{"证书还有", "certificate ends in"}, certLasts, ""},
				keyAge("pass", "通行码密钥已用", "passes' key in use for"), keyAge("list", "名单密钥已用", "lists' key in use for"), keyAge("feed", "推送密钥已用", "feed's key in use for"),
				{"backup", words{"最近备份距今", "newest backup was"}, sinceTime(stood("passgate_backup_timestamp_seconds")), ""},
				{"offset", words{"与 Redis 时钟差", "clock against Redis'"}, stood("passgate_clock_offset_seconds"), ""},
			},
			alerts: []string{"PassgateCertificateEnds", "PassgateCertificateEndsSoon", "PassgateKeyOld", "PassgateBackupOld", "PassgateClockOffset", "PassgateClockWrong", "PassgateFiguresStale", "PassgateVersionsDiffer"},
		},
	}},
}

func perSec(s ...string) figure { return per(time.Second, s...) }
func perMin(s ...string) figure { return per(time.Minute, s...) }

func decisionLine(d checkpoint.Decision) line {
	return line{d.String(), words{d.ZH(), d.String()}, perSec("passgate_scans_total", "decision", d.String()), ""}
}

func reasonWords(name string) words {
	for _, r := range checkpoint.Reasons() {
		if r.Name == name {
			return words{r.ZH, r.EN}
		}
	}
	return words{name, name}
}

func kindWords(name string) words {
	for _, k := range checkpoint.SiteKinds() {
		if k.String() == name {
			return words{k.ZH(), name}
		}
	}
	return words{"未知", "unknown"}
}

// classWords names the classes of requests that are refused under overload.
func classWords(name string) words {
	zh := map[string]string{"bulk": "大查询", "reads": "查询", "writes": "登记和修改", "phones": "手机同步", "uploads": "离线补传", "scans": "扫码"}
	if w, ok := zh[name]; ok {
		return words{w, name}
	}
	return words{name, name}
}

func folderWords(name string) words {
	zh := map[string]string{"data": "数据", "journal": "暂存", "archive": "归档"}
	if w, ok := zh[name]; ok {
		return words{w, name}
	}
	return words{name, name}
}

func stage(key, zh string) line {
	return line{key, words{zh, key}, quantile(0.99, "passgate_scan_stage_seconds", "stage", key), ""}
}

func gates(state, zh string) line {
	return line{state, words{zh, state}, stood("passgate_gates", "state", state), ""}
}

func phones(state, zh, en string) line {
	return line{state, words{zh, en}, stood("passgate_devices", "state", state), ""}
}

func keyAge(use, zh, en string) line {
	return line{"key_" + use, words{zh, en}, stood("passgate_key_age_seconds", "use", use), ""}
}
