package checkpoint

import "slices"

// Step is one step of the order in which a scan is judged. Steps are data for
// people and clients; the code that does what they say is scan.go, refuse.go
// and the scan script (scan.lua, verdict.lua, record.lua), and a test holds both
// together.
type Step struct {
	Name     string      // stable, for example "fever_case"
	Reasons  []Reason    // that it can give, in its own order
	Ways     []Direction // on which it can change the answer
	Where    Where       // at which sites it can change the answer
	Replaces Replaces    // which earlier answer gives way to its own
	Exact    bool        // false: counted a moment ago, so it may lag (see Inside)
	ZH, EN   string      // what it does, in a sentence
}

// Where says at which sites a step can change the answer.
type Where string

// Seen from the person at the gate.
const (
	Anywhere   Where = "anywhere"
	OwnHome    Where = "own_home"     // the site where the person lives
	NotOwnHome Where = "not_own_home" // every other site
	OtherHomes Where = "other_homes"  // villages and compounds where the person does not live
)

// Covers tells whether a site of this kind, the person's home or not, is meant.
func (w Where) Covers(kind SiteKind, own bool) bool {
	switch w {
	case OwnHome:
		return own
	case NotOwnHome:
		return !own
	case OtherHomes:
		return kind.Residential() && !own
	default:
		return true
	}
}

// Replaces says which answer of the steps before it gives way to a step's own.
type Replaces string

// An answer that does not give way stands, and the step changes no decision.
const (
	ReplacesNothing  Replaces = "nothing"  // speaks only where no step before it has
	ReplacesOutsider Replaces = "outsider" // the refusal of strangers only
	ReplacesPass     Replaces = "pass"     // a pass only: the first refusal stands
	ReplacesRefusal  Replaces = "refusal"  // makes a pass of it, the reason stays
	ReplacesAny      Replaces = "any"
)

// Precedence returns the order in which a scan is judged, first step first.
// Every reason is one of a step's, save ReasonAnnulled, which marks a scan that
// was taken back.
func Precedence() []Step {
	return slices.Concat(identitySteps, siteSteps, bodySteps, lastSteps)
}

var bothWays, wayIn, wayOut = []Direction{In, Out}, []Direction{In}, []Direction{Out}

