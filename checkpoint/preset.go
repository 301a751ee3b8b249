package checkpoint

// Preset is a campaign as data: the parts of a Policy for a kind of decree, to
// be used as they are or changed. It is a reading of such decrees, not their
// text: Source says of which one, Elsewhere what of it no gate can carry out.
type Preset struct {
	Code   string
	NameZH string
	NameEN string
	Source string // zh: whose decree, of when, and how we know it
	About  string // en: what it does
	Parts  []PolicyPart
	// Elsewhere are the decree's rules that are no matter of gates.
	Elsewhere []PresetRule
}

// PresetRule is a rule of a decree by its number there ("二") or a word, and in
// Chinese what it is about and where it belongs.
type PresetRule struct{ Rule, Why string }

func residentialKinds() []SiteKind { return []SiteKind{Village, Compound} }
func publicKinds() []SiteKind      { return []SiteKind{Mall, Market, Shop, Enterprise, Pharmacy} }

// Presets lists the presets. The caller owns what it gets.
func Presets() []Preset {
	return []Preset{tenAlways(), eightAlways(), marketClosure(), resume()}
}

// FindPreset finds a preset by its code.
func FindPreset(code string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Code == code {
			return p, true
		}
	}
	return Preset{}, false
}

// tenAlways follows the notice of Jinan of 5 February 2020 as printed in Dazhong
// Daily on the 6th (m.yybnet.net/jinan/news/202002/10167953.html). It gives no
// fever line; ours is the default.
func tenAlways() Preset {
	return Preset{
		Code: "ten-always", NameZH: "十个一律", NameEN: "Ten always",
		Source: "济南市疫情处置工作领导小组（指挥部）办公室2020年2月5日通告，据《大众日报》2020年2月6日报道",
		About:  "Closed management of villages and compounds, temperatures at every gate, one fever line. A reading of Jinan's notice of 5 February 2020, of which most rules are no matter of gates.",
		Parts: []PolicyPart{
			{
				Kinds: residentialKinds(),
				Rules: RulesPatch{TemperatureOn: ptr(TemperatureBoth), ResidentsOnly: ptr(false)},
				Note:  "一、村居24小时封闭式管理：进出都测体温；外来人员不得进入，特殊情况登记备案后凭访客许可进入",
			},
			{
				Kinds: publicKinds(),
				Rules: RulesPatch{TemperatureOn: ptr(TemperatureIn)},
				Note:  "七、有发热症状的一律报告就诊：公共场所进门测温，才能发现发热的人",
			},
			{
				Rules: RulesPatch{FeverLine: ptr(DefaultFeverLine), LowLine: ptr(DefaultLowLine), RemeasureMin: ptr(DefaultRemeasureMin)},
				Note:  "七、发热线全镇统一为37.3℃，偏高的十分钟内复测（通告没有写度数，此处取本系统默认值）",
			},
		},
		Elsewhere: []PresetRule{
			{"二", "不串门、不聚集、出门戴口罩、无接触配送：口罩由值守人员查看；别村居民本来就按外来人员处理"},
			{"三", "省外来返人员主动报告、接受医学观察：属于人员状态和观察记录，不是卡口规则"},
			{"四", "村居内不在封闭空间办聚集活动：发生在门内"},
			{"五", "不戴口罩不进公共场所、电梯每日消毒：口罩由值守人员查看，消毒另有登记"},
			{"六", "红事停办、白事从简：不归卡口管"},
			{"八", "出租房主体责任：不归卡口管"},
			{"九", "遵守规定、配合登记、不传谣：不归卡口管"},
			{"十", "违反规定依法追究：不归卡口管"},
		},
	}
}

// eightAlways follows the notice of Mengcheng county, Anhui, of early 2020
// (www1.lvxshes.com/gjyzd/1093.html): we found none of Shandong under this
// name. The copy breaks off before the eighth rule.
func eightAlways() Preset {
	return Preset{
		Code: "eight-always", NameZH: "八个一律", NameEN: "Eight always",
		Source: "安徽省蒙城县2020年初的“八个一律”通告；没有找到山东的同名原文，以同类通告代替，所见文本缺第八条",
		About:  "Malls and markets closed, temperatures both ways at villages and compounds, one outing for each household in two days. A reading of a notice of Mengcheng county; we found no text of Shandong under this name.",
		Parts: []PolicyPart{
			{
				Kinds: []SiteKind{Mall, Market},
				Rules: RulesPatch{Closed: ptr(true)},
				Note:  "一、不是生活必需的公共场所关停：商场、集市关闭；商店、药店保障生活，企业另有规定，都不关",
			},
			{
				Kinds: residentialKinds(),
				Rules: RulesPatch{TemperatureOn: ptr(TemperatureBoth), ResidentsOnly: ptr(false)},
				Note:  "三、村（社区）和小区24小时管控进出：进出都测体温；外来人员严控，登记备案后凭访客许可进入",
			},
			{
				Kinds: residentialKinds(),
				Rules: RulesPatch{Outings: ptr(1), OutingDays: ptr(2)},
				Note:  "四、每户每两天一人次外出采购；就医、上班不计",
			},
		},
		Elsewhere: []PresetRule{
			{"二", "餐饮单位不办桌餐：没有餐饮这类场所，也发生在门内"},
			{"五", "签批出入证：通行码代替出入证，系统不做外出审批"},
			{"六", "县外来返人员一小时内报告：属于人员状态和观察记录"},
			{"七", "外出超过六小时按外来人员登记：系统不按外出时长判断"},
			{"八", "所见文本没有这一条"},
		},
	}
}

// marketClosure is what the newspaper tells of the town; the province announced
// it on 28 January 2020.
func marketClosure() Preset {
	return Preset{
		Code: "market-closure", NameZH: "关闭集市", NameEN: "Market closure",
		Source: "山东省2020年1月28日新闻发布会：农村集贸市场暂时关闭；报道：四个村集市和一个活禽市场关闭",
		About:  "Closes every market: the four village markets and the live-poultry market. Shops and malls stay as they are.",
		Parts: []PolicyPart{{
			Kinds: []SiteKind{Market},
			Rules: RulesPatch{Closed: ptr(true)},
			Note:  "农村集市和活禽交易市场一律关闭",
		}},
	}
}

// resume loosens what the others tighten. The province graded its counties by
// risk on 2 March 2020; those of low risk went back to work.
func resume() Preset {
	return Preset{
		Code: "resume", NameZH: "有序恢复", NameEN: "Resume",
		Source: "山东省2020年3月分区分级防控：低风险地区恢复生产生活秩序；具体各条为本系统的理解",
		About:  "Opens malls, markets and shops, lifts the limit on outings, takes temperatures on the way in only. Laid over older policies it wins; better end those first.",
		Parts: []PolicyPart{
			{
				Kinds: residentialKinds(),
				Rules: RulesPatch{Outings: ptr(0), ResidentsOnly: ptr(false), TemperatureOn: ptr(TemperatureIn)},
				Note:  "取消每户外出次数限制，进门测温，来访凭许可",
			},
			{
				Kinds: publicKinds(),
				Rules: RulesPatch{Closed: ptr(false), TemperatureOn: ptr(TemperatureIn)},
				Note:  "商场、集市、商店恢复开放，进门测温",
			},
		},
		Elsewhere: []PresetRule{
			{"活禽", "活禽交易市场也随集市开放；要继续关闭，另立一条只写它的政策"},
			{"复工", "企业复工手续的审批不归卡口管"},
		},
	}
}

func ptr[T any](v T) *T { return &v }
