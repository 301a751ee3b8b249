package archive

import (
	"strings"

	"passgate/checkpoint"
)

// words are the wire names of a closed list, by code and back.
type words struct {
	names []string
	codes map[string]int
}

// wordsOf asks for the names from code 0 until there is none.
func wordsOf(name func(code int) string) words {
	w := words{codes: map[string]int{}}
	for i := 0; i < 256 && !strings.HasPrefix(name(i), "unknown("); i++ {
		w.names = append(w.names, name(i))
		w.codes[name(i)] = i
	}
	return w
}

// flagName is the name of one flag, "unknown(" for a bit without one.
func flagName(i int) string {
	if names := checkpoint.Flags(1 << i).Names(); len(names) == 1 {
		return names[0]
	}
	return "unknown("
}

var (
	whos      = wordsOf(func(i int) string { return checkpoint.WhoKind(i).String() })
	decisions = wordsOf(func(i int) string { return checkpoint.Decision(i).String() })
	reasons   = wordsOf(func(i int) string { return checkpoint.Reason(i).String() })
	actions   = wordsOf(func(i int) string { return checkpoint.Action(i).String() })
	methods   = wordsOf(func(i int) string { return checkpoint.Method(i).String() })
	purposes  = wordsOf(func(i int) string { return checkpoint.Purpose(i).String() })
	overrides = wordsOf(func(i int) string { return checkpoint.OverrideReason(i).String() })
	flags     = wordsOf(flagName)
)
