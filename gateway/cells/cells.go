// Package cells keeps spreadsheets from taking a text that somebody chose for a
// formula: a name, a plate or a lane that begins like one would be run on the
// machine of whoever opens the export.
//
// Guard is for every cell of every CSV that is written, and Unguard for every
// cell that is read: what was exported and is imported again is what it was.
// Cells of a workbook need neither, they have a type.
package cells

import (
	"strings"
	"unicode/utf8"
)

// starts are the characters by which a spreadsheet knows a formula, with those
// that it takes for them where Chinese and Japanese are typed.
const starts = "=+-@\t\r\n＝＋－＠"

// isFormula tells whether a spreadsheet could run the text. Spaces in front do
// not stop all of them; apostrophes, Guard's own mark, are looked through so that
// a text with and one without is never the same when guarded.
func isFormula(text string) bool {
	first, size := utf8.DecodeRuneInString(strings.TrimLeft(text, " '\u00a0\u3000"))
	return size > 0 && strings.ContainsRune(starts, first)
}

// Guard puts an apostrophe in front of what could be run.
func Guard(text string) string {
	if isFormula(text) {
		return "'" + text
	}
	return text
}

// Unguard takes off what Guard put in front: Unguard(Guard(text)) is text.
func Unguard(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && isFormula(rest) {
		return rest
	}
	return text
}
