// Package world puts a made-up town on a server, over its HTTP API, and gives the
// scans of that town.
//
// # What a world is
//
// Prepare enters grid, sites, gates, a phone or more at each gate, and the
// residents of package town. What the server alone knows is kept: the secrets of
// the phones and the ID of every person, 8 bytes each; all else about a person
// follows from seed and number and is computed when it is needed. Passes are
// signed here, with the server's own key ring: asking the server for each would
// measure that.
//
// A world can be saved and loaded; the folder holds secrets of that server's
// devices and is for its owner only.
//
// # Sources
//
// Regular is people who pass the gate of their own home, alternately out and in,
// with a good pass: what a scan costs at its plainest. Day is a town as it lives,
// with everything that goes wrong in one.
//
// The people come in an order that is fixed by the seed and is a permutation of
// the town: nobody comes a second time before everybody has come, or before
// Rotation people have. The same seed and options give the same scans, but for
// their times and what the server makes up: IDs, and signatures over them.
//
// # Passes
//
// Those who have a phone show an app pass of the current five minutes, the others
// paper. Both are shown in the compact form, as a QR holds it. They are signed
// ahead by a goroutine of the source's own, one for each person and five minutes,
// so that a send does not wait for a signature; Late counts those that had to.
package world
