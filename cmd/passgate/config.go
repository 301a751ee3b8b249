package main

import (
	"encoding/json"
	"errors"
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
	values, err := settings(r)
	if err != nil {
		return nil, fmt.Errorf("not a JSON object of settings: %w", err)
	}
	return &configFile{values}, nil
}

// settings reads one JSON object, in which no name may be given twice: of two
// values only one would hold.
func settings(r io.Reader) (map[string]any, error) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	values := map[string]any{}
	begin, err := dec.Token()
	if err == nil && begin != json.Delim('{') {
		err = fmt.Errorf("it begins with %v", begin)
	}
	for err == nil && dec.More() {
		var name json.Token
		if name, err = dec.Token(); err != nil {
			break
		}
		key, _ := name.(string) // an object's names are strings
		if _, twice := values[key]; twice {
			return nil, fmt.Errorf("%q is there twice", key)
		}
		var value any
		err = dec.Decode(&value)
		values[key] = value
	}
	if err == nil {
		_, err = dec.Token() // the closing brace
	}
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind it")
	}
	return values, nil
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
		if _, set := os.LookupEnv(name); set || fromFile(name) {
			return nil, nil //nolint:nilnil // kong's way to say "not mine"
		}
	}
	return c.values[flag.Name], nil
}
