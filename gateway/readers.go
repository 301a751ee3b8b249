package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// readView is an entry of the audit as the one whom it is about sees it: what was
// done, by which office, in the course of what. It names no member of the staff,
// and not the reason in their words, which may name others.
type readView struct {
	At       utcTime  `json:"at"`
	Role     string   `json:"role"`
	RoleText textView `json:"role_text"`
	Office   string   `json:"office"`
	What     textView `json:"what"`
	Ground   textView `json:"ground"`
}

// roleTexts are the words for who has read something.
var roleTexts = map[checkpoint.Role]textView{
	checkpoint.RoleAdmin:      {"系统管理员", "Administrator"},
	checkpoint.RoleLeader:     {"负责人", "Leader"},
	checkpoint.RoleEnroller:   {"登记人员", "Enroller"},
	checkpoint.RoleGrid:       {"网格员", "Grid member"},
	checkpoint.RoleMedic:      {"医务人员", "Medical worker"},
	checkpoint.RolePharmacist: {"药店人员", "Pharmacist"},
	checkpoint.RoleInspector:  {"检查人员", "Inspector"},
	checkpoint.RoleTracer:     {"流调人员", "Tracer"},
	checkpoint.RoleAuditor:    {"审计人员", "Auditor"},
	checkpoint.RoleGuard:      {"值守人员", "Guard"},
}

// actionTexts are the words for what was done, by the action in the audit.
var actionTexts = map[string]textView{
	"POST /v1/residents/:id/move":             {"办理迁居", "Moved you to another home"},
	"POST /v1/residents/:id/correct":          {"更正登记信息", "Corrected the registered particulars"},
	"POST /v1/residents/:id/merge":            {"合并重复登记", "Merged two records of you"},
	"POST /v1/residents/:id/gone":             {"登记迁出或死亡", "Wrote down that you have left"},
	"GET /v1/residents/:id/work":              {"查看登记变更记录", "Looked at what was changed in the record"},
	"GET /v1/residents/:id":                   {"查看登记信息", "Looked at the registered particulars"},
	"PUT /v1/residents/:id/status":            {"变更健康状态", "Changed the status"},
	"GET /v1/contests":                        {"查看申诉", "Looked at contests"},
	"POST /v1/contests/:id/answer":            {"答复申诉", "Answered a contest"},
	"POST /v1/requests/:id/take":              {"接下服务需求", "Took a request on"},
	"POST /v1/requests/:id/done":              {"办结服务需求", "Finished a request"},
	"GET /v1/residents/:id/readings":          {"查看测温日记", "Looked at the diary"},
	"POST /v1/residents/:id/readings":         {"代记体温", "Wrote into the diary"},
	"POST /v1/residents/:id/passes":           {"签发通行码", "Issued a pass"},
	"POST /v1/residents/:id/passes/revoke":    {"作废通行码", "Revoked the passes"},
	"POST /v1/residents/:id/activation/renew": {"更换住户激活码", "Renewed the household's activation code"},
	"GET /v1/residents/:id/trajectory":        {"查询活动轨迹", "Asked where you were"},
	"GET /v1/residents/:id/contacts":          {"查询接触人员", "Asked whom you met"},
	"POST /v1/residents/search":               {"按证件号、电话或姓名查找", "Searched by document, phone or name"},
	"POST /v1/gate/search":                    {"在卡口按姓名、证件尾号或门牌查找", "Searched at the gate by name, document or door"},
	"GET /v1/residents":                       {"导出本场所居民名册，或查看本户成员", "Exported the list of residents of the site, or looked at your household"},
	"GET /v1/sites/:site/sheet":               {"打印本场所纸质通行码", "Printed the paper passes of the site"},
	"POST /v1/status-changes":                 {"变更多人健康状态", "Changed the status of many"},
	"GET /v1/status-proposals/:id":            {"查看待审批的状态变更", "Looked at a change of status that waits"},
	"POST /v1/status-proposals/:id/approve":   {"审批状态变更", "Approved a change of status"},
	"POST /v1/status-proposals/:id/refuse":    {"退回状态变更", "Refused a change of status"},
	"POST /v1/fevers/:id/reports":             {"上报发热个案", "Reported a fever case"},
	"POST /v1/fevers/:id/handover":            {"登记发热人员转运", "Wrote down who took over a fever case"},
	"POST /v1/fevers/:id/screening":           {"登记筛查结果", "Wrote down a result of a screening"},
	"POST /v1/fevers/:id/hospital-link":       {"生成医院填报代码", "Made the code for a hospital's result"},
	"GET /v1/fevers/:id":                      {"查看发热个案", "Looked at a fever case"},
	"POST /v1/fevers/:id/close":               {"办结发热个案", "Closed a fever case"},
	"POST /v1/observations":                   {"开始医学观察", "Put you under observation"},
	"GET /v1/observations":                    {"查看医学观察名单", "Looked at who is under observation"},
	"GET /v1/observations/:id":                {"查看医学观察记录", "Looked at your observation"},
	"POST /v1/observations/:id/release":       {"解除医学观察", "Ended your observation"},
	"POST /v1/observations/:id/extend":        {"延长医学观察", "Gave your observation a later end"},
	"POST /v1/observations/:id/people":        {"更换包保人员", "Changed who looks after you"},
	"POST /v1/observations/:id/reports":       {"代报每日情况", "Wrote a report of the day"},
	"POST /v1/returnees":                      {"登记返乡人员", "Registered that you came back"},
	"GET /v1/returnees":                       {"查看返乡人员名单", "Looked at who has come back"},
	"GET /v1/grid/:id/today":                  {"查看网格当日清单", "Looked at what is to be done today"},
	"GET /v1/walk-ins/:id/candidates":         {"核对手写登记人员", "Compared a walk-in with residents"},
	"POST /v1/permits":                        {"发放访客许可", "Issued a permit for you to visit"},
	"POST /v1/permits/:id/withdraw":           {"收回访客许可", "Withdrew a permit of yours"},
	"POST /v1/walk-ins/:id/match":             {"将手写登记归入本人", "Matched a walk-in"},
	"POST /v1/cases":                          {"建立流调案件", "Opened a tracing case"},
	"POST /v1/cases/:code/people":             {"加入流调案件", "Added to a tracing case"},
	"POST /v1/cases/:code/contacts":           {"列入接触者随访", "Listed you among the contacts of a case"},
	"GET /v1/cases/:code/line-list":           {"导出密切接触者一览表", "Made the list of a case's contacts for the county"},
	"GET /v1/calls/visits":                    {"查看上门随访名单", "Looked at whom to visit because of a case"},
	"POST /v1/calls/:id/phone":                {"为流调电话查看您的号码", "Looked at your number to call you"},
	"POST /v1/calls/:id/outcome":              {"登记流调随访结果", "Wrote down what became of a call"},
	"POST /v1/calls/:id/transfer":             {"移交接触者随访", "Gave the task of calling you to another office"},
}

