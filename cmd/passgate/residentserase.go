package main

import (
	"context"
	"encoding/json"
	"fmt"
)

type residentsEraseCmd struct {
	serverFlags
	ID     string `arg:"" help:"The person: 16 hex digits."`
	Reason string `required:"" help:"Why, for the audit; no personal data." placeholder:"TEXT"`
	JSON   bool   `name:"json" help:"Print the answer as JSON."`
}

// Help is shown by --help.
func (residentsEraseCmd) Help() string {
	return `At once and for good: name, document, phone, door and home go, and all passes are
void. What the person did stays under the bare ID until retention is over. Whoever
is part of a case that is open, or was closed less than 14 days ago, is not erased.

Example:

    passgate residents erase 0400000000000007 --reason "request of 2020-03-02"`
}

// Run erases.
func (e *residentsEraseCmd) Run(ctx context.Context, con *console) error {
	if err := checkPersonID("ID", e.ID); err != nil {
		return err
	}
	c, err := e.open(ctx, con)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	if err := c.post(ctx, "/v1/residents/"+e.ID+"/erase", map[string]string{"reason": e.Reason}, &answer); err != nil {
		return err
	}
	if e.JSON {
		_, err = fmt.Fprintf(con.Out, "%s\n", answer)
		return err
	}
	_, err = fmt.Fprintf(con.Out, "%s is erased; what they did goes by retention\n", e.ID)
	return err
}
