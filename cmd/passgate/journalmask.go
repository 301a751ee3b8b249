package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// openMembers are the members of a scan in the journal that name nobody, with
// those of what lies in them. Whatever else there is may.
var openMembers = map[string]bool{
	"r": true, "x": true, // the scan, and why it was refused without a person
	"ID": true, "Device": true, "OccurredAt": true, "Direction": true, "Who": true, "Method": true,
	"Disinfected": true, "Purpose": true, "Override": true, "Late": true, "Journaled": true, "Degraded": true,
	"Told": true, "Decision": true, "Reason": true, "Action": true,
}

// journalScan reads the value of an entry for the eye, without what names a
// person if it is not to be revealed.
func journalScan(value []byte, reveal bool) (any, error) {
	in := json.NewDecoder(bytes.NewReader(value))
	in.UseNumber() // numbers of people have 64 bits
	var scan map[string]any
	if err := in.Decode(&scan); err != nil { // without the cause, which may quote
		return nil, errors.New("it is no JSON object")
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows its %d members", len(scan))
	}
	if !reveal {
		hideMembers(scan)
	}
	return scan, nil
}

func hideMembers(object map[string]any) {
	for name, v := range object {
		inner, isObject := v.(map[string]any)
		switch {
		case v == nil:
		case !openMembers[name]:
			object[name] = "…"
		case isObject:
			hideMembers(inner)
		}
	}
}
