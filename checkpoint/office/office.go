// Package office is the street office's work beside the gates: registers of what is
// seen to and written down, each record a checkpoint.Matter of its own kind.
package office

import "passgate/checkpoint"

// Office keeps the registers of a town. It holds nothing of its own: any number may
// work on one store at once.
type Office struct {
	store *checkpoint.Store
}

// New gives the office of a store's town.
func New(store *checkpoint.Store) *Office { return &Office{store: store} }
