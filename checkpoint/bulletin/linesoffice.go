package bulletin

// healthLines are the numbers of those who look after people.
func healthLines() []Line {
	all := []Line{
		{Key: "fevers_opened", ZH: "新增发热个案", EN: "Fever cases opened", Unit: "例", Urgent: true, Opens: health, source: fromFevers, counts: opened},
		{Key: "fevers_closed", ZH: "办结发热个案", EN: "Fever cases closed", Unit: "例", Opens: health, source: fromFevers, counts: closed},
		{Key: "fevers_open", ZH: "在办发热个案", EN: "Fever cases open", Unit: "例", Urgent: true, Opens: health, source: fromFevers, counts: open},
		{Key: "fevers_overdue", ZH: "发热程序逾期", EN: "Fever cases with an overdue step", Unit: "例", Of: "fevers_open", Urgent: true, Opens: health, source: matters("fever"), counts: overdue},
		{Key: "home_fevers", ZH: "居家测温发热", EN: "Readings with fever at home", Unit: "次", Urgent: true, Opens: health, source: fromReadings, counts: opened},
		{Key: "observations_started", ZH: "新增医学观察", EN: "Observations begun", Unit: "人", Opens: health, source: matters("observation"), counts: opened},
		{Key: "observations_ended", ZH: "解除医学观察", EN: "Observations ended", Unit: "人", Opens: health, source: matters("observation"), counts: closed},
		{Key: "observations", ZH: "正在医学观察", EN: "Under observation", Unit: "人", Opens: health, source: matters("observation"), counts: open},
		{Key: "observations_overdue", ZH: "观察到期未解除", EN: "Observations beyond their end", Unit: "人", Of: "observations", Urgent: true, Opens: health, source: matters("observation"), counts: overdue},
		{Key: "readings_missed", ZH: "漏测体温", EN: "Readings missed", Unit: "次", Urgent: true, Opens: health, source: fromMissed, counts: found(MissedReading)},
		{Key: "reports_missed", ZH: "漏报平安", EN: "Daily reports missed", Unit: "次", Urgent: true, Opens: health, source: fromMissed, counts: found(MissedReport)},
		{Key: "returnees", ZH: "省外返回登记", EN: "People back from other provinces", Unit: "人", Opens: health, source: matters("returnee"), counts: opened},
		{Key: "contests_opened", ZH: "新增申诉", EN: "Contests", Unit: "件", Opens: duty, source: fromContests, counts: opened},
		{Key: "contests_answered", ZH: "答复申诉", EN: "Contests answered", Unit: "件", Opens: duty, source: fromContests, counts: closed},
		{Key: "contests_open", ZH: "待答复申诉", EN: "Contests without an answer", Unit: "件", Opens: duty, source: fromContests, counts: open},
		{Key: "contests_overdue", ZH: "申诉逾期未答复", EN: "Contests overdue", Unit: "件", Of: "contests_open", Urgent: true, Opens: duty, source: fromContests, counts: overdue},
		{Key: "proposals_open", ZH: "待复核状态变更", EN: "Status changes that wait for a second person", Unit: "件", Opens: duty, source: matters("status_proposal"), counts: open},
		{Key: "beds_occupied", ZH: "隔离床位使用", EN: "Isolation beds occupied", Unit: "张", Opens: health, source: matters("bed"), counts: in("occupied")},
		{Key: "beds_free", ZH: "隔离床位空余", EN: "Isolation beds free", Unit: "张", Opens: health, source: matters("bed"), counts: in("free")},
		{Key: "beds_waiting", ZH: "等候床位", EN: "Waiting for a bed", Unit: "人", Urgent: true, Opens: health, source: matters("bed_stay"), counts: in("waiting")},
		{Key: "purchases", ZH: "退热药购药登记", EN: "Purchases of fever medicine", Unit: "件", Opens: health, source: matters("purchase"), counts: opened},
		{Key: "purchases_open", ZH: "待核实购药", EN: "Purchases not seen to", Unit: "件", Opens: health, source: matters("purchase"), counts: open},
		{Key: "purchases_overdue", ZH: "购药逾期未核实", EN: "Purchases overdue", Unit: "件", Of: "purchases_open", Urgent: true, Opens: health, source: matters("purchase"), counts: overdue},
	}
	return grouped(ofHealth, all)
}

