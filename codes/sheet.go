package codes

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
	"unicode/utf8"
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
	// Name is printed as it is, whatever it contains.
	Name string
	// Token is the pass in its compact form.
	Token string
	// NotBefore and ExpiresAt are the pass's, in Unix seconds.
	NotBefore, ExpiresAt int64
	// Question is what the guard asks.
	Question Question
}

// SheetHousehold is what one household is handed: its passes, and how to have
// them on a phone.
type SheetHousehold struct {
	// Door stands on the part that stays at home, never on a pass, since the
	// guard asks for it; "" for people without one.
	Door string
	// Passes of the household, printed in their order.
	Passes []SheetPass
	// Activation is the code that brings the passes onto a phone; "" if there
	// is none to print.
	Activation string
}

// SheetData is what Sheet prints.
type SheetData struct {
	// Site is the name of the compound or village; it heads each page and
	// stands on each pass.
	Site string
	// Printed is the moment of printing.
	Printed time.Time
	// PassPage is the address of the residents' page, such as
	// https://gates.example.org/pass, for the QR beside an activation code; ""
	// if it is not known.
	PassPage string
	// Households are printed in the order of their doors.
	Households []SheetHousehold
}

//go:embed sheet.html
var sheetSource string

var sheetTemplate = template.Must(template.New("sheet").Parse(sheetSource))

// china is the zone in which dates are printed.
var china = time.FixedZone("Asia/Shanghai", int(chinaOffset/time.Second))

type sheetCard struct {
	SheetPass
	Site, Size             string
	QR                     template.HTML
	From, Until            string
	QuestionZH, QuestionEN string
}

// sheetBlock is a household, or the part of a large one that goes on one page.
type sheetBlock struct {
	Door, Size, Names, Activation string
	People                        int
	Part, Of                      int
	QR                            template.HTML // of the activation code, "" for none
	Cards                         []sheetCard
}

type sheetPage struct {
	Number, Of int
	Blocks     []sheetBlock
}

// Sheet writes a page of HTML that prints paper passes on A4: by household, in
// the order of doors (9 before 10), each with a QR 36 mm wide, to be cut along
// the dashed lines. A household that fits on a page is never split. It loads
// nothing from anywhere. It fails if a token is not in the compact form, before
// anything is written.
func Sheet(w io.Writer, data SheetData) error {
	blocks := make([]sheetBlock, 0, len(data.Households))
	for _, home := range inDeliveryOrder(data.Households) {
		block, err := newSheetBlock(home, data)
		if err != nil {
			return fmt.Errorf("codes: sheet of %d passes at one door: %w", len(home.Passes), err)
		}
		blocks = append(blocks, block)
	}
	page := struct {
		Site, Printed, PassPage string
		Homes, People           int
		Pages                   []sheetPage
	}{data.Site, data.Printed.In(china).Format("2006-01-02 15:04"), shownAddress(data.PassPage), len(blocks), 0, paginate(blocks)}
	for _, block := range blocks {
		page.People += block.People
	}
	if err := sheetTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("codes: writing the sheet: %w", err)
	}
	return nil
}

func newSheetBlock(home SheetHousehold, data SheetData) (sheetBlock, error) {
	block := sheetBlock{Door: home.Door, Size: doorSize(home.Door), Activation: home.Activation, People: len(home.Passes), Part: 1, Of: 1}
	names := make([]string, len(home.Passes))
	for i, pass := range home.Passes {
		card, err := newSheetCard(pass, data.Site)
		if err != nil {
			return block, err
		}
		names[i] = pass.Name
		block.Cards = append(block.Cards, card)
	}
	block.Names = strings.Join(names, "、")
	if home.Activation != "" && data.PassPage != "" {
		// Behind the #, where no server and no log sees it.
		svg, err := QRSVG(data.PassPage + "#a=" + home.Activation)
		if err != nil {
			return block, err
		}
		block.QR = template.HTML(svg) //nolint:gosec // drawn by QRSVG: digits and letters of ours alone
	}
	return block, nil
}

func newSheetCard(pass SheetPass, site string) (sheetCard, error) {
	if !strings.HasPrefix(pass.Token, compactPrefix) {
		return sheetCard{}, errors.New("the token is not in the compact form")
	}
	svg, err := QRSVG(pass.Token)
	if err != nil {
		return sheetCard{}, err
	}
	card := sheetCard{
		SheetPass: pass,
		Site:      site,
		Size:      sizeOf(pass.Name),
		QR:        template.HTML(svg), //nolint:gosec // drawn by QRSVG: digits and letters of ours alone
		From:      time.Unix(pass.NotBefore, 0).In(china).Format(time.DateOnly),
		// The last second, so that a pass until midnight names its last day.
		Until: time.Unix(pass.ExpiresAt-1, 0).In(china).Format(time.DateOnly),
	}
	switch pass.Question {
	case AskBirthYearAndDoor:
		card.QuestionZH, card.QuestionEN = "出生年份和门牌号？", "Year of birth and door number?"
	case AskDocumentTail:
		card.QuestionZH, card.QuestionEN = "证件号码后四位？", "Last four of the document?"
	default:
		return sheetCard{}, fmt.Errorf("question %d is unknown", pass.Question)
	}
	return card, nil
}

// sizeOf is the class of type in which a name fits on a pass.
func sizeOf(name string) string {
	switch n := utf8.RuneCountInString(name); {
	case n > 24:
		return "tiny"
	case n > 8:
		return "small"
	}
	return ""
}

// doorSize is the same for a door: up to 60 bytes, as the register takes them.
func doorSize(door string) string {
	if utf8.RuneCountInString(door) > 10 {
		return "small"
	}
	return ""
}

// shownAddress is an address as people type it.
func shownAddress(url string) string { return strings.TrimPrefix(url, "https://") }
