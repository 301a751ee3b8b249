package codes

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// read reads a token of either form and finds its key, and tells what was meant
// for somebody else (not_our_pass) from what is ours and broken (malformed).
func (set *keySet) read(text string, t *token) *Refusal {
	switch {
	case len(text) > MaxTokenBytes:
		return malformed("longer than 512 bytes")
	case len(text) == 0:
		return malformed("empty")
	case strings.HasPrefix(text, compactPrefix):
		return set.readCompact(text, t)
	case looksCompact(text):
		return malformed("not the prefix PG1:")
	case strings.Count(text, ".") == 2 && !strings.ContainsAny(text, ":/"):
		return set.readJWT(text, t)
	}
	return refuseText(text)
}

// looksCompact sees our prefix in lower case or with another digit.
func looksCompact(text string) bool {
	return len(text) > 3 && strings.EqualFold(text[:2], compactPrefix[:2]) &&
		text[2] >= '0' && text[2] <= '9' && text[3] == ':'
}

// refuseText judges text that has neither form. A guard has to hear "this is
// not one of ours" for a payment code and "show it again" for half a pass.
func refuseText(text string) *Refusal {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) && !strings.Contains(text, ":") {
		return malformed("no readable text")
	}
	if strings.HasPrefix(text, "eyJ") {
		return malformed("a JWT has three parts")
	}
	foreign := strings.ContainsFunc(text, func(r rune) bool {
		return r != '.' && (r > unicode.MaxASCII || !base64URLByte(byte(r)))
	})
	if foreign || strings.Trim(text, "0123456789") == "" {
		return refuse(ReasonNotOurPass, "the code holds something else")
	}
	return malformed("neither a JWT nor a compact pass")
}

// refuseJWT says why three parts are no pass of ours. A well-formed JWS with
// somebody else's key and somebody else's claims is theirs; all else is broken.
func (set *keySet) refuseJWT(header, payload, sig string) *Refusal {
	var parts [3][]byte
	for i, part := range []string{header, payload, sig} {
		parts[i] = make([]byte, b64.DecodedLen(len(part)))
		if !decode64(parts[i], part) {
			return malformed("not canonical base64url")
		}
	}
	var head, claims map[string]json.RawMessage
	if json.Unmarshal(parts[0], &head) != nil || head["alg"] == nil {
		return malformed("the header is no JOSE header")
	}
	var kid string
	_ = json.Unmarshal(head["kid"], &kid) // another issuer's may be anything
	_, ourKey := set.byID[kid]
	_ = json.Unmarshal(parts[1], &claims) // a JWS may carry anything
	if ourKey || claims["k"] != nil && claims["z"] != nil {
		return malformed("not the header and claims of a pass, byte for byte")
	}
	return refuse(ReasonNotOurPass, "a JWT of another issuer")
}
