package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"passgate/codes"
)

// dataFlag names the folder of the server's data.
type dataFlag struct {
	Data string `help:"Folder of the server's data; the keys are in DIR/keys." default:"./data" env:"PASSGATE_DATA" type:"path" placeholder:"DIR"`
}

// ring opens the key ring: PASSGATE_KEYS if set, else the folder's.
func (d dataFlag) ring(con *console) (*codes.Ring, error) {
	if keys := con.Env("PASSGATE_KEYS"); keys != "" {
		ring, err := codes.RingFromEnv(keys)
		if err != nil {
			return nil, badInput("PASSGATE_KEYS: %w", err)
		}
		return ring, nil
	}
	dir := filepath.Join(d.Data, "keys")
	ring, err := codes.OpenRing(dir)
	switch {
	case errors.Is(err, codes.ErrNoRing):
		return nil, badInput("there are no keys in %s: \"passgate serve\" makes them when it first starts; name its folder with --data", dir)
	case err != nil:
		return nil, badInput("%w", err)
	}
	return ring, nil
}

type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"Show the keys, without secrets."`
	Make   keysMakeCmd   `cmd:"" help:"Make all secrets of a new system."`
	Rotate keysRotateCmd `cmd:"" help:"Add a key, which signs from 24 hours later; retire and remove what is over."`
	Fields keysFieldsCmd `cmd:"" help:"The keys that encrypt and find people's particulars."`
	JWKS   keysJWKSCmd   `cmd:"" name:"jwks" help:"Print the public keys as a JSON Web Key Set."`
}

// Help is shown by --help.
func (keysCmd) Help() string { return "Example:\n\n    passgate keys list" }

type keysListCmd struct {
	dataFlag
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (keysListCmd) Help() string { return "Example:\n\n    passgate keys list --data ./data" }

// Run lists the keys.
func (k *keysListCmd) Run(con *console) error {
	ring, err := k.ring(con)
	if err != nil {
		return err
	}
	keys := ring.List()
	if k.JSON {
		return printJSON(con.Out, map[string]any{"keys": keys})
	}
	now := time.Now()
	t := newTable(con.Out, "KEY", "FOR", "STATE", "CREATED", "SIGNS FROM", "RETIRED")
	for _, key := range keys {
		state := "can sign"
		switch {
		case !key.RetiredAt.IsZero():
			state = "retired"
		case !key.CanSign:
			state = "verifies only"
		case now.Before(key.SignsFrom):
			state = "published"
		}
		if err := t.add(key.KeyID, key.Use, state, localTime(key.CreatedAt), localTime(key.SignsFrom), localTime(key.RetiredAt)); err != nil {
			return err
		}
	}
	return t.flush()
}

type keysRotateCmd struct {
	dataFlag
	List bool `help:"Rotate the key of the revocation lists rather than that of the passes." xor:"use"`
	Feed bool `help:"Rotate the key of the feed for other offices." xor:"use"`
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (keysRotateCmd) Help() string {
	return `The new key is in the JWKS at once and signs from 24 hours later, so that
every phone at a gate knows it by then. A running server follows by itself.
The private half of a key whose last pass has expired is destroyed. What is left of
such a key is removed 60 days later, the longest time in which a scan may come late.

Example:

    passgate keys rotate --data ./data`
}

// Run rotates, retires and prunes.
func (k *keysRotateCmd) Run(con *console) error {
	ring, err := k.ring(con)
	if err != nil {
		return err
	}
	now := time.Now()
	rotate := ring.Rotate
	switch {
	case k.List:
		rotate = ring.RotateList
	case k.Feed:
		rotate = ring.RotateFeed
	}
	kid, err := rotate(now)
	if err != nil {
		return badInput("%w", err)
	}
	retired, err := ring.Retire(now)
	if err != nil {
		return fmt.Errorf("the new key is %s, but old keys could not be retired: %w", kid, err)
	}
	pruned, err := ring.Prune(now, codes.KeepPublic)
	if err != nil {
		return fmt.Errorf("the new key is %s, but old keys could not be removed: %w", kid, err)
	}
	signs := now
	for _, key := range ring.List() {
		if key.KeyID == kid {
			signs = key.SignsFrom
		}
	}
	if k.JSON {
		return printJSON(con.Out, map[string]any{
			"kid": kid, "signs_from": signs.UTC(), "retired": append([]string{}, retired...), "pruned": append([]string{}, pruned...),
		})
	}
	text := fmt.Sprintf("new key %s signs from %s\n", kid, localTime(signs))
	for _, old := range retired {
		text += fmt.Sprintf("retired %s\n", old)
	}
	for _, old := range pruned {
		text += fmt.Sprintf("removed %s\n", old)
	}
	_, err = io.WriteString(con.Out, text)
	return err
}

type keysJWKSCmd struct {
	dataFlag
	JSON bool `name:"json" hidden:"" help:"Print JSON, as it does anyway."`
}

// Help is shown by --help.
func (keysJWKSCmd) Help() string {
	return `For "passgate pass verify" and for anyone else who is to verify passes.

Example:

    passgate keys jwks > keys.json`
}

// Run prints the key set.
func (k *keysJWKSCmd) Run(con *console) error {
	ring, err := k.ring(con)
	if err != nil {
		return err
	}
	text, err := ring.JWKS(time.Now())
	if err != nil {
		return fmt.Errorf("public keys: %w", err)
	}
	_, err = fmt.Fprintf(con.Out, "%s\n", text)
	return err
}
