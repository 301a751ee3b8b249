package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// secretVariable matches the variables that hold a secret. Each may be given as
// NAME_FILE instead, the path of a file that holds the value: whoever can look at
// a container or a process reads its environment, and children inherit it.
var secretVariable = regexp.MustCompile(`^PASSGATE_(REDIS|KEYS|(FIELD|INDEX)_KEY(_\d+)?|(SESSION|AUDIT|JOURNAL)_KEY|PASSWORD)$`)

const fileSuffix = "_FILE"

// secretsFromFiles reads the files that the environment names and gives the
// function that looks variables up, with the files' values in their place.
func secretsFromFiles(environ []string) (func(name string) string, error) {
	set := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			set[name] = value
		}
	}
	for name, path := range set {
		variable, isFile := strings.CutSuffix(name, fileSuffix)
		if !isFile || path == "" || !secretVariable.MatchString(variable) {
			continue
		}
		if set[variable] != "" {
			return nil, fmt.Errorf("%s and %s are both set: leave one out", variable, name)
		}
		text, err := readSecretFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if set[variable] = strings.TrimSpace(text); set[variable] == "" {
			return nil, fmt.Errorf("%s: %s is empty", name, path)
		}
	}
	return func(name string) string { return set[name] }, nil
}

// secretFlags gives flags their value where it came from a file.
func secretFlags(env func(string) string) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, name := range flag.Envs {
			if fromFile(name) {
				return env(name), nil
			}
		}
		return nil, nil //nolint:nilnil // kong's way to say "not mine"
	})
}

// fromFile says whether a variable's value is that of a file.
func fromFile(name string) bool {
	return secretVariable.MatchString(name) && os.Getenv(name+fileSuffix) != ""
}