// identitySteps settle who is at the gate and what their status allows.
var identitySteps = []Step{
	{
		"repeat", nil, bothWays, Anywhere, ReplacesNothing, true,
		"同一次扫码（同一设备、同一编号、同一时间）再次送达，仍得第一次的答复，下面各步不再过问。",
		"The same scan (device, ID and time) sent again gets its first answer, whatever has changed since; nothing below is asked.",
	},
	{
		"device",
		[]Reason{ReasonDeviceRevoked},
		bothWays, Anywhere, ReplacesNothing, true,
		"已停用的设备不放任何人通行，紧急放行也不行；扫码记入该卡口的拒绝登记。",
		"A revoked device lets nobody pass, not even in an emergency; the scan is kept with the gate's refusals.",
	},
	{
		"code",
		[]Reason{ReasonMalformed, ReasonNotOurPass, ReasonUnknownKey, ReasonBadSignature},
		bothWays, Anywhere, ReplacesNothing, true,
		"通行码损坏、不是本系统的、密钥未知或签名不符，就不知道是谁：不放行，记入该卡口的拒绝登记。",
		"A code that is damaged, foreign, signed by an unknown key or forged names nobody: refused, and kept with the gate's refusals.",
	},
	{
		"person",
		[]Reason{ReasonUnknownPerson},
		bothWays, Anywhere, ReplacesNothing, true,
		"查无此人的先登记；由值守人员手写登记的，在核对出是哪位居民之前按外来人员处理。",
		"Whoever is not on record is registered first; a walk-in that a guard wrote down counts as an outsider until matched to a resident.",
	},
	{
		"confined",
		[]Reason{ReasonStatusRed, ReasonQuarantine},
		bothWays, Anywhere, ReplacesNothing, true,
		"红码、医学观察或隔离的人，上表不放行的就不放行，不论出示的通行码是否过期或已作废。",
		"Where the table refuses somebody who is red, under observation or in quarantine, that is the answer, whatever the pass: an old one must not hide it.",
	},
	{
		"pass",
		[]Reason{ReasonExpired, ReasonNotYetValid, ReasonRevoked},
		bothWays, Anywhere, ReplacesNothing, true,
		"出示的通行码在扫码时（前后宽限 60 秒）已过期、未生效，或已作废的，不放行，先登记；此时不再看上表。",
		"A pass that is out of date at the time of the scan (60 s of grace at both ends) or revoked is refused: register. The table is not asked then.",
	},
	{
		"table",
		[]Reason{ReasonOK, ReasonStatusRed, ReasonQuarantine, ReasonOutsider, ReasonRevoked},
		bothWays, Anywhere, ReplacesNothing, true,
		"本人状态、场所类别、进出方向和是否本人住处按上表得出答复；“仅限本地居民”的场所对来访和外来人员另有一表。",
		"Status, site kind, direction and own home give the answer of the table; a site for residents only has its own rows for visitors and outsiders.",
	},
	{
		"permit",
		[]Reason{ReasonOK, ReasonNotYetValid, ReasonPermitExpired, ReasonPermitUsed},
		wayIn, OtherHomes, ReplacesOutsider, true,
		"持本场所有效来访许可的外来人员准入；许可未到期、已过期或次数用完的，以此为由拒绝。“仅限本地居民”时许可无效。许可到期后才离开的，放行并标记逾期。",
		"A permit for this site lets a stranger in; one that is not valid yet, over or used up is the reason why not. It does not help while the site is for residents only. Leaving after its end is marked, not refused.",
	},
	{
		"fever_case",
		[]Reason{ReasonFever},
		wayIn, NotOwnHome, ReplacesPass, true,
		"有未结发热个案的人，除回自己家外哪里也不准进，就地等候；回家和离开别处的，陪送回住处。进出都标记。",
		"Whoever has an open fever case is let into no place but their home: hold here. Coming home and leaving any other place they are escorted. It is always marked.",
	},
	{
		"fever_home",
		[]Reason{ReasonFever},
		wayOut, OwnHome, ReplacesPass, true,
		"有未结发热个案的人在家等候，不得外出；救护车来接的按紧急放行。",
		"Whoever has an open fever case stays at home until fetched; the ambulance goes out as an emergency.",
	},
}

// siteSteps are what the town has ordered for the site. None of them keeps
// anybody out of their home for long: at most the car is disinfected first.
var siteSteps = []Step{
	{
		"cut_off",
		[]Reason{ReasonCutOff},
		wayIn, NotOwnHome, ReplacesPass, true,
		"网关与中心断联超过规定时长的，暂停进入；回自己家的放行，出去的不拦，紧急放行照常。",
		"While a gateway has been cut off from the record for longer than is set, nobody enters; who comes home is let in, who leaves is let out, and an emergency passes.",
	},
	{
		"closed",
		[]Reason{ReasonSiteClosed},
		wayIn, NotOwnHome, ReplacesPass, true,
		"场所关闭时不准进；回自己家的放行并标记，出去的不拦。",
		"Nobody enters a closed site; who comes home is let in and marked, who leaves is let out.",
	},
	{
		"hours",
		[]Reason{ReasonOutsideHours},
		wayIn, NotOwnHome, ReplacesPass, true,
		"不在开放时间不准进；回自己家的放行并标记，出去的不拦。",
		"Nobody enters outside the opening hours; who comes home is let in and marked, who leaves is let out.",
	},
	{
		"full",
		[]Reason{ReasonSiteFull},
		wayIn, NotOwnHome, ReplacesPass, false,
		"人数已满不准进；按记录已在场内的和回自己家的不受限。人数每 250 毫秒汇总一次，期间可能略有超出。",
		"Nobody enters a full site, save who is inside by the record or comes home. The count is added up every 250 ms; within that the site may be overfilled.",
	},
	{
		"outings",
		[]Reason{ReasonQuota},
		wayOut, OwnHome, ReplacesPass, true,
		"本户在规定天数内外出次数已用完的，不准外出；就医、上班和有豁免的不计。",
		"A household that has used up its outings goes out no more; medical reasons, work and an exemption do not count.",
	},
	{
		"disinfection",
		[]Reason{ReasonDisinfection},
		wayIn, Anywhere, ReplacesPass, true,
		"要求车辆消毒的场所，车辆未消毒先消毒再进，回自己家也一样。",
		"Where vehicles are disinfected, one that is not has to be before it goes in, at home too.",
	},
}

