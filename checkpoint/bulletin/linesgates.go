package bulletin

import "passgate/checkpoint"

// gateLines are the numbers of the gates. Whose passages they are is asked under an
// open case, so the numbers of passages open no rows.
func gateLines() []Line {
	type event = checkpoint.ScanEvent
	all := []Line{
		{
			Key: "in", ZH: "进入", EN: "Let in", Unit: "人次",
			scan: func(e *event, went bool) bool { return went && e.Direction == checkpoint.In },
		},
		{
			Key: "out", ZH: "外出", EN: "Left", Unit: "人次",
			scan: func(e *event, went bool) bool { return went && e.Direction == checkpoint.Out },
		},
		{Key: "people", ZH: "通行人员", EN: "People who passed", Unit: "人", Distinct: true},
		{
			Key: "visits", ZH: "来访进入", EN: "Visitors let in by a permit", Unit: "人次",
			scan: func(e *event, went bool) bool { return went && e.Direction == checkpoint.In && e.Permit != 0 },
		},
		{
			Key: "denied", ZH: "劝返", EN: "Refused", Unit: "人次", Opens: duty,
			scan: denied,
		},
	}
	for i, r := range checkpoint.Reasons() {
		reason := checkpoint.Reason(i) //nolint:gosec // a byte, in stored order
		if reason == checkpoint.ReasonAnnulled {
			continue // of what takes a scan back
		}
		all = append(all, Line{
			Key: "denied_" + r.Name, ZH: r.ZH, EN: r.EN, Unit: "人次", Of: "denied", Opens: duty,
			scan: func(e *event, _ bool) bool { return e.Reason == reason && denied(e, false) },
		})
	}
	all = append(all,
		Line{
			Key: "emergencies", ZH: "紧急放行", EN: "Let pass as an emergency", Unit: "人次", Urgent: true, Opens: duty,
			scan: func(e *event, _ bool) bool { return e.Counts() && e.Override != 0 },
		},
		Line{
			Key: "breaches", ZH: "应居家人员外出", EN: "Not at home who has to be", Unit: "人次", Urgent: true, Opens: duty,
			scan: func(e *event, _ bool) bool { return e.Counts() && e.Flags&checkpoint.FlagBreach != 0 },
		},
		Line{
			Key: "high_readings", ZH: "卡口体温偏高", EN: "High readings at gates", Unit: "人次", Opens: duty,
			scan: func(e *event, _ bool) bool { return e.Counts() && e.Flags&checkpoint.FlagTemperatureHigh != 0 },
		},
		Line{
			Key: "overstayed", ZH: "访客逾期离开", EN: "Visitors who left too late", Unit: "人次", Opens: duty,
			scan: func(e *event, _ bool) bool { return e.Counts() && e.Flags&checkpoint.FlagOverstayed != 0 },
		},
		Line{
			Key: "conflicts", ZH: "脱机判定不一致", EN: "Told otherwise offline than by the rules", Unit: "人次", Opens: duty,
			scan: func(e *event, _ bool) bool { return e.Counts() && e.Flags&checkpoint.FlagConflict != 0 },
		},
		Line{
			Key: "annulled", ZH: "撤销登记", EN: "Scans taken back", Unit: "次", Opens: duty,
			scan: func(e *event, _ bool) bool { return e.Annulled },
		},
		Line{
			Key: "silent_gates", ZH: "无登记卡口", EN: "Gates without a scan", Unit: "个", Urgent: true, Opens: service,
			source: fromSilentGates, counts: always,
		},
	)
	for i := range all {
		all[i].Group = atGates
	}
	return all
}

func denied(e *checkpoint.ScanEvent, _ bool) bool { return e.Decision == checkpoint.Deny && e.Counts() }

func always(*record, *span) bool { return true }
