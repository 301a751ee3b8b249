package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// serverConfig reads the file given to --config: a JSON object whose keys are
// the flags of serve without their dashes. A key that is no flag is an error,
// so that a slip does not pass for a setting. Flags and environment variables
// come before it.
func serverConfig(r io.Reader) (kong.Resolver, error) {
	var values map[string]any
	dec := json.NewDecoder(r)
	dec.UseNumber()
	if err := dec.Decode(&values); err != nil {
		return nil, fmt.Errorf("not a JSON object of settings: %w", err)
	}
	return &configFile{values}, nil
}

type configFile struct{ values map[string]any }

// Validate refuses keys that no flag of serve has.
func (c *configFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, command := range app.Children {
		if command.Name == "serve" {
			for _, f := range command.Flags {
				known[f.Name] = true
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		if !known[key] || key == "config" {
			delete(known, "config")
			return fmt.Errorf("config file: there is no setting %q; the settings are %s",
				key, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return nil
}

// Resolve gives the value of a flag that the environment does not set.
func (c *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // kong's way to say "not mine"
		}
	}
	return c.values[flag.Name], nil
}
