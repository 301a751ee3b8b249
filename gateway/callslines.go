package gateway

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// lineColumns are those of the list that the county gets, in its words.
var lineColumns = []string{
	"序号", "姓名", "性别", "年龄", "证件号码", "联系电话", "现住址", "接触方式", "最后接触时间", "接触地点", "管理措施", "随访结果", "随访日期", "随访人",
}

// kindsOfMeeting are the county's words for how somebody met a case.
var kindsOfMeeting = map[string]string{"household": "同住", "vehicle": "同乘", "venue": "同场所", "gate": "同卡口通行"}

var callStatesZH = map[string]string{
	office.CallOpen: "待联系", office.CallCalling: "联系中", office.CallAgain: "未接通，待再次联系", office.CallVisit: "多次未接通，网格员上门",
	office.CallRefused: "拒绝配合", office.CallElsewhere: "待移交", office.CallCalled: "已联系", office.CallOrdered: "已告知居家",
	office.CallTransferred: "已移交", office.CallOver: "案件已结",
}

var symptomsZH = map[string]string{
	"fever": "发热", "cough": "咳嗽", "fatigue": "乏力", "sore_throat": "咽痛", "breathless": "气促", "diarrhoea": "腹泻", "other": "其他症状",
}

// handleLineList gives all contacts of a case with their particulars. Of those outside
// the caller's part of the grid there is the row without them.
func (s *Server) handleLineList(c *fiber.Ctx) error {
	if _, err := reasonOf(c.Get(headerReason)); err != nil {
		return err
	}
	a, err := s.askCallsInPath(c)
	if err == nil && !a.own {
		err = outOfScope()
	}
	if err != nil {
		return err
	}
	tasks, err := s.office.Tasks(s.context(c), &a.calls)
	if err != nil {
		return err
	}
	ids := make([]uint64, 0, len(tasks))
	for i := range tasks {
		if s.reachesAsked(c, tasks[i].Node) {
			ids = append(ids, tasks[i].Person)
		}
	}
	people, err := s.store.Residents(s.context(c), ids)
	if err != nil {
		return err
	}
	byID := make(map[uint64]*checkpoint.Resident, len(people))
	for i := range people {
		byID[people[i].ID] = &people[i]
	}
	rows := make([][]string, len(tasks))
	for i := range tasks {
		rows[i] = append([]string{strconv.Itoa(i + 1)}, s.lineOf(&tasks[i], byID[tasks[i].Person])...)
	}
	s.rows(c, len(rows))
	if err := s.aboutMany(c, ids); err != nil {
		return err
	}
	return s.sendLines(c, a.kase.Code, rows)
}

// lineOf is the row of somebody, from the second column on; who is nil outside the
// caller's part of the grid.
func (s *Server) lineOf(t *office.Task, who *checkpoint.Resident) []string {
	name, sex, age, document, phone, measure := "", "", "", "", "", ""
	address := s.nodeName(s.areaOf(t.Node)) + "（辖区外）"
	if who != nil {
		name, document, phone, address = who.Name, who.IDNumber, who.Phone, s.addressOfHome(who)
		sex, age = sexAndAge(document, time.UnixMilli(s.now()).In(s.store.Zone()))
		measure = measureOf(t, who.Status)
	}
	result, day, by := callStatesZH[t.StateAt(s.now())], "", ""
	if t.To != "" {
		result += "：" + s.nodeName(t.To)
	}
	if who != nil {
		if a := t.Answers; a != nil {
			result += answersZH(a)
		}
		if n := len(t.Results); n > 0 {
			last := &t.Results[n-1]
			day = s.localTime(last.At)
			if st, ok := s.store.Registry().StaffByNum(last.By); ok {
				by = cmp.Or(st.Name, st.Login)
			}
			if last.Note != "" {
				result += "；" + last.Note
			}
		}
	}
	place := t.Place
	if site, ok := s.store.Registry().Site(place); ok {
		place = site.Name
	}
	return []string{name, sex, age, document, phone, address, contactZH(t), s.localTime(t.LastMet), place, measure, result, day, by}
}

func (s *Server) addressOfHome(who *checkpoint.Resident) string {
	site, ok := s.store.Registry().Site(who.Site)
	if !ok {
		return who.Door
	}
	return strings.TrimSpace(site.Name + " " + who.Door)
}

// localTime shows a time to the minute at the place, "" for none.
func (s *Server) localTime(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(s.store.Zone()).Format("2006-01-02 15:04")
}

// contactZH says how close the contact was and of which kinds.
func contactZH(t *office.Task) string {
	text := [...]string{"密切接触", "次密切接触", "三级接触"}[min(max(t.Hop, 1), 3)-1]
	kinds := make([]string, len(t.Kinds))
	for i, kind := range t.Kinds {
		kinds[i] = kindsOfMeeting[kind]
	}
	if len(kinds) > 0 {
		text += "（" + strings.Join(kinds, "、") + "）"
	}
	return text
}

// measureOf is what is in force, or else what was asked for.
func measureOf(t *office.Task, status checkpoint.Status) string {
	switch {
	case status.Confines():
		return status.ZH()
	case t.Propose != 0:
		return "居家，状态待审批"
	case t.Observe != 0:
		return "居家医学观察"
	case status == checkpoint.StatusYellow:
		return status.ZH()
	}
	return ""
}

func answersZH(a *office.Answers) string {
	text := "；无症状"
	if len(a.Symptoms) > 0 {
		names := make([]string, len(a.Symptoms))
		for i, symptom := range a.Symptoms {
			names[i] = symptomsZH[symptom]
		}
		text = "；" + strings.Join(names, "、")
	}
	for _, part := range []struct{ name, value string }{{"起病", a.Onset}, {"现在", a.PlaceNow}, {"行程", a.TravelsOn}} {
		if part.value != "" {
			text += "；" + part.name + part.value
		}
	}
	return text
}

// sexAndAge are what an ID number by GB 11643 tells on a day; "" of other documents.
func sexAndAge(document string, day time.Time) (sex, age string) {
	if len(document) != 18 {
		return "", ""
	}
	born, err := time.Parse("20060102", document[6:14])
	if err != nil {
		return "", ""
	}
	years := day.Year() - born.Year()
	if day.Month() < born.Month() || day.Month() == born.Month() && day.Day() < born.Day() {
		years--
	}
	return [...]string{"女", "男"}[document[16]&1], strconv.Itoa(years)
}

// sendLines answers with the table, as CSV or as a workbook.
func (s *Server) sendLines(c *fiber.Ctx, code string, rows [][]string) error {
	name := func(extension string) {
		c.Set(fiber.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s_contacts.%s"`, code, extension))
	}
	if c.Accepts(mimeCSV, mimeXLSX) != mimeXLSX {
		name("csv")
		return sendCSV(c, strings.Join(lineColumns, ","), rows)
	}
	var body bytes.Buffer
	x := &xlsxRows{zone: s.store.Zone(), most: sheetRows, name: "密切接触者一览表", head: lineColumns}
	err := x.begin(&body)
	for row := range slices.Values(rows) {
		if err != nil {
			break
		}
		x.beginRow()
		for i, field := range row {
			x.text(i, field)
		}
		err = x.endRow()
	}
	if err == nil {
		err = x.close()
	}
	if err != nil {
		return fmt.Errorf("gateway: a line list as a workbook: %w", err)
	}
	name("xlsx")
	c.Set(fiber.HeaderContentType, mimeXLSX)
	return c.Send(body.Bytes())
}
