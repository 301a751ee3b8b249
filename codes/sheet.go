package codes

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Question is what a guard asks whoever shows a paper pass. The answer is not
// on the pass.
type Question int

// The questions; the answers come from the resident's record.
const (
	// AskBirthYearAndDoor asks for the year of birth and the door number.
	AskBirthYearAndDoor Question = iota
	// AskDocumentTail asks for the document's last four characters.
	AskDocumentTail
)

// SheetPass is one paper pass to print.
type SheetPass struct {
	// Name, Site and Door are printed as they are, whatever they contain.
	// Door stands on a strip that is torn off when the pass is handed over.
	Name, Site, Door string
	// Token is the pass in its compact form.
	Token string
	// NotBefore and ExpiresAt are the pass's, in Unix seconds.
	NotBefore, ExpiresAt int64
	// Question is what the guard asks.
	Question Question
}

// SheetData is what Sheet prints.
type SheetData struct {
	// Title heads each sheet, such as the name of the compound.
	Title string
	// Passes are printed in the order of their doors.
	Passes []SheetPass
}

//go:embed sheet.html
var sheetSource string

var sheetTemplate = template.Must(template.New("sheet").Parse(sheetSource))

// cardsPerPage: two columns of four fill an A4 page.
const cardsPerPage = 8

type sheetCard struct {
	SheetPass
	QR                     template.HTML
	From, Until            string
	QuestionZH, QuestionEN string
}

type sheetPage struct {
	Title      string
	Number, Of int
	Cards      []sheetCard
}

// Sheet writes a page of HTML that prints paper passes on A4: in the order of
// doors (9 before 10), each with a QR 36 mm wide, to be cut along the dashed
// lines. It loads nothing from anywhere. It fails if a token is not in the
// compact form, before anything is written.
func Sheet(w io.Writer, data SheetData) error {
	passes := slices.Clone(data.Passes)
	slices.SortStableFunc(passes, func(a, b SheetPass) int {
		return cmp.Or(cmp.Compare(a.Site, b.Site), compareDoors(a.Door, b.Door), cmp.Compare(a.Name, b.Name))
	})
	cards := make([]sheetCard, len(passes))
	for i, pass := range passes {
		card, err := newSheetCard(pass)
		if err != nil {
			return fmt.Errorf("codes: pass %d of the sheet: %w", i+1, err)
		}
		cards[i] = card
	}
	page := struct {
		Title string
		Pages []sheetPage
	}{Title: data.Title}
	of := (len(cards) + cardsPerPage - 1) / cardsPerPage
	for chunk := range slices.Chunk(cards, cardsPerPage) {
		page.Pages = append(page.Pages, sheetPage{Title: data.Title, Number: len(page.Pages) + 1, Of: of, Cards: chunk})
	}
	if err := sheetTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("codes: writing the sheet: %w", err)
	}
	return nil
}

func newSheetCard(pass SheetPass) (sheetCard, error) {
	if !strings.HasPrefix(pass.Token, compactPrefix) {
		return sheetCard{}, errors.New("the token is not in the compact form")
	}
	svg, err := QRSVG(pass.Token)
	if err != nil {
		return sheetCard{}, err
	}
	china := time.FixedZone("Asia/Shanghai", int(chinaOffset/time.Second))
	card := sheetCard{
		SheetPass: pass,
		QR:        template.HTML(svg), //nolint:gosec // drawn by QRSVG: digits and letters of ours alone
		From:      time.Unix(pass.NotBefore, 0).In(china).Format("2006-01-02"),
		// The last second, so that a pass until midnight names its last day.
		Until: time.Unix(pass.ExpiresAt-1, 0).In(china).Format("2006-01-02"),
	}
	switch pass.Question {
	case AskBirthYearAndDoor:
		card.QuestionZH, card.QuestionEN = "出生年份和门牌号?", "Year of birth and door number?"
	case AskDocumentTail:
		card.QuestionZH, card.QuestionEN = "证件号码后四位?", "Last four of the document?"
	default:
		return sheetCard{}, fmt.Errorf("question %d is unknown", pass.Question)
	}
	return card, nil
}

// compareDoors orders numbers within the text by their value: 2-9 before 2-10.
func compareDoors(a, b string) int {
	for a != "" && b != "" {
		numA, restA := leadingNumber(a)
		numB, restB := leadingNumber(b)
		if restA != a && restB != b {
			if c := cmp.Compare(numA, numB); c != 0 {
				return c
			}
			a, b = restA, restB
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(a, b)
}

// leadingNumber cuts the digits off the start of s; up to 18 of them.
func leadingNumber(s string) (number uint64, rest string) {
	digits := 0
	for digits < len(s) && digits < 18 && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	number, _ = strconv.ParseUint(s[:digits], 10, 64) // no digits: 0, and rest is s
	return number, s[digits:]
}
