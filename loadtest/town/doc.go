// Package town is the place the system is tried on: the real sites of Xushang
// subdistrict and a population that was made up for them.
//
// Real are the 50 villages and 23 residents' committees with their official
// codes, and the shape of a day, taken from the CalIt2 door counts (see
// data/SOURCE.md). From the newspaper's figures are the numbers of areas,
// communities, compounds, micro-grids and enterprises. Everything else is
// invented: names of compounds and shops, every resident, every ID number and
// telephone number. Nobody can be found or phoned by them (see areaPrefix and
// phonePrefix).
//
// Everything follows from a seed alone: the same seed gives the same bytes on
// every run (products of fractions are rounded by a conversion before they are
// added to, so that no processor fuses the two). A smaller population is the beginning of a larger one with the
// same seed. Residents and Day stream, so a million people need no more memory
// than a thousand; Movements sorts a day and holds 8 bytes for each movement.
package town
