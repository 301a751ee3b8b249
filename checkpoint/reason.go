package checkpoint

import "fmt"

// Reason says why a decision was taken. The wire names are stable; the texts
// are what a guard and a resident read.
type Reason uint8

// The reasons, in stored order (never renumber).
const (
	ReasonOK Reason = iota
	ReasonMalformed
	ReasonNotOurPass
	ReasonUnknownKey
	ReasonBadSignature
	ReasonExpired
	ReasonNotYetValid
	ReasonRevoked
	ReasonUnknownPerson
	ReasonStatusRed
	ReasonQuarantine
	ReasonOutsider
	ReasonPermitExpired
	ReasonPermitUsed
	ReasonSiteClosed
	ReasonSiteFull
	ReasonOutsideHours
	ReasonQuota
	ReasonTemperatureRequired
	ReasonTemperatureLow
	ReasonRemeasure
	ReasonFever
	ReasonAlreadyInside
	ReasonNotInside
	ReasonReplayedPass
	ReasonDeviceRevoked
	ReasonDisinfection
	ReasonAnnulled
	ReasonCutOff
	ReasonGuard
)

// ReasonText is one row of the published table of reasons.
type ReasonText struct {
	Name string `json:"reason"` // wire name
	ZH   string `json:"zh"`     // what the screen says in zh-CN
	EN   string `json:"en"`
}

var reasons = [...]ReasonText{
	ReasonOK:                  {"ok", "通行", "Go"},
	ReasonMalformed:           {"malformed", "码已损坏，请重新出示", "Damaged code, show it again"},
	ReasonNotOurPass:          {"not_our_pass", "不是本系统的通行码", "Not one of our passes"},
	ReasonUnknownKey:          {"unknown_key", "通行码的密钥未知，请联网更新", "Signed by an unknown key, update this device"},
	ReasonBadSignature:        {"bad_signature", "通行码签名不符，疑似伪造", "Signature does not match, possibly forged"},
	ReasonExpired:             {"expired", "通行码已过期，请刷新", "Pass expired, refresh it"},
	ReasonNotYetValid:         {"not_yet_valid", "通行码尚未生效", "Pass not valid yet"},
	ReasonRevoked:             {"revoked", "通行码已作废", "Pass revoked"},
	ReasonUnknownPerson:       {"unknown_person", "查无此人，请登记", "Person not found, register them"},
	ReasonStatusRed:           {"status_red", "红码", "Status red"},
	ReasonQuarantine:          {"quarantine", "隔离或观察期内", "In quarantine or under observation"},
	ReasonOutsider:            {"outsider", "外来人员，需登记备案", "Not a resident here, register first"},
	ReasonPermitExpired:       {"permit_expired", "来访许可已过期", "Visitor permit expired"},
	ReasonPermitUsed:          {"permit_used", "来访许可已使用", "Visitor permit already used"},
	ReasonSiteClosed:          {"site_closed", "场所已关闭", "Site is closed"},
	ReasonSiteFull:            {"site_full", "场所人数已满", "Site is full"},
	ReasonOutsideHours:        {"outside_hours", "不在开放时间", "Outside opening hours"},
	ReasonQuota:               {"quota", "本户外出次数已用完", "Household outings used up"},
	ReasonTemperatureRequired: {"temperature_required", "请测体温", "Take the temperature"},
	ReasonTemperatureLow:      {"temperature_low", "体温偏低，请换部位复测", "Reading too low, measure at another place"},
	ReasonRemeasure:           {"remeasure", "体温偏高，请复测", "High reading, measure again"},
	ReasonFever:               {"fever", "发热，请就地等候", "Fever, wait here"},
	ReasonAlreadyInside:       {"already_inside", "记录显示已在场内", "Already inside by the record"},
	ReasonNotInside:           {"not_inside", "记录显示不在场内", "Not inside by the record"},
	ReasonReplayedPass:        {"replayed_pass", "同一通行码重复进入", "The same pass entered twice"},
	ReasonDeviceRevoked:       {"device_revoked", "本设备已停用", "This device is revoked"},
	ReasonDisinfection:        {"disinfection_required", "车辆请先消毒", "Disinfect the vehicle first"},
	ReasonAnnulled:            {"annulled", "该次登记已撤销", "This entry was taken back"},
	ReasonCutOff:              {"cut_off", "与中心断联过久，暂停进入，请稍候", "Cut off for too long: nobody enters, please wait"},
	ReasonGuard:               {"guard", "卡口劝返", "Turned back by the guard"},
}

// Reasons returns the published table, in stored order.
func Reasons() []ReasonText { return append([]ReasonText(nil), reasons[:]...) }

// String returns the wire name, for example "status_red".
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r].Name
	}
	return fmt.Sprintf("unknown(%d)", uint8(r))
}

// ParseReason reads a wire name.
func ParseReason(s string) (Reason, error) {
	for i := range reasons {
		if reasons[i].Name == s {
			return Reason(i), nil
		}
	}
	return 0, fmt.Errorf("reason %q is not in the table of reasons", s)
}

// Text gives the row of the table.
func (r Reason) Text() ReasonText { return reasons[r] }
