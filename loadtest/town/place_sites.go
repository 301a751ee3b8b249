package town

import (
	"fmt"
	"slices"
	"strings"
)

// The figures of the newspaper article, and shops as they are plausible.
const (
	areaCount       = 12
	communityCount  = 14
	compoundCount   = 130
	microGridCount  = 853
	mallCount       = 3
	marketCount     = 5 // four village markets and the live-poultry market
	shopCount       = 20
	enterpriseCount = 140
	pharmacyCount   = 12
)

// villageShare is the part of the households that lives in villages; the
// others live in compounds. An assumption: the subdistrict holds the county
// town, so the compounds hold the greater part.
const villageShare = 0.35

var areaNumerals = [areaCount]string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"}

var compoundEndings = []string{"小区", "家园", "佳苑", "新区", "华庭", "东苑"}

var enterpriseTrades = []string{"机械", "食品", "纺织", "建材", "化工", "包装", "玻璃", "电子", "农业", "物流"}

var enterpriseWords = []string{"鲁北", "鑫旺", "恒通", "瑞丰", "金禾", "正大", "宏达", "华泰", "泰山", "齐鲁", "汇丰", "盛源", "天成", "永盛"}

var shopTrades = []string{"超市", "便利店", "粮油店", "五金店", "水果店"}

func areaID(i int) string      { return fmt.Sprintf("area-%02d", i+1) }
func communityID(i int) string { return fmt.Sprintf("community-%02d", i+1) }

// communityOf groups the committees into communities. Which of today's 23
// committees made up one of the 14 communities of 2020 is not published, so
// neighbours in the official order share one.
func communityOf(committee, committees int) int { return committee * communityCount / committees }

// addCommunities adds the communities under their areas and gives back their IDs.
func (p *place) addCommunities(committees []neighbourhood) []string {
	names := make([][]string, communityCount)
	for i, c := range committees {
		at := communityOf(i, len(committees))
		names[at] = append(names[at], strings.TrimSuffix(c.name, "社区"))
	}
	ids := make([]string, communityCount)
	for i := range ids {
		ids[i] = communityID(i)
		p.grid = append(p.grid, GridNode{
			ID: ids[i], Parent: areaID(i % areaCount), Name: strings.Join(names[i], "、") + "社区", Level: 3,
		})
	}
	return ids
}

func (p *place) addVillages(villages []neighbourhood) {
	for i, v := range villages {
		p.addHome(Site{Code: v.code, Name: v.name, Kind: KindVillage}, areaID(i*areaCount/len(villages)))
	}
}

// addCompounds gives each committee five or six compounds, 130 in all.
func (p *place) addCompounds(committees []neighbourhood) {
	for i, c := range committees {
		many := compoundCount / len(committees)
		if i < compoundCount%len(committees) {
			many++
		}
		for j := range many {
			p.addHome(Site{
				Code:      fmt.Sprintf("%s-%02d", c.code, j+1),
				Name:      strings.TrimSuffix(c.name, "社区") + compoundEndings[j%len(compoundEndings)],
				Kind:      KindCompound,
				Committee: c.code,
			}, communityID(communityOf(i, len(committees))))
		}
	}
}

// addHome adds a residential site, which is a level-3 grid node of its own.
func (p *place) addHome(s Site, parent string) {
	s.Grid, s.TemperatureOn, s.AntiPassback = s.Code, "both", "warn"
	p.sites = append(p.sites, s)
	p.grid = append(p.grid, GridNode{ID: s.Code, Parent: parent, Name: s.Name, Level: 3})
}

// settlePeople shares the households out: a site holds between half and one and
// a half times the average of its kind, always the same for the same site.
func (p *place) settlePeople() {
	weights := make([]float64, p.residential)
	sum := map[string]float64{}
	for i, s := range p.sites {
		d := roll(saltPlace, uint64(i))
		weights[i] = 0.5 + d.unit()
		sum[s.Kind] += weights[i]
	}
	share := map[string]float64{KindVillage: villageShare, KindCompound: 1 - villageShare}
	p.settle = make([]float64, p.residential)
	total := 0.0
	for i, s := range p.sites {
		total += float64(weights[i] / sum[s.Kind] * share[s.Kind])
		p.settle[i] = total
	}
}

