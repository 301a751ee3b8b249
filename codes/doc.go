// Package codes is the pass: its format, its keys, how it is signed, verified,
// revoked, drawn and printed.
package codes
