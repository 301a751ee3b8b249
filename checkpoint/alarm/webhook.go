package alarm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"passgate/checkpoint"
)

// errNoChannel says that a message's channel is gone.
var errNoChannel = errors.New("the channel was taken out of use")

// goneError says that the receiver wants no more messages.
type goneError struct{}

func (*goneError) Error() string { return "the receiver answered 410: it wants no more" }

// request is one call to a receiver.
type request struct {
	url    string
	header http.Header
	body   []byte
}

// request gives the call that delivers a message at a time.
func (b *Book) request(c *Channel, id checkpoint.MatterID, m *message, link string, at time.Time) (request, error) {
	var body any
	r := request{url: c.URL, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
	switch c.Kind {
	case Webhook:
		body = b.webhookBody(c, m, link)
	case WeCom:
		body = wecomBody(m.title(), b.text(m, link))
	case DingTalk:
		body = dingtalkBody(m.title(), b.text(m, link))
		r.url = dingtalkURL(c.URL, c.Secret, at)
	case Feishu:
		body = feishuBody(m.title(), b.text(m, link), c.Secret, at)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return r, fmt.Errorf("alarm: message %s: %w", id, err)
	}
	r.body = text
	if c.Kind == Webhook {
		sign(r.header, c.key(), "msg_"+id.String(), at, text)
	}
	return r, nil
}

// webhookBody is the payload of Standard Webhooks: type, timestamp, data. It stays
// the same however often it is sent.
func (b *Book) webhookBody(c *Channel, m *message, link string) any {
	type data struct {
		Channel string      `json:"channel"`
		Level   Level       `json:"level"`
		Count   int         `json:"count"`
		Kinds   []kindCount `json:"kinds"`
		Link    string      `json:"link,omitempty"`
	}
	what := "alarms.digest"
	if m.Test {
		what = "channel.test"
	}
	return struct {
		Type      string `json:"type"`
		Timestamp string `json:"timestamp"`
		Data      data   `json:"data"`
	}{what, time.UnixMilli(m.Since).UTC().Format("2006-01-02T15:04:05.000Z"), data{c.Name, m.Level, m.items(), b.summary(m), link}}
}

// sign puts the three headers of Standard Webhooks on a call: the ID, the same for
// each attempt, by which the receiver knows a double; the attempt's time; HMAC-SHA256
// of both and the body.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func sign(h http.Header, key []byte, id string, at time.Time, body []byte) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", seconds)
	h.Set("Webhook-Signature", "v1,"+mac(key, []byte(id+"."+seconds+"."+string(body))))
}

// mac is HMAC-SHA256 in base64.
func mac(key, text []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// The robots of group chats take at most 20 messages a minute each, and answer 200
// with an error in the body.

// wecomBody: https://developer.work.weixin.qq.com/document/path/91770
func wecomBody(title, text string) any {
	type markdown struct {
		Content string `json:"content"`
	}
	return struct {
		MsgType  string   `json:"msgtype"`
		Markdown markdown `json:"markdown"`
	}{"markdown", markdown{"**" + title + "**\n" + text}}
}

// dingtalkBody: https://open.dingtalk.com/document/orgapp/custom-robot-access
func dingtalkBody(title, text string) any {
	type markdown struct {
		Title string `json:"title"`
		Text  string `json:"text"`
	}
	return struct {
		MsgType  string   `json:"msgtype"`
		Markdown markdown `json:"markdown"`
	}{"markdown", markdown{title, "#### " + title + "\n" + text}}
}

// dingtalkURL signs a call: the time in ms, a line break and the secret, by
// HMAC-SHA256 with the secret as the key.
// https://open.dingtalk.com/document/robots/customize-robot-security-settings
func dingtalkURL(to, secret string, at time.Time) string {
	u, err := url.Parse(to)
	if err != nil || secret == "" {
		return to
	}
	ms := strconv.FormatInt(at.UnixMilli(), 10)
	q := u.Query()
	q.Set("timestamp", ms)
	q.Set("sign", mac([]byte(secret), []byte(ms+"\n"+secret)))
	u.RawQuery = q.Encode()
	return u.String()
}

// feishuBody: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
// It is signed the other way round: time in s, line break and secret are the key, and
// what is signed is empty.
func feishuBody(title, text, secret string, at time.Time) any {
	type content struct {
		Text string `json:"text"`
	}
	body := struct {
		Timestamp string  `json:"timestamp,omitempty"`
		Sign      string  `json:"sign,omitempty"`
		MsgType   string  `json:"msg_type"`
		Content   content `json:"content"`
	}{MsgType: "text", Content: content{title + "\n" + text}}
	if secret != "" {
		body.Timestamp = strconv.FormatInt(at.Unix(), 10)
		body.Sign = mac([]byte(body.Timestamp+"\n"+secret), nil)
	}
	return body
}

// accepted reads a receiver's answer; nil: it took the message.
func (c *Channel) accepted(status int, answer []byte) error {
	switch {
	case status == http.StatusGone:
		return &goneError{}
	case status < 200 || status > 299:
		return fmt.Errorf("the receiver answered %d", status)
	case c.Kind == Webhook:
		return nil
	}
	var said struct {
		ErrCode int `json:"errcode"` // WeCom, DingTalk
		Code    int `json:"code"`    // Feishu
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return errors.New("the robot's answer is not JSON: is the address right?")
	}
	if n := said.ErrCode + said.Code; n != 0 {
		return fmt.Errorf("the robot refused it with code %d", n)
	}
	return nil
}
