// Package gateway is the HTTP face of passgate: it reads and checks requests,
// knows who asks, calls checkpoint and codes, and renders the answer.
// openapi.yaml is the contract; routes.go is the one table of routes, roles and
// scopes; problem.go is the one table of errors.
//
// # A request's way
//
// Every route is wrapped by Server.guard: request ID (made here, never taken
// from the client), headers, deadline, who asks (auth.go), whether they may
// (access.go), the handler, the error rendered as RFC 9457, the metric. A
// handler reads, acts and renders; it returns errors and never writes them.
//
// # A scan's way
//
// handleScan decodes, present verifies the pass and record calls Store.Scan,
// which is one script call, by way of the Standby, which answers itself while
// Redis does not. A refusal is an answer with status 200; a status of 400 and above
// means that nothing was recorded, except 503: then repeating the same body is safe
// and gives the answer that was recorded, if one was.
//
// # Residents
//
// A resident's phone is a caller of its own kind, which is looked up in Redis at each
// request and reaches the routes under /v1/my only: about its household, whose
// members alone it may name (memberOf).
//
// # Bounds
//
// A body has at most 64 KiB, and 2 MiB on the routes that take many records and
// only for callers who are signed in. Nothing compressed is accepted. A request
// has 2 s, one of many records 8 s, a stream 10 s for each write. Passwords are
// hashed two at a time, and one more for who is known at a place. Who may try
// secrets, and how often, is in loginlimit.go; the threats and the tests that hold
// the controls against them are in threats.go.
package gateway
