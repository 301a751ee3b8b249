package codes

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/skip2/go-qrcode"
)

const (
	// MaxQRVersion is the largest QR drawn: beyond it cameras at a gate read
	// few. The compact form fits, the JWT does not.
	MaxQRVersion = 6
	// maxQRSize bounds the side of a picture in pixels.
	maxQRSize = 4096
)

// ErrQRTooLarge says that the text needs a QR of a version over MaxQRVersion. Draw the
// compact form of a pass.
var ErrQRTooLarge = errors.New("codes: the text is too long for a QR that cameras read well")

func newQR(text string) (*qrcode.QRCode, error) {
	if text == "" || len(text) > MaxTokenBytes {
		return nil, ErrQRTooLarge
	}
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("codes: drawing the QR: %w", err)
	}
	if code.VersionNumber > MaxQRVersion {
		return nil, fmt.Errorf("%w: version %d", ErrQRTooLarge, code.VersionNumber)
	}
	return code, nil
}

// QRPNG draws text as a PNG of size by size pixels, at most 4096, at level M
// with its quiet zone. A size below one pixel a module (49 for a pass) is
// raised to that.
func QRPNG(text string, size int) ([]byte, error) {
	if size < 1 || size > maxQRSize {
		return nil, fmt.Errorf("codes: a QR of %d pixels; from 1 to %d", size, maxQRSize)
	}
	code, err := newQR(text)
	if err != nil {
		return nil, err
	}
	return code.PNG(size)
}

// QRSVG draws text as an SVG without a size of its own, quiet zone included.
func QRSVG(text string) ([]byte, error) {
	code, err := newQR(text)
	if err != nil {
		return nil, err
	}
	rows := code.Bitmap()
	side := strconv.Itoa(len(rows))
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + side + ` ` + side +
		`" shape-rendering="crispEdges" role="img"><rect width="` + side + `" height="` + side +
		`" fill="#fff"/><path fill="#000" d="`)
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			run := 1
			for x+run < len(row) && row[x+run] {
				run++
			}
			svg = fmt.Appendf(svg, "M%d %dh%dv1h-%dz", x, y, run, run)
			x += run
		}
	}
	return append(svg, `"/></svg>`...), nil
}

// QRTerminal draws text with half blocks, two modules to a character, for a
// terminal with light text on a dark ground.
func QRTerminal(text string) (string, error) {
	code, err := newQR(text)
	if err != nil {
		return "", err
	}
	return code.ToSmallString(false), nil
}
