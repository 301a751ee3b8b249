package codes

import (
	"crypto/ed25519"
	"strings"
	"testing"
)

func BenchmarkVerify(b *testing.B) {
	ring, jwt, compact := goldenTokens(b)
	verifier := ring.Verifier()
	for name, text := range map[string]string{"jwt": jwt, "compact": compact} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, refusal := verifier.Verify(text); refusal != nil {
					b.Fatal(refusal)
				}
			}
		})
	}
	b.Run("ed25519 alone", func(b *testing.B) {
		key := ring.current.Load().byID["EY4FXiG-"].key
		dot := strings.LastIndexByte(jwt, '.')
		sig, err := b64.DecodeString(jwt[dot+1:])
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if !ed25519.Verify(key, []byte(jwt[:dot]), sig) {
				b.Fatal("not verified")
			}
		}
	})
	b.Run("foreign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, refusal := verifier.Verify("https://u.wechat.com/abc"); refusal == nil {
				b.Fatal("accepted")
			}
		}
	})
}

func BenchmarkIssue(b *testing.B) {
	signer := signerAt(b, fixedRing(b), goldenTime)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := signer.IssueCompact(goldenRequest); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	ring, jwt, _ := goldenTokens(b)
	pass, refusal := ring.Verifier().Verify(jwt)
	if refusal != nil {
		b.Fatal(refusal)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := ring.Open(pass); !ok {
			b.Fatal("does not open")
		}
	}
}
