package gateway

import (
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// diaryView is a reading of a diary, with what to do.
type diaryView struct {
	ID          string             `json:"id"`
	At          utcTime            `json:"at"`
	Slot        checkpoint.Slot    `json:"slot"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Method      string             `json:"method"`
	Symptoms    []string           `json:"symptoms"`
	Note        string             `json:"note"`
	Fever       bool               `json:"fever"`
	Advice      textView           `json:"advice"`
	By          string             `json:"by"` // household, staff
}

func (s *Server) viewOfReading(p *checkpoint.Resident, r *checkpoint.DiaryReading) diaryView {
	_, slot := s.store.SlotAt(r.At)
	view := diaryView{
		r.ID, utcTime(r.At), slot, r.Temperature, r.Method.String(), append([]string{}, r.Symptoms...), r.Note,
		r.Fever(), s.advice(p, r, slot), "household",
	}
	if r.By != 0 {
		view.By = "staff"
	}
	return view
}

func (s *Server) viewsOfDiary(p *checkpoint.Resident, readings []checkpoint.DiaryReading) []diaryView {
	views := make([]diaryView, len(readings))
	for i := range readings {
		views[i] = s.viewOfReading(p, &readings[i])
	}
	return views
}

// advice is what to do after a reading, with the number to phone.
func (s *Server) advice(p *checkpoint.Resident, r *checkpoint.DiaryReading, slot checkpoint.Slot) textView {
	phone := s.store.Registry().DutyPhone(p.Grid)
	switch breathless := strings.Contains(strings.Join(r.Symptoms, " "), "breathless"); {
	case r.Fever():
		return textView{
			fmt.Sprintf("%s ℃，已到发热线 %s ℃。请留在自己房间、戴好口罩，不要自行外出，马上打 %s；呼吸困难或神志不清直接打 120。", r.Temperature, r.FeverLine, phone),
			fmt.Sprintf("%s °C is at or above the fever line of %s °C. Stay in your room, wear a mask, do not go out by yourself, and phone %s now; with trouble breathing or a clouded mind phone 120.", r.Temperature, r.FeverLine, phone),
		}
	case breathless:
		return textView{
			fmt.Sprintf("体温未到发热线，但有气短：请马上打 %s；加重时直接打 120。", phone),
			fmt.Sprintf("No fever, but short of breath: phone %s now; if it gets worse, phone 120.", phone),
		}
	case r.Temperature < checkpoint.DefaultLowLine:
		return textView{"体温偏低，可能没有量准：请在室内坐 5 分钟，再用腋下量一次。", "That is low and may be measured wrong: sit indoors for 5 minutes and measure under the arm."}
	case len(r.Symptoms) > 0:
		return textView{
			fmt.Sprintf("体温正常，症状已记下。若加重或发热，请打 %s。", phone),
			fmt.Sprintf("No fever; the symptoms are noted. Should they get worse or fever come, phone %s.", phone),
		}
	case slot == checkpoint.Morning:
		return textView{"体温正常，已记下。今天 14:00 以后再量一次。", "No fever, noted. Measure once more today after 14:00."}
	}
	return textView{"体温正常，已记下。明天上午再量。", "No fever, noted. Measure again tomorrow morning."}
}

// readingInput is a reading as it is sent.
type readingInput struct {
	ID          string             `json:"id"`
	Resident    string             `json:"resident"` // of a household; staff name the person in the path
	At          string             `json:"at"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Method      string             `json:"method"`
	Symptoms    []string           `json:"symptoms"`
	Note        string             `json:"note"`
}

func (in *readingInput) reading() (r checkpoint.DiaryReading, err error) {
	r = checkpoint.DiaryReading{ID: in.ID, Temperature: in.Temperature, Symptoms: in.Symptoms, Note: in.Note}
	if r.At, err = parseTime("at", in.At); err != nil {
		return r, err
	}
	if r.Method, err = checkpoint.ParseMethod(in.Method); err != nil {
		return r, invalid("method", "must be one of forehead, wrist, ear, armpit")
	}
	return r, nil
}

// handleMyReading writes into a member's diary.
func (s *Server) handleMyReading(c *fiber.Ctx) error {
	var in readingInput
	if err := decode(c, &in); err != nil {
		return err
	}
	member, err := s.memberOf(c, in.Resident)
	if err != nil {
		return err
	}
	return s.addReading(c, &member, &in, 0)
}

// handleAddReading writes a reading that a member of staff took, of somebody
// without a phone.
func (s *Server) handleAddReading(c *fiber.Ctx) error {
	var in readingInput
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Resident != "" {
		return invalid("resident", "is in the path here: leave it out")
	}
	person := residentOf(c)
	return s.addReading(c, &person, &in, principalOf(c).Staff.Num)
}

func (s *Server) addReading(c *fiber.Ctx, person *checkpoint.Resident, in *readingInput, by uint32) error {
	reading, err := in.reading()
	if err != nil {
		return err
	}
	reading.By = by
	if reading, err = s.store.AddReading(s.context(c), person, reading); err != nil {
		return err
	}
	return c.JSON(s.viewOfReading(person, &reading))
}

// diaryAnswer is a diary: its readings, oldest first, and what is missing.
type diaryAnswer struct {
	From     utcTime     `json:"from"`
	To       utcTime     `json:"to"`
	Readings []diaryView `json:"readings"`
	Days     []diaryDay  `json:"days"`
}

type diaryDay struct {
	Day    string            `json:"day"`
	Taken  []checkpoint.Slot `json:"taken"`
	Missed []checkpoint.Slot `json:"missed"`
	Due    []checkpoint.Slot `json:"due"`
}

// handleMyReadings gives a member's diary.
func (s *Server) handleMyReadings(c *fiber.Ctx) error {
	member, err := s.memberOf(c, c.Query("resident"))
	if err != nil {
		return err
	}
	answer, err := s.diary(c, &member)
	if err != nil {
		return err
	}
	return c.JSON(answer)
}

// handleReadings gives a person's diary.
func (s *Server) handleReadings(c *fiber.Ctx) error {
	person := residentOf(c)
	answer, err := s.diary(c, &person)
	if err != nil {
		return err
	}
	s.rows(c, len(answer.Readings))
	return c.JSON(answer)
}

// diary reads a window of a diary. Slots are missed only in the part of it in
// which the person had to keep one.
func (s *Server) diary(c *fiber.Ctx, person *checkpoint.Resident) (*diaryAnswer, error) {
	from, to, err := s.window(c)
	if err != nil {
		return nil, err
	}
	if c.Query("from") == "" {
		from = to - 14*dayMillis
	}
	readings, err := s.store.Diary(s.context(c), person.ID, from, to)
	if err != nil {
		return nil, err
	}
	care, err := s.store.CareOf(s.context(c), []checkpoint.Resident{*person})
	if err != nil {
		return nil, err
	}
	answer := &diaryAnswer{utcTime(from), utcTime(to), s.viewsOfDiary(person, readings), []diaryDay{}}
	if care[0].ObservedFrom == 0 {
		return answer, nil
	}
	for _, d := range s.store.DiaryDays(readings, max(from, care[0].ObservedFrom), min(to, s.now()+1)) {
		answer.Days = append(answer.Days, diaryDay{
			d.Day.String(), append([]checkpoint.Slot{}, d.Taken...), append([]checkpoint.Slot{}, d.Missed...), append([]checkpoint.Slot{}, d.Due...),
		})
	}
	return answer, nil
}

// feverishView is a reading with fever, and whom to go to.
type feverishView struct {
	diaryView
	Person clientView `json:"person"`
}

// feverish lists the readings with fever of a window, of people in the caller's
// scope, and the cursor of the next page.
func (s *Server) feverish(c *fiber.Ctx, from, to int64, q checkpoint.CareQuery) ([]feverishView, string, error) {
	readings, next, err := s.store.FeverReadings(s.context(c), from, to, q)
	if err != nil {
		return nil, "", err
	}
	views := []feverishView{}
	err = s.eachClient(c, len(readings), func(i int) uint64 { return readings[i].Person }, func(i int, p *checkpoint.Resident) {
		views = append(views, feverishView{s.viewOfReading(p, &readings[i]), viewOfClient(p)})
	})
	return views, next, err
}

// handleFeverReadings lists what grid members and medics have to look at now.
func (s *Server) handleFeverReadings(c *fiber.Ctx) error {
	from, to, err := s.window(c)
	if err != nil {
		return err
	}
	q, err := s.careAsked(c)
	if err != nil {
		return err
	}
	views, next, err := s.feverish(c, from, to, q)
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"readings": views, "next": next})
}
