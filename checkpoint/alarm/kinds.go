package alarm

// Kind says what an alarm is about. It is a stable string of the API.
type Kind string

// Level says how soon somebody has to look.
type Level string

// The levels.
const (
	Urgent Level = "urgent" // now
	Today  Level = "today"
)

// Text is one row of the table of kinds.
type Text struct {
	Kind  Kind
	Level Level
	ZH    string
	EN    string
}

// kinds is the table, the gravest first.
var kinds = []Text{}

// Kinds lists the table, the gravest first.
func Kinds() []Text { return append([]Text(nil), kinds...) }
