package town

import "fmt"

// SchoolCount is how many schools a town has.
const SchoolCount = 8

// Schools gives the schools, each with one gate. They are no part of Sites: in
// the winter that Sites describes they were shut. To the gates they are like an
// enterprise: the same people every day, a temperature in both directions.
func Schools() ([]Site, []Gate) {
	p := thePlace()
	sites, gates := make([]Site, SchoolCount), make([]Gate, SchoolCount)
	for i := range sites {
		home := p.sites[i*p.residential/SchoolCount]
		sites[i] = Site{
			Code: fmt.Sprintf("school-%02d", i+1), Name: fmt.Sprintf("许商第%d学校", i+1),
			Kind: KindEnterprise, Grid: home.Grid, TemperatureOn: "both", AntiPassback: "warn",
		}
		gates[i] = Gate{Code: sites[i].Code + "-g1", Name: sites[i].Name + "大门", Site: sites[i].Code, Open: true}
	}
	return sites, gates
}
