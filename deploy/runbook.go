// Package deploy holds what a running gateway shows of the operators' documents.
package deploy

import _ "embed"

// Runbook is RUNBOOK.md: what to do about each alert.
//
//go:embed RUNBOOK.md
var Runbook string
