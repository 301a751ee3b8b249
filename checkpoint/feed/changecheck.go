package feed

import (
	"errors"
	"strings"

	"passgate/checkpoint"
)

func bad(field, why string) *checkpoint.FieldError {
	return &checkpoint.FieldError{Field: field, Why: why}
}

// identity checks what a change is known by; without it nothing is kept.
func (c *Change) identity() *checkpoint.FieldError {
	plain := func(text string) bool {
		return text != "" && len(text) <= 120 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
	}
	switch {
	case !plain(c.ID):
		return bad("id", "must be 1 to 120 printable characters of ASCII, without blanks")
	case !plain(c.Source):
		return bad("source", "must be a URI of 1 to 120 characters")
	}
	return nil
}

// check tells what is wrong with a change, or what it orders.
func (f *Feed) check(sub *Subscriber, c *Change) (order checkpoint.StatusChange, wrong *checkpoint.FieldError) {
	now := f.store.Now()
	status, err := checkpoint.ParseStatus(c.Status)
	switch {
	case err != nil:
		return order, bad("status", "is none that there is")
	case (c.Pseudonym == "") == (c.Document == ""):
		return order, bad("subject", "exactly one of subject and data.id_document says whom it is about")
	case c.Time > now+maxChangeAhead:
		return order, bad("time", "lies in the future")
	case c.Time < now-maxChangeAge:
		return order, bad("time", "lies more than 28 days back")
	case c.Sequence < 0 || c.Sequence > 1<<53:
		return order, bad("sequence", "must be a number up to 2^53, the higher the newer; 0 where there is none")
	}
	if c.Pseudonym != "" {
		names, err := f.namesFor(sub.Name)
		if err != nil {
			return order, bad("subject", "cannot be read")
		}
		if _, ok := names.personOf(c.Pseudonym); !ok {
			return order, bad("subject", "is no pseudonym of this subscriber's feed")
		}
	} else if _, err := checkpoint.ParseDocument(c.Document); err != nil {
		return order, renamed(err, "id_document")
	}
	author, err := checkpoint.CleanText("author", c.Author, 60, true)
	if err != nil {
		return order, renamed(err, "author")
	}
	evidence, err := checkpoint.CleanText("evidence", c.Evidence, 200, true)
	if err != nil {
		return order, renamed(err, "evidence")
	}
	order = checkpoint.StatusChange{
		Status: status, Ground: checkpoint.Ground(c.Ground), Until: c.Until, Evidence: evidence,
		Office: sub.Node, Authority: sub.Title, Author: author,
	}
	if err := f.store.CheckStatusChange(order); err != nil {
		return order, renamed(err, "")
	}
	return order, nil
}

// renamed is what is wrong, by the name of the field in a change, if that is another.
func renamed(err error, field string) *checkpoint.FieldError {
	var wrong *checkpoint.FieldError
	if !errors.As(err, &wrong) {
		return bad(field, err.Error())
	}
	if field == "" {
		field = wrong.Field
	}
	return bad(field, wrong.Why)
}
