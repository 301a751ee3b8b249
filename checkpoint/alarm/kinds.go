package alarm

import (
	"slices"

	"passgate/checkpoint"
)

// Kind says what an alarm is about. It is a stable string of the API.
type Kind string

// Level says how soon somebody has to look.
type Level string

// The levels.
const (
	Urgent Level = "urgent" // now
	Today  Level = "today"
)

// Text is one row of the table of kinds.
type Text struct {
	Kind  Kind
	Level Level
	ZH    string
	EN    string
}

// The kinds of events at gates, named like the alerts that they are.
const (
	FeverCase  = Kind(checkpoint.AlertFever)
	FeverOut   = Kind(checkpoint.AlertFeverOut)
	Breach     = Kind(checkpoint.AlertBreach)
	Override   = Kind(checkpoint.AlertOverride)
	DeniedExit = Kind(checkpoint.AlertDeniedExit)
	Overstayed = Kind(checkpoint.AlertOverstayed)
	Conflict   = Kind(checkpoint.AlertConflict)
)

// The kinds of supplies, beds, disinfection and pharmacies.
const (
	BedsFull            Kind = "beds_full"            // key: the beds' node
	BedsScarce          Kind = "beds_scarce"          // key: the beds' node
	BedOverdue          Kind = "bed_overdue"          // key: the stay
	StockLow            Kind = "stock_low"            // key: the stock
	DisinfectionOverdue Kind = "disinfection_overdue" // key: site and day
	PurchaseReported    Kind = "purchase_reported"    // key: the purchase
	PurchaseOverdue     Kind = "purchase_overdue"     // key: the purchase
)

// The kinds of enterprises, inspections, the hotline and dispatches.
const (
	ReportOverdue      Kind = "report_overdue"      // key: the report
	DispatchOverdue    Kind = "dispatch_overdue"    // key: the dispatch
	FindingOverdue     Kind = "finding_overdue"     // key: the finding
	ApplicationOverdue Kind = "application_overdue" // key: the application
	ApprovalLapsed     Kind = "approval_lapsed"     // key: the application
)

// The kinds of fever cases and of decisions about statuses.
const (
	FeverOverdue    Kind = "fever_overdue"    // key: the case and the step
	FeverPositive   Kind = "fever_positive"   // key: the case
	ContestOverdue  Kind = "contest_overdue"  // key: the contest
	ProposalWaiting Kind = "proposal_waiting" // key: the proposal
)

// AuthorityUnknown is a change by another office about somebody who is not enrolled.
const AuthorityUnknown Kind = "authority_unknown" // key: the change that waits for its person

// BulletinLate is a day whose bulletin the program could not publish.
const BulletinLate Kind = "bulletin_late" // key: the day

// CallsWaiting is a case whose contacts nobody has seen to for long.
const CallsWaiting Kind = "calls_waiting" // key: the case, and the node that some were given to

// The kinds of observations, of diaries and of what people at home ask for.
const (
	ReadingFever      Kind = "reading_fever"      // key: person and reading
	ReportedTrouble   Kind = "reported_trouble"   // key: person and day
	ObservationBreach Kind = "observation_breach" // key: person and scan; away from the gate of their home
	ObservationHeld   Kind = "observation_held"   // key: person and observation
	ReadingMissed     Kind = "reading_missed"     // key: person, day and half of it
	ReportMissed      Kind = "report_missed"      // key: person and day
	RequestOverdue    Kind = "request_overdue"    // key: the request
)

