package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/world"
)

// mostExamples is how many differences are shown.
const mostExamples = 20

// told are the members of an answer that have to be the same from both.
type told struct {
	Decision, Reason, Color, Action, OccurredAt string
	Duplicate                                   bool
	Flags                                       []string
	Person                                      *struct{ ID, Kind, Home string }
}

// beyond are the kinds of scans that the baseline does not decide.
var beyond = map[string]bool{world.KindDocument: true, world.KindWalkIn: true, world.KindLate: true}

// same sends n scans of a day with much trouble, one after the other, to both, each tenth twice, and
// compares the answers.
func (c *comparison) same(ctx context.Context, n int) (compared int, different []string, err error) {
	say("compare the answers to %d scans", n)
	shape := world.Busiest(false)
	shape.Trouble = 10
	day := c.world.Day(shape, world.Options{Run: "same"})
	defer day.Close()
	now := time.Now()
	for i := range n {
		s := day.Next(now.Add(time.Duration(i) * 10 * time.Millisecond))
		if beyond[s.Kind] || s.Batch {
			continue
		}
		for range 1 + (i%10)/9 {
			gate, err := c.ask(ctx, c.gate.URL, s)
			if err != nil {
				return compared, different, err
			}
			base, err := c.ask(ctx, c.url, s)
			if err != nil {
				return compared, different, err
			}
			if compared++; gate != base && len(different) < mostExamples {
				different = append(different, fmt.Sprintf("%s %s: gate %s, baseline %s", s.Kind, s.ID, gate, base))
			}
		}
	}
	return compared, different, nil
}

// ask gives what one of them answers, in one line.
func (c *comparison) ask(ctx context.Context, url string, s *loadtest.Scan) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/scans", bytes.NewReader(s.Body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+c.world.Devices[s.Device].Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Sprintf("status %d", res.StatusCode), nil
	}
	var t told
	if err := json.Unmarshal(body, &t); err != nil {
		return "", err
	}
	slices.Sort(t.Flags)
	who := "nobody"
	if t.Person != nil {
		who = strings.Join([]string{t.Person.ID, t.Person.Kind, t.Person.Home}, "/")
	}
	return fmt.Sprintf("%s %s %s %s %v %v %s", t.Decision, t.Reason, t.Color, t.Action, t.Flags, t.Duplicate, who), nil
}