// bodySteps look at the temperature and at where the person was last.
var bodySteps = []Step{
	{
		"temperature",
		[]Reason{ReasonTemperatureRequired, ReasonTemperatureLow, ReasonRemeasure, ReasonFever},
		bothWays, Anywhere, ReplacesPass, true,
		"该测未测的先测；第一次偏高或偏低的，在时限内同一场所复测；第二次偏高即发热，在自家门口也须就地等候并立案。已被拒绝的人体温偏高同样计入：理由不变，只改处置。第二次偏低的，除非场所另有规定，放行并标记；在自家门口一律放行。",
		"A reading that is due and missing is asked for. A first high or low one asks for a second at the same site within the window; a second high one is a fever: hold here, even at home, and a case is opened. High readings count for people refused, too: the reason stays, the action changes. A second low one passes, marked, unless the site says deny; at home it always passes.",
	},
	{
		"already_inside",
		[]Reason{ReasonAlreadyInside},
		wayIn, NotOwnHome, ReplacesPass, true,
		"按记录已在场内又要进的，按场所规定放行并标记或拒绝；回自己家的只标记。",
		"Who is inside by the record and enters again is marked or refused, as the site says; at home only marked.",
	},
	{
		"not_inside",
		[]Reason{ReasonNotInside},
		wayOut, Anywhere, ReplacesPass, true,
		"按记录不在场内却要出的，按场所规定放行并标记或先登记；刚被拒绝又持有效码补扫的不算。",
		"Who leaves and is not inside by the record is marked or registered first, as the site says; a good pass right after a refused exit is no second exit.",
	},
	{
		"replayed_pass",
		[]Reason{ReasonReplayedPass},
		wayIn, NotOwnHome, ReplacesPass, true,
		"同一手机码从别的门进入后未出又进的，按场所规定放行并标记或先登记；纸质码不适用，回自己家的只标记。",
		"The same app pass that entered by another gate and has not left since is marked or registered first, as the site says; never a paper pass, and at home only marked.",
	},
}

// lastSteps stand above the rules.
var lastSteps = []Step{
	{
		"override", nil, bothWays, Anywhere, ReplacesRefusal, true,
		"紧急情况由当班人员放行，任何规定都不拦，已停用的设备除外；记录写明越过了哪一条，体温偏高照样立案。",
		"In an emergency the person on shift lets pass, whatever the rules say, save on a revoked device; the reason tells what was passed over, and a fever case is opened all the same.",
	},
	{
		"told",
		[]Reason{ReasonGuard},
		bothWays, Anywhere, ReplacesAny, true,
		"设备离线时已告知的答复作数，纸质登记上写下的也是；与此处所判不同的，标记为不一致。",
		"What a device told while it was offline stands, and what a guard wrote on paper; where it would have been judged otherwise here, that is marked.",
	},
	{
		"record", nil, bothWays, Anywhere, ReplacesNothing, true,
		"每次扫码连同答复都记录，拒绝的也记；出去的一律记录，只因须登记而被拒的算作已经出去。不知是谁的拒绝，每台设备每分钟最多留 120 条。",
		"Every scan is recorded with its answer, refused ones too. An exit always is; one refused only to register the person counts as having left. Of refusals that name nobody, 120 a minute and device are kept.",
	},
}