// kinds is the table, the gravest first.
var kinds = []Text{
	event(checkpoint.AlertFever, Urgent),
	event(checkpoint.AlertFeverOut, Urgent),
	event(checkpoint.AlertBreach, Urgent),
	{ObservationBreach, Urgent, "医学观察人员在其他场所出现", "Somebody under observation was at another place"},
	{ReadingFever, Urgent, "居家人员自测发热", "Somebody at home has measured fever"},
	{ReportedTrouble, Urgent, "医学观察人员报告有情况", "Somebody under observation has reported that something is wrong"},
	{FeverPositive, Urgent, "发热病例筛查结果为阳性", "A screening of a fever case was positive"},
	{FeverOverdue, Urgent, "发热病例处置逾期：上报、转运、筛查或结案", "A step of a fever case is overdue: report, hand-over, screening or closing"},
	{BedsFull, Urgent, "有人等候，隔离床位已满", "Somebody waits for an isolation bed and none is free"},
	{PurchaseOverdue, Urgent, "购买退热药品人员逾期未核实", "Nobody has seen to a purchase of fever medicine in time"},
	{ObservationHeld, Today, "医学观察期满，近日有发热，待决定是否解除", "An observation is over with fever of late: somebody has to decide"},
	{ReadingMissed, Today, "医学观察人员未按时测温", "A reading of somebody under observation is missing"},
	{ReportMissed, Today, "医学观察人员当天未报平安", "A daily report of somebody under observation is missing"},
	{RequestOverdue, Today, "居家人员的请求逾期未办", "What somebody at home asked for is overdue"},
	{PurchaseReported, Today, "有人购买退热药品，待上门核实", "Somebody bought fever medicine: a visit is due"},
	{ContestOverdue, Urgent, "对健康码状态的异议超过48小时未答复", "A contest about a status is not answered within 48 hours"},
	{CallsWaiting, Urgent, "流调案件有接触者超过两小时无人跟进", "Contacts of a case lie for more than two hours: nobody has called them"},
	{ProposalWaiting, Today, "有状态变更待第二人审批", "A change of status waits for a second person"},
	{ReportOverdue, Today, "群众反映事项逾期未办结", "What residents reported is not answered in time"},
	{DispatchOverdue, Today, "调度事项逾期未完成", "A dispatched problem is not solved in time"},
	{FindingOverdue, Today, "检查发现的问题逾期未整改", "A finding of an inspection is not put right in time"},
	{ApplicationOverdue, Today, "复工申请逾期未审批", "An application to resume work waits too long for its decision"},
	{ApprovalLapsed, Today, "复工批准已到期", "An approval to work has run out"},
	{AuthorityUnknown, Today, "上级下发的人员状态变更查无此人，待登记", "A decision of an authority is about somebody who is not on record: enrol them"},
	{BulletinLate, Today, "昨日通报未能自动发布，请联系系统管理员", "Yesterday's bulletin could not be published by the program: tell the operator"},
	{BedsScarce, Today, "隔离床位使用已达九成", "Nine in ten isolation beds are in use"},
	{BedOverdue, Today, "隔离床位人员已到期未离开", "Somebody is in an isolation bed beyond their time"},
	{StockLow, Today, "物资低于警戒线", "A stock is below its line"},
	{DisinfectionOverdue, Today, "消毒未按时完成", "Rounds of disinfection are overdue"},
	event(checkpoint.AlertOverride, Today),
	event(checkpoint.AlertDeniedExit, Today),
	event(checkpoint.AlertOverstayed, Today),
	event(checkpoint.AlertConflict, Today),
}

// Kinds lists the table, the gravest first.
func Kinds() []Text { return append([]Text(nil), kinds...) }

// event is the row of an alert.
func event(kind checkpoint.AlertKind, level Level) Text {
	text := kind.Text()
	return Text{Kind(kind), level, text.ZH, text.EN}
}

// Text is the row of the table; one that is not in it is for today.
func (k Kind) Text() Text {
	for _, t := range kinds {
		if t.Kind == k {
			return t
		}
	}
	return Text{k, Today, string(k), string(k)}
}

// Rank is where a kind stands in the table: the gravest is 0.
func (k Kind) Rank() int {
	if n := slices.IndexFunc(kinds, func(t Text) bool { return t.Kind == k }); n >= 0 {
		return n
	}
	return len(kinds)
}

// Known tells that a kind is in the table.
func (k Kind) Known() bool { return k.Rank() < len(kinds) }
