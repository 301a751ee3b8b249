package main

import (
	"fmt"
	"path/filepath"
	"time"
)

type keysMakeCmd struct {
	Data string `help:"Folder of the server's data; the secrets go to DIR/keys." default:"./data" env:"PASSGATE_DATA" type:"path" placeholder:"DIR"`
}

// Help is shown by --help.
func (keysMakeCmd) Help() string {
	return `Makes what "passgate serve" makes when it first starts, for several gateways that
are to share it: keys.json, and field.key, index.key, session.key, audit.key and
journal.key, in DIR/keys with mode 0600. What is there already stays as it is.

Each gateway gets the files in its own DATA/keys, or by PASSGATE_KEYS_FILE,
PASSGATE_FIELD_KEY_FILE and so on. Keep a copy elsewhere: without them the data is
unreadable.

Example:

    passgate keys make --data ./town`
}

// Run makes what is missing.
func (k *keysMakeCmd) Run(con *console) error {
	dir := filepath.Join(k.Data, "keys")
	// The folder alone counts: what the environment holds would not be in it.
	none := func(string) string { return "" }
	if _, err := loadSecrets(dir, none); err != nil {
		return badInput("%w", err)
	}
	ring, err := openKeys(dir, none, time.Now())
	if err != nil {
		return badInput("%w", err)
	}
	_, err = fmt.Fprintf(con.Out, "%s: %d keys that sign and 5 secrets; keep a copy elsewhere\n", dir, len(ring.List()))
	return err
}