// officeLines are the numbers of what is done for homes and of how the office is run.
func officeLines() []Line {
	homes := []Line{
		{Key: "permits", ZH: "有效来访许可", EN: "Visitors' permits in force", Unit: "份", Opens: service, source: fromPermits, counts: always},
		{Key: "requests_opened", ZH: "新增服务请求", EN: "Requests", Unit: "件", Opens: service, source: fromRequests, counts: opened},
		{Key: "requests_done", ZH: "办结服务请求", EN: "Requests done", Unit: "件", Opens: service, source: fromRequests, counts: closed},
		{Key: "requests_open", ZH: "待办服务请求", EN: "Requests open", Unit: "件", Opens: service, source: fromRequests, counts: open},
		{Key: "requests_overdue", ZH: "服务请求逾期", EN: "Requests overdue", Unit: "件", Of: "requests_open", Urgent: true, Opens: service, source: fromRequests, counts: overdue},
		{Key: "homes_reached", ZH: "入户走访", EN: "Homes reached", Unit: "户", Opens: service, source: entries("visit"), counts: opened},
		{Key: "homes_missing", ZH: "未走访住户", EN: "Homes not reached", Unit: "户", Urgent: true, Opens: service, source: fromHomes, counts: always},
	}
	stores := []Line{
		{Key: "supplies_moved", ZH: "物资出入库", EN: "Movements of supplies", Unit: "笔", Opens: service, source: entries("supply"), counts: opened},
		{Key: "supplies_low", ZH: "物资低于警戒线", EN: "Stocks below their line", Unit: "项", Urgent: true, Opens: service, source: matters("stock"), counts: overdue},
		{Key: "disinfections", ZH: "消毒作业", EN: "Disinfections", Unit: "次", Opens: service, source: entries("disinfection"), counts: opened},
		{Key: "rounds_due", ZH: "应消毒", EN: "Disinfections due", Unit: "次", Opens: service, source: matters("disinfection_round"), counts: roundDue},
		{Key: "rounds_done", ZH: "按时消毒", EN: "Of them done", Unit: "次", Of: "rounds_due", Opens: service, source: matters("disinfection_round"), counts: roundDone},
		{Key: "rounds_overdue", ZH: "消毒逾期", EN: "Of them overdue", Unit: "次", Of: "rounds_due", Urgent: true, Opens: service, source: matters("disinfection_round"), counts: overdue},
	}
	firms := []Line{
		{Key: "applications", ZH: "复工申请", EN: "Applications to resume work", Unit: "家", Opens: service, source: matters("application"), counts: opened},
		{Key: "enterprises_working", ZH: "已复工企业", EN: "Enterprises back at work", Unit: "家", Opens: service, source: matters("application"), counts: working},
		{Key: "inspections", ZH: "安全检查", EN: "Inspections", Unit: "次", Opens: service, source: entries("inspection"), counts: opened},
		{Key: "findings", ZH: "新增隐患", EN: "Findings", Unit: "项", Opens: service, source: matters("finding"), counts: opened},
		{Key: "findings_open", ZH: "未整改隐患", EN: "Findings open", Unit: "项", Opens: service, source: matters("finding"), counts: open},
		{Key: "findings_overdue", ZH: "整改逾期", EN: "Findings overdue", Unit: "项", Of: "findings_open", Urgent: true, Opens: service, source: matters("finding"), counts: overdue},
	}
	problems := []Line{
		{Key: "hotline_received", ZH: "热线受理", EN: "Hotline: received", Unit: "件", Opens: service, source: matters("report"), counts: opened},
		{Key: "hotline_closed", ZH: "热线办结", EN: "Hotline: closed", Unit: "件", Opens: service, source: matters("report"), counts: closed},
		{Key: "hotline_minutes", ZH: "热线平均办结用时", EN: "Hotline: minutes to close, on average", Unit: "分钟", Per: "hotline_closed", source: matters("report"), counts: closed, sum: minutes},
		{Key: "hotline_open", ZH: "热线在办", EN: "Hotline: open", Unit: "件", Opens: service, source: matters("report"), counts: open},
		{Key: "hotline_overdue", ZH: "热线逾期", EN: "Hotline: overdue", Unit: "件", Of: "hotline_open", Urgent: true, Opens: service, source: matters("report"), counts: overdue},
		{Key: "dispatches", ZH: "新增调度", EN: "Dispatches", Unit: "件", Opens: service, source: matters("dispatch"), counts: opened},
		{Key: "dispatches_done", ZH: "办结调度", EN: "Dispatches done", Unit: "件", Opens: service, source: matters("dispatch"), counts: closed},
		{Key: "dispatches_open", ZH: "在办调度", EN: "Dispatches open", Unit: "件", Opens: service, source: matters("dispatch"), counts: open},
		{Key: "dispatches_overdue", ZH: "调度逾期", EN: "Dispatches overdue", Unit: "件", Of: "dispatches_open", Urgent: true, Opens: service, source: matters("dispatch"), counts: overdue},
	}
	all := grouped(ofHomes, homes)
	all = append(all, grouped(ofStores, stores)...)
	all = append(all, grouped(ofFirms, firms)...)
	return append(all, grouped(ofProblem, problems)...)
}

func grouped(g *Group, some []Line) []Line {
	for i := range some {
		some[i].Group = g
	}
	return some
}

// Rounds are opened at the midnight of their day; one that the plan dropped is none.
func roundDue(r *record, d *span) bool { return opened(r, d) && r.State != "dropped" }

func roundDone(r *record, d *span) bool { return roundDue(r, d) && r.State == "done" }

// working is an application that is in force: it was approved, and its time is not
// over.
func working(r *record, d *span) bool { return in("approved")(r, d) && !overdue(r, d) }

func minutes(r *record) int64 { return (r.Closed - r.Opened) / 60_000 }

// found is when a finder found something in a state.
func found(state string) func(*record, *span) bool {
	return func(r *record, _ *span) bool { return r.State == state }
}
