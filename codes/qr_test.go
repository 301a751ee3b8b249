package codes

import (
	"bytes"
	"errors"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// TestQRFitsVersionSix: beyond version 6 cameras at a gate read few codes, so
// no pass of any kind may need more. NewQR itself refuses more.
func TestQRFitsVersionSix(t *testing.T) {
	t.Parallel()
	signer := signerAt(t, fixedRing(t), goldenTime)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		for _, kind := range []Kind{KindApp, KindPaper, KindVisitor} {
			_, compact, err := signer.IssueCompact(Request{
				Person: rng.Uint64(), Generation: rng.Uint32N(MaxGeneration + 1), Kind: kind, Home: "XS",
				NotBefore: goldenTime.Add(-time.Duration(rng.IntN(3000)) * time.Hour),
			})
			if err != nil {
				t.Fatal(err)
			}
			code, err := newQR(compact)
			if err != nil {
				t.Fatalf("%v pass %d: %v", kind, i, err)
			}
			if code.VersionNumber > 6 {
				t.Fatalf("%v pass %d needs version %d", kind, i, code.VersionNumber)
			}
		}
	}
}

func TestQRPNGReadsBack(t *testing.T) {
	t.Parallel()
	signer := signerAt(t, fixedRing(t), goldenTime)
	for person := range uint64(20) {
		q := goldenRequest
		q.Person = person
		_, compact, err := signer.IssueCompact(q)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := QRPNG(compact, 400)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(picture))
		if err != nil || img.Bounds().Dx() != 400 {
			t.Fatalf("picture %v, %v", img.Bounds(), err)
		}
		bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			t.Fatal(err)
		}
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
			gozxing.DecodeHintType_PURE_BARCODE: true,
		})
		if err != nil || result.GetText() != compact {
			t.Errorf("read %v, %v; want %q", result, err, compact)
		}
	}
}

// TestQRFormsAgree compares the modules that SVG and terminal show with the
// bitmap that the PNG test has read back.
func TestQRFormsAgree(t *testing.T) {
	t.Parallel()
	_, compact, err := signerAt(t, fixedRing(t), goldenTime).IssueCompact(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	code, err := newQR(compact)
	if err != nil {
		t.Fatal(err)
	}
	dark := 0
	for _, row := range code.Bitmap() {
		for _, module := range row {
			if module {
				dark++
			}
		}
	}
	svg, err := QRSVG(compact)
	if err != nil {
		t.Fatal(err)
	}
	if got := svgArea(t, string(svg)); got != dark {
		t.Errorf("the SVG fills %d modules, the code has %d", got, dark)
	}
	text, err := QRTerminal(compact)
	if err != nil {
		t.Fatal(err)
	}
	full := len(code.Bitmap()) * len(code.Bitmap())
	light := 2*strings.Count(text, "█") + strings.Count(text, "▀") + strings.Count(text, "▄")
	if extra := len(code.Bitmap()) % 2 * len(code.Bitmap()); light < full-dark-extra || light > full-dark+extra {
		t.Errorf("the terminal shows %d light modules of %d, the code has %d dark ones", light, full, dark)
	}
}

func TestQRRefusesWhatCamerasReadBadly(t *testing.T) {
	t.Parallel()
	_, jwt, err := signerAt(t, fixedRing(t), goldenTime).Issue(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{jwt, "", strings.Repeat("A", 155), strings.Repeat("A", 5000)} {
		if _, err := QRSVG(text); !errors.Is(err, ErrQRTooLarge) {
			t.Errorf("%d characters: %v", len(text), err)
		}
	}
	for _, size := range []int{0, -5, 100000} {
		if _, err := QRPNG("PG1:A", size); err == nil {
			t.Errorf("a picture of %d pixels was drawn", size)
		}
	}
}
