// Package bulletin makes the daily bulletin (每天一通报): for each node of the grid
// and each day at the place its numbers, the change against the day before, and what
// is overdue.
//
// # What a number is
//
// One table has them all (lines.go): a row says what counts, and the rows that a
// number opens are those that it counted, found by the same rule. Numbers of a node
// are those of everything that lies at it or below it, by the grid as it is now;
// what lies nowhere counts at the root. All add up but for the people who passed:
// who was at gates of two villages is one of each, and one of the area's.
//
// A day begins and ends at midnight of the store's zone. A scan counts on the day on
// which it occurred, however late it came in. A scan that was taken back counts as
// nothing but that; what takes it back is no scan. Refusals that name nobody count.
// A record of the office counts on the day on which it was opened, or closed; "at
// the end of the day" is at its last millisecond, of a day that is not over: now.
// Deadlines of a day that is over are those that stand now.
//
// # Published
//
// A day that is over is published once for a node and all below it, by the program
// half an hour after midnight (due.go), or by a leader at another time; from then on
// its numbers stand. What came in later is told beside them as a correction: the number
// counted now, less the published one. Published numbers are kept for 400 days
// (checkpoint.NumbersKept), and tell of nobody; once what they were counted from is
// gone by retention there are no corrections any more.
package bulletin
