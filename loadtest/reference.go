package loadtest

import _ "embed"

// Reference is the yardstick for what a scan costs Redis: the least that any
// honest implementation asks of it. Its header says what it is given. It never
// changes, so that figures of all versions can be compared.
//
//go:embed testdata/reference.lua
var Reference string
