package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"time"

	"passgate/codes"
)

type passCmd struct {
	Issue   passIssueCmd   `cmd:"" help:"Issue a pass and draw its QR."`
	Verify  passVerifyCmd  `cmd:"" help:"Verify passes offline, in either form."`
	Expand  passExpandCmd  `cmd:"" help:"Turn the QR's compact form into the JWT."`
	Compact passCompactCmd `cmd:"" help:"Turn the JWT into the QR's compact form."`
}

// Help is shown by --help.
func (passCmd) Help() string {
	return "Example:\n\n    passgate pass issue --resident 0400000000000007 --terminal"
}

// personID is how people are named: never by their ID number, which would stay
// in the shell's history.
var personID = regexp.MustCompile(`^[0-9a-f]{16}$`)

func checkPersonID(flag, id string) error {
	if personID.MatchString(id) {
		return nil
	}
	return badInput("%s: a person is named by 16 lower-case hex digits, such as 0400000000000007, as in the export of residents", flag)
}

type passIssueCmd struct {
	serverFlags
	Resident  string `required:"" help:"Whose pass: 16 hex digits." placeholder:"ID"`
	Kind      string `help:"app (10 minutes), paper (28 days) or visitor (1 day)." enum:"app,paper,visitor" default:"app"`
	NotBefore string `help:"A time in the first window of validity; default now." placeholder:"TIME"`
	Days      int    `help:"How long a paper or visitor pass lives; 0 for the default." placeholder:"N"`
	PNG       string `name:"png" xor:"picture" help:"Draw the QR into this file; - for standard output." placeholder:"FILE"`
	SVG       string `name:"svg" xor:"picture" help:"Draw the QR into this file; - for standard output." placeholder:"FILE"`
	Terminal  bool   `xor:"picture" help:"Draw the QR here."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (passIssueCmd) Help() string {
	return `A pass file is as good as the pass: it gets mode 0600.

Example:

    passgate pass issue --resident 0400000000000007 --kind paper --png pass.png`
}

// issuedPass is what the server issues.
type issuedPass struct {
	Kind      string    `json:"kind"`
	Token     string    `json:"token"`
	Compact   string    `json:"compact"`
	NotBefore time.Time `json:"not_before"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Run issues the pass.
func (p *passIssueCmd) Run(ctx context.Context, con *console) error {
	if err := checkPersonID("--resident", p.Resident); err != nil {
		return err
	}
	if p.Days < 0 || p.Kind == "app" && p.Days != 0 {
		return badInput("--days: for paper and visitor passes, from 1 up")
	}
	ask := map[string]any{"kind": p.Kind}
	if p.Days > 0 {
		ask["days"] = p.Days
	}
	if p.NotBefore != "" {
		from, err := parseTime("--not-before", p.NotBefore)
		if err != nil {
			return err
		}
		ask["not_before"] = from.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	c, err := p.open(ctx, con)
	if err != nil {
		return err
	}
	var pass issuedPass
	if err := c.post(ctx, "/v1/residents/"+url.PathEscape(p.Resident)+"/passes", ask, &pass); err != nil {
		return err
	}
	if err := p.draw(con, pass.Compact); err != nil {
		return err
	}
	out := con.Out
	if p.PNG == "-" || p.SVG == "-" {
		out = con.Err // standard output is the picture
	}
	if p.JSON {
		return printJSON(out, pass)
	}
	_, err = fmt.Fprintf(out, "kind     %s\nvalid    %s\nuntil    %s\ncompact  %s\ntoken    %s\n",
		plain(pass.Kind), localTime(pass.NotBefore), localTime(pass.ExpiresAt), plain(pass.Compact), plain(pass.Token))
	return err
}

// pictureSize is the side of a PNG in pixels: sharp on paper at 40 mm.
const pictureSize = 490

func (p *passIssueCmd) draw(con *console, compact string) error {
	var picture []byte
	var err error
	path := p.PNG
	switch {
	case p.PNG != "":
		picture, err = codes.QRPNG(compact, pictureSize)
	case p.SVG != "":
		path = p.SVG
		picture, err = codes.QRSVG(compact)
	case p.Terminal:
		path = "-"
		var text string
		text, err = codes.QRTerminal(compact)
		picture = []byte(text + "\n")
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("drawing the pass: %w", err)
	}
	if path != "-" {
		return writePrivate(path, picture)
	}
	out := con.Out
	if p.Terminal && p.JSON {
		out = con.Err // standard output is the JSON
	}
	_, err = out.Write(picture)
	return err
}

// keySource says where public keys come from.
type keySource struct {
	JWKS string `name:"jwks" help:"File with the public keys, as of \"passgate keys jwks\" or /.well-known/jwks.json." type:"path" placeholder:"FILE"`
}

// maxKeyFile is what codes reads at most, and a byte more to see that there is more.
const maxKeyFile = 1<<20 + 1

func (k keySource) verifier() (*codes.Verifier, error) {
	text, err := readFile(k.JWKS, maxKeyFile)
	if err != nil {
		return nil, badInput("--jwks: %w", err)
	}
	verifier, err := codes.VerifierFromJWKS(text)
	if err != nil {
		return nil, badInput("--jwks %s: %w", k.JWKS, err)
	}
	return verifier, nil
}

// convertFlags are those of expand and compact.
type convertFlags struct {
	keySource
	dataFlag
	JSON   bool     `name:"json" help:"Print one JSON object a line, refusals too."`
	Passes []string `arg:"" optional:"" name:"pass" sep:"none" help:"Passes; without any, one a line from standard input."`
}

type passExpandCmd struct{ convertFlags }

// Help is shown by --help.
func (passExpandCmd) Help() string {
	return `The JWT names its key by kid, the compact form by a hint: the keys of --jwks or
--data tell one from the other. The signature is not checked; see "pass verify".

Example:

    zbarimg -q --raw pass.png | passgate pass expand --jwks keys.json`
}

// Run expands.
func (p *passExpandCmd) Run(ctx context.Context, con *console) error {
	return p.convert(ctx, con, "token", (*codes.Verifier).Expand)
}

type passCompactCmd struct{ convertFlags }

// Help is shown by --help.
func (passCompactCmd) Help() string {
	return `The compact form names its key by a hint, which comes from the keys of --jwks or
--data. The signature is not checked; see "pass verify".

Example:

    passgate pass compact --jwks keys.json < tokens.txt`
}

// Run compacts.
func (p *passCompactCmd) Run(ctx context.Context, con *console) error {
	return p.convert(ctx, con, "compact", (*codes.Verifier).Compact)
}

func (f convertFlags) convert(ctx context.Context, con *console, name string, turn func(*codes.Verifier, string) (string, error)) error {
	var verifier *codes.Verifier
	var err error
	if f.JWKS != "" {
		verifier, err = f.verifier()
	} else {
		var ring *codes.Ring
		if ring, err = f.ring(con); err == nil {
			verifier = ring.Verifier()
		}
	}
	if err != nil {
		return err
	}
	number := 0
	return eachPass(ctx, con, f.Passes, func(out lineWriter, text string) (bool, error) {
		number++
		form, err := turn(verifier, text)
		if err == nil {
			if f.JSON {
				return true, out.json(map[string]string{name: form})
			}
			return true, out.line(form)
		}
		reason, detail := refusalOf(err)
		if f.JSON {
			return false, out.json(map[string]string{"reason": reason, "detail": detail})
		}
		con.say("pass %d: %s: %s", number, reason, detail)
		return false, nil
	})
}

// readFile reads a file that is meant to be small.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder", path)
	}
	file, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAtMost(file, limit)
}
