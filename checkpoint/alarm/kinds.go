package alarm

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

// kinds is the table, the gravest first.
var kinds = []Text{
	{BedsFull, Urgent, "有人等候,隔离床位已满", "Somebody waits for an isolation bed and none is free"},
	{PurchaseOverdue, Urgent, "购买退热药品人员逾期未核实", "Nobody has seen to a purchase of fever medicine in time"},
	{PurchaseReported, Today, "有人购买退热药品,待上门核实", "Somebody bought fever medicine: a visit is due"},
	{BedsScarce, Today, "隔离床位使用已达九成", "Nine in ten isolation beds are in use"},
	{BedOverdue, Today, "隔离床位人员已到期未离开", "Somebody is in an isolation bed beyond their time"},
	{StockLow, Today, "物资低于警戒线", "A stock is below its line"},
	{DisinfectionOverdue, Today, "消毒未按时完成", "Rounds of disinfection are overdue"},
}

// Kinds lists the table, the gravest first.
func Kinds() []Text { return append([]Text(nil), kinds...) }
