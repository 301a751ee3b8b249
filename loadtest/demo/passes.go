package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"passgate/loadtest/town"
)

// keptTokens are verified with the published keys after the days.
const (
	defaultPictures = 2000
	keptTokens      = 50
)

// issued is a pass in somebody's hands.
type issued struct {
	text  string
	valid validity
}

// folk is what the driver knows of a person and the oracle need not.
type folk struct {
	name, document string
	phone          bool
	paper          issued
	app, old       issued // the last app pass, and one that has expired since
	void           issued // a paper pass that was revoked
	guest          *walkInBody
	errand         errand // of a visitor
	visit          issued // a visitor's pass

	low     string // ID of a low reading's scan, whose second one follows
	lowGate int
	lowAt   int64
}

// phoneShare of the grown-ups carry an app pass, the others paper.
const phoneShare = 0.7

func folkOf(seed uint64, i int, p town.Resident) folk {
	share := float64(mix(mix(seed)^uint64(i))>>11) / (1 << 53)
	return folk{name: p.Name, document: p.IDNumber, phone: p.Age >= 14 && p.Phone != "" && share < phoneShare}
}

type passBody struct {
	Kind      string `json:"kind"`
	NotBefore string `json:"not_before,omitempty"`
}

type passAnswer struct {
	Kind      string `json:"kind"`
	Token     string `json:"token"`
	Compact   string `json:"compact"`
	NotBefore string `json:"not_before"`
	ExpiresAt string `json:"expires_at"`
}

// issue gets a pass of a kind for the moment at and checks how long it is good.
// The text is one of both forms, or for some passes what a picture of it holds.
func (r *run) issue(ctx context.Context, kind string, i int, at int64) (issued, error) {
	p := &r.oracle.people[i]
	path := "/v1/residents/" + p.id + "/passes"
	body := passBody{kind, wireTime(at)}
	var got passAnswer
	if err := r.c.call(ctx, "POST", path, body, &got); err != nil {
		return issued{}, err
	}
	r.passes.Add(1)
	out := issued{text: got.Compact, valid: r.validity(kind, p.generation, at)}
	r.ledger.same("passes.validity", "a pass of "+p.id,
		fmt.Sprint(kind, wireTime(out.valid.notBefore*1000), wireTime(out.valid.expires*1000)),
		fmt.Sprint(got.Kind, got.NotBefore, got.ExpiresAt))
	draw := r.draw(drawForm, i, at)
	if draw%2 == 0 {
		out.text = got.Token
	}
	if draw%5 == 0 {
		r.keep(got.Token)
	}
	if r.draw(drawPicture, i, at)%r.pictureOf == 0 && r.pictures.Load() < int64(r.cfg.Pictures) {
		text, err := r.picture(ctx, path, body)
		if err != nil {
			return out, err
		}
		if r.ledger.same("passes.pictures", "the picture of a pass of "+p.id, got.Compact, text) {
			out.text = text
		}
	}
	return out, nil
}

// validity is how long a pass is good: an app pass ten minutes from a multiple
// of five, paper 28 days from midnight in Shanghai.
func (r *run) validity(kind string, generation int, at int64) validity {
	s := at / 1000
	if kind == "app" {
		s -= s % 300
		return validity{s, s + 600, generation}
	}
	const shanghai = 8 * 3600
	s -= (s + shanghai) % 86400
	return validity{s, s + 28*86400, generation}
}

// picture gets the QR of a pass as PNG and reads it as a scanner would.
func (r *run) picture(ctx context.Context, path string, body passBody) (string, error) {
	in, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("demo: pass: %w", err)
	}
	q := request{method: "POST", path: path, accept: "image/png", body: in}
	res, _, err := r.c.persist(ctx, q)
	if err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	if p := res.failed(q); p != nil {
		return "", fmt.Errorf("demo: %w", p)
	}
	r.passes.Add(1)
	r.pictures.Add(1)
	text, err := readQR(res.body)
	if err != nil {
		return err.Error(), nil // a difference, not the end of the run
	}
	return text, nil
}

