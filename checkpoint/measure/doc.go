// Package measure fills stores with a past that never was and says what they take
// and how fast they are, beside what a plain client of Redis does with the same
// data. `passgate loadtest` prints it.
//
// # The town
//
// The events are those of a town of streets. Each street has people, homes and
// venues of its own, so that to the people of one street the others make no
// difference: a question about one of them has the same answer whether the store
// holds ten streets or only theirs. Everybody leaves home once a day, enters a
// venue of the street, leaves it and comes home; one in twenty goes by car.
//
// The past is written by package replay, which leaves what scans and the
// projector leave, byte by byte; its tests hold that. Chunks are as full as events
// in order make them; a projector that lags leaves some half full.
//
// # The clock
//
// The store's clock stands still at one in the morning after the last day, so that
// retention and the last 36 hours mean the same in every run.
package measure