// otherAction is for what has no words of its own.
var otherAction = textView{"查阅个人信息", "Read personal particulars"}

var (
	groundCase = textView{"流行病学调查案件", "For an epidemiological case"}
	groundDuty = textView{"日常工作", "In the course of duty"}
)

// handleReaders tells a member who of the staff has read their particulars.
func (s *Server) handleReaders(c *fiber.Ctx) error {
	member, err := s.memberOf(c, c.Query("resident"))
	if err != nil {
		return err
	}
	entries, err := s.store.Readers(s.context(c), member)
	if err != nil {
		return err
	}
	reg, reads := s.store.Registry(), make([]readView, len(entries))
	town := rootOf(reg)
	for i := range entries {
		reads[i] = viewOfRead(reg, town, &entries[i])
	}
	return c.JSON(fiber.Map{"reads": reads})
}

func viewOfRead(reg *checkpoint.Registry, town string, e *checkpoint.AuditEntry) readView {
	v := readView{
		At: utcTime(e.At), Role: e.Role, RoleText: roleTexts[checkpoint.Role(e.Role)],
		What: actionTexts[e.Action], Ground: groundDuty,
	}
	if st, ok := reg.Staff(e.Actor); ok {
		v.Office = town
		if n, ok := reg.Grid(st.Grid); ok {
			v.Office = n.Name
		}
	}
	if v.What == (textView{}) {
		v.What = otherAction
	}
	if e.Case != "" {
		v.Ground = groundCase
	}
	return v
}

// rootOf is the name of the whole town's office.
func rootOf(reg *checkpoint.Registry) string {
	for _, n := range reg.GridNodes() {
		if n.Parent == "" {
			return n.Name
		}
	}
	return ""
}