func readQR(picture []byte) (string, error) {
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", fmt.Errorf("no PNG: %w", err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", fmt.Errorf("no picture: %w", err)
	}
	for _, hints := range []map[gozxing.DecodeHintType]interface{}{
		nil, {gozxing.DecodeHintType_PURE_BARCODE: true}, {gozxing.DecodeHintType_TRY_HARDER: true},
	} {
		var found *gozxing.Result
		if found, err = qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
			return found.GetText(), nil
		}
	}
	return "", fmt.Errorf("no QR in the picture: %w", err)
}

// keep puts a token aside for checkKeys.
func (r *run) keep(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.tokens) < keptTokens {
		r.tokens = append(r.tokens, token)
	}
}

// appPass gives what somebody's phone shows at a moment.
func (r *run) appPass(ctx context.Context, i int, at int64) (issued, error) {
	f := &r.folk[i]
	got, err := r.issue(ctx, "app", i, at)
	if err != nil {
		return got, err
	}
	if f.app.text != "" && f.app.valid.expires*1000+passLeeway <= at {
		f.old = f.app
	}
	f.app = got
	return got, nil
}

// paperPass gives what somebody carries printed: issued when first needed, and
// again after it was revoked or has expired.
func (r *run) paperPass(ctx context.Context, i int, at int64) (issued, error) {
	f := &r.folk[i]
	generation := r.oracle.people[i].generation
	if f.paper.text != "" && f.paper.valid.generation == generation && at < f.paper.valid.expires*1000 {
		return f.paper, nil
	}
	var err error
	f.paper, err = r.issue(ctx, "paper", i, at)
	return f.paper, err
}

// oldPass is an app pass that has expired at a moment, or if there is none what
// the phone shows.
func (r *run) oldPass(ctx context.Context, i int, at int64) (issued, error) {
	f := &r.folk[i]
	for _, p := range []issued{f.app, f.old} {
		if p.text != "" && p.valid.expires*1000+passLeeway <= at {
			return p, nil
		}
	}
	return r.appPass(ctx, i, at)
}

// forge changes one bit or more of a pass's signature and nothing else.
func forge(text string) (string, error) {
	b := []byte(text)
	if !strings.HasPrefix(text, "PG1:") {
		at := strings.LastIndexByte(text, '.') + 11
		if at < 11 || at >= len(b) {
			return "", errors.New("demo: a pass in neither form")
		}
		if b[at] == 'A' {
			b[at] = 'B'
		} else {
			b[at] = 'A'
		}
		return string(b), nil
	}
	// In base45 three characters hold two bytes, the first one the lowest digit:
	// making it smaller keeps the text readable.
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	for at := 4 + 3*30; at+2 < len(b); at += 3 {
		if d := strings.IndexByte(digits, b[at]); d > 0 {
			b[at] = digits[d-1]
			return string(b), nil
		}
	}
	return "", errors.New("demo: a pass that cannot be forged")
}

// foreign codes are what people hold up by mistake.
var foreign = []string{
	"weixin://wxpay/bizpayurl?pr=6kTzQ1Y", "https://qr.alipay.com/fkx10000aaaabbbbcccc", "wxp://f2f0HqXKp2vFzR8",
	"https://u.wechat.com/MKcjNDvd8cDk", "6901234567892",
}

// prepare gives everybody who will show an expired pass one that expires in time.
func (r *run) prepare(ctx context.Context, acts []act, start time.Time) error {
	var who []int
	seen := map[int]bool{}
	r.mu.Lock()
	for _, list := range [][]act{acts, r.resends} {
		for _, a := range list {
			if a.deed == expiredCode && !seen[a.person] {
				seen[a.person] = true
				who = append(who, a.person)
			}
		}
	}
	r.mu.Unlock()
	return r.parallel(ctx, "", len(who), func(ctx context.Context, n int) error {
		if r.folk[who[n]].app.text != "" {
			return nil
		}
		_, err := r.appPass(ctx, who[n], start.Add(-5*time.Minute).UnixMilli())
		return err
	})
}
