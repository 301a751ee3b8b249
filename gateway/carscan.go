package gateway

import (
	"encoding/json"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// maxRiders is how many people one car brings in one request.
const maxRiders = 20

// carBody is a car with the people in it, as a device sends it.
type carBody struct {
	Vehicle     string            `json:"vehicle"`
	Plate       string            `json:"plate"`
	Unchecked   bool              `json:"plate_unchecked"`
	Disinfected bool              `json:"vehicle_disinfected"`
	Direction   string            `json:"direction"`
	OccurredAt  string            `json:"occurred_at"`
	Scans       []json.RawMessage `json:"scans"` // a riderBody each
}

// riderBody is one of the people; exactly one of Pass, Resident, IDDocument and
// WalkIn names them, as in a scan.
type riderBody struct {
	ID          string             `json:"id"`
	Pass        *string            `json:"pass"`
	Resident    *string            `json:"resident"`
	IDDocument  *string            `json:"id_document"`
	WalkIn      *walkInBody        `json:"walk_in"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Method      string             `json:"temperature_method"`
	RemeasureOf string             `json:"remeasure_of"`
	Purpose     string             `json:"purpose"`
	Override    *overrideBody      `json:"override"`
}

// handleCar decides and records the passage of everybody in one car. Each
// person is an event of their own and gets an answer of their own: a bad one
// keeps no other out.
func (s *Server) handleCar(c *fiber.Ctx) error {
	var car carBody
	if err := decodeOuter(c, &car); err != nil {
		return err
	}
	if err := car.check(); err != nil {
		return err
	}
	if err := s.admitScans(c, len(car.Scans)); err != nil {
		return err
	}
	device, b := principalOf(c).Device, s.newBatch(c, len(car.Scans))
	b.record(b.sort(car.Scans, func(place int, text json.RawMessage) (presentation, error) {
		return b.readRider(device, &car, place, text)
	}))
	if err := noneRecorded(b.answers); err != nil {
		return err
	}
	return c.JSON(struct {
		Vehicle string           `json:"vehicle"`
		Plate   string           `json:"plate"`
		Color   checkpoint.Color `json:"color"`
		Results []batchAnswer    `json:"results"`
	}{car.Vehicle, car.Plate, worstColor(b.answers), b.answers})
}

// check refuses what is wrong with the car as a whole and brings its plate into
// the one form.
func (car *carBody) check() (err error) {
	if n := len(car.Scans); n < 1 || n > maxRiders {
		return invalid("scans", fmt.Sprintf("must hold 1 to %d people", maxRiders))
	}
	if len(car.Vehicle) < 8 || len(car.Vehicle) > 64 {
		return invalid("vehicle", "must have 8 to 64 characters, unique for each passage of a car")
	}
	if _, err := checkpoint.ParseDirection(car.Direction); err != nil {
		return invalid("direction", "must be in or out")
	}
	if _, err := parseTime("occurred_at", car.OccurredAt); err != nil {
		return err
	}
	car.Plate, err = plateOf(car.Plate, car.Unchecked)
	return err
}

// readRider makes the scan of one of the people.
func (b *batch) readRider(device *checkpoint.Device, car *carBody, place int, text json.RawMessage) (presentation, error) {
	var in riderBody
	err := decodeJSON(text, &in)
	b.answers[place].ID = in.ID
	if err != nil {
		b.answers[place].ID = idOf(text)
		return presentation{}, err
	}
	return b.s.present(b.ctx, device, &scanBody{
		ID: in.ID, Pass: in.Pass, Resident: in.Resident, IDDocument: in.IDDocument, WalkIn: in.WalkIn,
		Temperature: in.Temperature, Method: in.Method, RemeasureOf: in.RemeasureOf, Purpose: in.Purpose, Override: in.Override,
		Vehicle: car.Vehicle, Plate: car.Plate, Unchecked: car.Unchecked, Disinfected: car.Disinfected,
		Direction: car.Direction, OccurredAt: car.OccurredAt,
	})
}

// worstColor is what the guard sees of the car: red as soon as one of the
// people is refused or could not be recorded.
func worstColor(answers []batchAnswer) checkpoint.Color {
	worst := checkpoint.Green
	for _, a := range answers {
		switch {
		case a.Error != nil || a.Result.Color == checkpoint.Red:
			return checkpoint.Red
		case a.Result.Color == checkpoint.Yellow:
			worst = checkpoint.Yellow
		}
	}
	return worst
}