// addMicroGrids spreads the micro-grids by population: one for each site, the
// others by the greatest remainder.
func (p *place) addMicroGrids() {
	p.microGrids = make([]int, p.residential)
	rest := make([]float64, p.residential)
	order := make([]int, p.residential)
	given, before := 0, 0.0
	for i, upTo := range p.settle {
		due := float64((upTo - before) * (microGridCount - float64(p.residential)))
		before = upTo
		p.microGrids[i], rest[i], order[i] = 1+int(due), due-float64(int(due)), i
		given += p.microGrids[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case rest[a] > rest[b]:
			return -1
		case rest[a] < rest[b]:
			return 1
		}
		return 0
	})
	for _, i := range order[:microGridCount-given] {
		p.microGrids[i]++
	}
	for i, s := range p.sites {
		for m := range p.microGrids[i] {
			p.grid = append(p.grid, GridNode{
				ID: microGridID(s.Code, m), Parent: s.Code, Name: fmt.Sprintf("%s第%d网格", s.Name, m+1), Level: 4,
			})
		}
	}
}

func microGridID(site string, m int) string { return fmt.Sprintf("%s-m%02d", site, m+1) }

// addPublicSites spreads the public sites over communities and villages. The
// markets are closed, as they were.
func (p *place) addPublicSites(communities []string) {
	villages := p.sites[:slices.IndexFunc(p.sites, func(s Site) bool { return s.Kind == KindCompound })]
	homes := p.sites[:p.residential]
	add := func(s Site, prefix string, number int) {
		s.Code = fmt.Sprintf("%s-%02d", prefix, number+1)
		if s.AntiPassback == "" {
			s.AntiPassback = "off"
		}
		if !s.Closed {
			p.public[s.Kind] = append(p.public[s.Kind], len(p.sites))
		}
		p.sites = append(p.sites, s)
	}
	for i, name := range []string{"许商购物中心", "商河商厦", "鑫源百货"}[:mallCount] {
		add(Site{Name: name, Kind: KindMall, Grid: communities[i*4], TemperatureOn: "in"}, "mall", i)
	}
	for i := range marketCount {
		at := villages[i*len(villages)/marketCount]
		s := Site{Name: at.Name + "集市", Kind: KindMarket, Grid: at.Grid, TemperatureOn: "in", Closed: true}
		if i == marketCount-1 {
			s.Name = at.Name + "活禽交易市场"
		}
		add(s, "market", i)
	}
	for i := range shopCount {
		at := homes[i*len(homes)/shopCount]
		add(Site{Name: at.Name + shopTrades[i%len(shopTrades)], Kind: KindShop, Grid: at.Grid, TemperatureOn: "in"}, "shop", i)
	}
	for i := range enterpriseCount {
		// Ten trades and fourteen words: all 140 names differ.
		name := enterpriseWords[i/len(enterpriseTrades)] + enterpriseTrades[i%len(enterpriseTrades)] + "有限公司"
		at := homes[i*len(homes)/enterpriseCount]
		add(Site{Name: name, Kind: KindEnterprise, Grid: at.Grid, TemperatureOn: "both", AntiPassback: "warn"}, "enterprise", i)
	}
	for i := range pharmacyCount {
		add(Site{
			Name: "许商第" + areaNumerals[i] + "大药房", Kind: KindPharmacy,
			Grid: communities[i], TemperatureOn: "in",
		}, "pharmacy", i)
	}
}

// addGates gives every site one gate, malls and markets two.
func (p *place) addGates() {
	p.gateCodes = make([][]string, len(p.sites))
	for i, s := range p.sites {
		names := []string{"大门"}
		if s.Kind == KindMall || s.Kind == KindMarket {
			names = []string{"东门", "西门"}
		}
		for g, name := range names {
			code := fmt.Sprintf("%s-g%d", s.Code, g+1)
			p.gates = append(p.gates, Gate{Code: code, Name: s.Name + name, Site: s.Code, Open: !s.Closed})
			p.gateCodes[i] = append(p.gateCodes[i], code)
		}
	}
}
