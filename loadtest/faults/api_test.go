//go:build linux

package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// caller speaks to the API as one account.
type caller struct {
	base, token string
	kase        string // under which it asks where people were
}

const why = "fault drill"

// send makes one call and gives the body of a good answer.
func (c *caller) send(ctx context.Context, method, path, contentType, accept string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Content-Type": contentType, "Accept": accept, "Trace-Case": c.kase} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.kase != "" {
		req.Header.Set("Trace-Reason", url.PathEscape(why))
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, answer)
	}
	return answer, err
}

// call sends in as JSON and reads the answer into out, if they are not nil.
func (c *caller) call(ctx context.Context, method, path string, in, out any) (err error) {
	var body []byte
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	answer, err := c.send(ctx, method, path, "application/json", "application/json", body)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// signIn trades a password for a session.
func signIn(ctx context.Context, base, login, password string) (*caller, error) {
	c := &caller{base: base}
	var session struct{ Token string }
	err := c.call(ctx, http.MethodPost, "/v1/login", map[string]string{"login": login, "password": password}, &session)
	c.token = session.Token
	return c, err
}
