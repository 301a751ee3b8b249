package office

import "passgate/checkpoint"

// kindDesk counts what one desk, a site or a device say, has written in a day, so
// that nobody can fill the record.
const kindDesk checkpoint.MatterKind = "desk"

type desk struct {
	Count int `json:"n"`
}

// deskRef is today's count of a desk.
func (o *Office) deskRef(name string) checkpoint.MatterRef {
	day := o.store.DayAt(o.store.Now()).String()
	return checkpoint.MatterRef{Kind: kindDesk, ID: checkpoint.NewMatterID(kindDesk, name+"\x00"+day)}
}

// countAtDesk counts one more, or refuses it. what says of what there are too many.
func (o *Office) countAtDesk(m *checkpoint.Matter, most int, what string) error {
	var d desk
	if err := m.Get(&d); err != nil {
		return err
	}
	if d.Count >= most {
		return refuse(CodeTooMany, "%s of today are %d already: go on tomorrow, or ask the street office", what, most)
	}
	d.Count++
	m.State, m.ClosedAt = stateKept, o.store.Now()
	return m.Put(d)
}
