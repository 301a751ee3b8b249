package workbook

import (
	"crypto/sha256"
	"strings"
)

// Twice finds documents that stand in a list more than once. Of each it remembers
// digests.
type Twice struct{ seen map[digest]sighting }

type digest [16]byte

// sighting is where a document was seen first, and with which home and content.
type sighting struct {
	place         string
	home, content digest
}

// NewTwice has seen nothing.
func NewTwice() *Twice { return &Twice{seen: map[digest]sighting{}} }

// Look gives the place of the row that a good row repeats, "" if it is the first. A second
// row for the same document with other content is made bad: both would go in, in turn, and
// importing the file again would never come to rest.
func (t *Twice) Look(r *Row) (of string) {
	document := strings.ToUpper(r.Fields[ColumnID])
	if document == "" {
		return ""
	}
	key := digestOf(document)
	here := sighting{r.Place(), digestOf(r.Fields[ColumnSite], r.Fields[ColumnDoor]), digestOf(r.Fields[:]...)}
	first, known := t.seen[key]
	switch {
	case !known:
		t.seen[key] = here
		return ""
	case first.content == here.content:
		return first.place
	}
	r.Field = ColumnNames[ColumnID]
	r.Why = Reason{
		"与 " + first.place + " 行是同一证件号，但内容不同：请只保留一行",
		first.place + " has the same ID number with other content: keep one of them",
	}
	if first.home != here.home {
		r.Why = Reason{
			"与 " + first.place + " 行是同一证件号，但住处不同：一人只能登记在一户，请只保留一行",
			first.place + " has the same ID number in another household: keep one of them",
		}
	}
	return ""
}

func digestOf(texts ...string) (d digest) {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	copy(d[:], sum[:])
	return d
}
