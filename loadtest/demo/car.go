package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// carBody is a car with the people in it on the wire.
type carBody struct {
	Vehicle     string            `json:"vehicle"`
	Plate       string            `json:"plate"`
	Disinfected bool              `json:"vehicle_disinfected"`
	Direction   string            `json:"direction"`
	OccurredAt  string            `json:"occurred_at"`
	Scans       []json.RawMessage `json:"scans"`
}

// riderBody is one of them.
type riderBody struct {
	ID          string      `json:"id"`
	Pass        string      `json:"pass,omitempty"`
	Resident    string      `json:"resident,omitempty"`
	IDDocument  string      `json:"id_document,omitempty"`
	Temperature json.Number `json:"temperature,omitempty"`
	Method      string      `json:"temperature_method,omitempty"`
	Purpose     string      `json:"purpose,omitempty"`
}

// cars take a whole household out and back home again, where the vehicle may
// have to be disinfected first.
func (x *extras) cars() {
	r := x.run
	for range x.some(400, 5) {
		driver := x.somebody()
		if r.oracle.sites[r.oracle.people[driver].home].outings > 0 {
			continue // who of them takes the last outing is nobody's to say
		}
		at, gate := x.between(8, 18), x.homeGate(driver)
		plate := r.plateOf(driver)
		ride := func(after int64, in, dirty bool) {
			r.postpone(act{
				at: at + after*minute, person: driver, gate: gate, in: in, temperature: x.warmth(), plate: plate, dirty: dirty, deed: byCar,
			})
		}
		ride(0, false, false)
		if r.oracle.sites[r.oracle.gates[gate].site].disinfection {
			ride(60, true, true)
		}
		ride(63, true, false)
	}
}

// drive brings a household through a gate in one request, if the phone there
// has a network.
func (r *run) drive(ctx context.Context, a act) error {
	car := carBody{OccurredAt: wireTime(a.at), Plate: a.plate, Disinfected: a.in && !a.dirty}
	var scans []*scan
	for _, rider := range r.householdOf(a.person) {
		one := a
		one.person, one.deed = rider, pass1
		s, err := r.compose(ctx, one)
		if err != nil {
			return err
		}
		if s.late || len(scans) > 0 && s.device != scans[0].device {
			continue // no network; or another lane's phone
		}
		car.Vehicle, car.Direction = "car-"+s.id, s.direction()
		body, err := json.Marshal(riderBody{ // #nosec G117 -- a pass is there to be shown
			s.id, s.named.Pass, s.named.Resident, s.named.IDDocument, json.Number(degrees(s.temperature)), s.method, s.purpose,
		})
		if err != nil {
			return fmt.Errorf("demo: car: %w", err)
		}
		scans, car.Scans = append(scans, s), append(car.Scans, body)
	}
	if len(scans) == 0 {
		return nil
	}
	for _, s := range scans {
		s.car = car.Vehicle
	}
	return r.sendCar(ctx, &car, scans)
}

func (r *run) sendCar(ctx context.Context, car *carBody, scans []*scan) error {
	body, err := json.Marshal(car)
	if err != nil {
		return fmt.Errorf("demo: car: %w", err)
	}
	var out struct {
		batchAnswer
		Color string `json:"color"`
	}
	q := request{method: http.MethodPost, path: "/v1/scans/vehicle", token: r.devices[scans[0].device].token, body: body}
	if err := r.c.into(ctx, q, &out); err != nil {
		return err
	}
	color := "green"
	for i, got := range out.exchanges(scans) {
		r.scans.Add(1)
		v := r.oracle.judge(scans[i])
		r.compare(scans[i], v, got)
		if c := v.color(); c == "red" || color == "green" {
			color = c
		}
	}
	r.cars.Add(1)
	r.ledger.same("cars.color", "car "+car.Vehicle, color, out.Color)
	return nil
}
