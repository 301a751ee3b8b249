// Package drift finds the gates whose temperatures cannot be trusted: a
// thermometer that reads too low or too high, and a guard who writes "36.5" for
// everyone. Both hide fevers. It is a pure function of how often each gate took
// each reading in a period, usually a day; it reads no clock and no store.
//
// # What is compared with what
//
// A forehead reads low in frost, by more than any fault that is looked for
// here, but it does so at all gates alike. So no reading is held against a fixed
// value: a gate is compared with its neighbours, and only with readings taken
// the same way. One call of [Suspects] takes readings of one method in one
// direction, because people come in from the cold and go out from the warm; a
// gate that measures on the way in alone would stand out from those that measure
// both ways. The neighbours of a gate are the others of its area that have
// [MinReadings]; where these are fewer than [MinNeighbours], all others of the town.
//
// # Drift
//
// A gate drifts if its median differs from the median of its neighbours' medians by
// at least [MinShift] and by more than [MaxScore] times
//
//	sqrt(b² (1 + π/2m) + e²)
//
//	b  how far apart honest gates lie: 1.4826 times the median absolute
//	   deviation of the m neighbours' medians, at least minSpread
//	e  the sampling error of the gate's own median: 1.2533 s / sqrt(n), with s
//	   the interquartile range of its n readings / 1.349, at least one tenth
//
// Medians and quartiles are those of grouped data: a reading of 36.5 stands
// for all from 36.45 to 36.55, and a quantile lies within that span where the
// count says. Rounding to tenths would otherwise move a median by half the
// shift that is looked for.
//
// Sources. The modified z-score of a median, with 3.5 for its limit: Iglewicz
// and Hoaglin, How to Detect and Handle Outliers, ASQC 1993. 1.4826 times the
// median absolute deviation estimates a standard deviation: Hampel, JASA 69
// (1974). The error of a median is asymptotically 1/(2 f sqrt(n)), f the density
// there; for a normal distribution that is 1.2533 s / sqrt(n) (π/2 is the square
// of 1.2533, hence the term for the neighbours' median). With s from the
// interquartile range it is the notch of McGill, Tukey and Larsen, Variations of
// Box Plots, The American Statistician 32 (1978).
//
// # Constant
//
// A gate is constant if its most frequent value has a greater share of at least
// [MinReadings] readings than both minShare and
//
//	p + 4 sqrt(p (1 - p) / n)
//
// where p is the share of the most frequent value in the neighbours' readings
// together: the normal bound of a binomial share, four standard errors up
// because the mode is the greatest of some twenty shares and every gate is
// asked every day. Readings of people spread over about 0.3 °C, so a tenth has
// an eighth of them, and this bound rarely matters; it does where thermometers
// smooth what they show, since then it rises at all gates. Without neighbours
// minShare decides alone. Of a constant gate no drift is said: what was made up
// tells nothing of the thermometer.
//
// # Thresholds
//
//	MinReadings 30     a median of 30 has an error of 0.07 °C, a share one of
//	                   0.09; both small against what is looked for
//	MinNeighbours 5    half of fewer could be wrong without anybody's doing
//	MaxScore 3.5       as above
//	MinShift 0.3 °C    beyond the ±0.2 °C that a medical infrared thermometer may
//	                   be wrong (JJF 1107-2003, 35 to 42 °C); and what nobody can
//	                   put right by changing a battery is not worth a walk
//	minSpread 0.1 °C   the same ±0.2 °C, taken as two standard deviations: that
//	                   a handful of gates agree by chance makes none of them suspect
//	minShare 0.6       a guard who rounds every reading to .0 or .5 gets to about 0.6
//
// So with many readings the line lies at about 0.37 °C, and never under 0.30 °C.
// How often this is right and wrong is measured by TestSimulatedTown, on the town's
// real places with a fifth of the people going out on a day:
//
//	go test -v -run SimulatedTown ./checkpoint/drift
//
//	sound gates named in 1,000 gate-days, whenever one looks    0.2
//	a day's chance to find 0.3 / 0.4 / 0.5 / 0.8 °C too low      18 / 54 / 82 / 100 %
//	and 70 / 85 / 95 / 100 % of the readings made up            100 % each
//
// Sound thermometers differ by 0.08 °C (standard deviation) there. With 0.12 °C,
// 5 in 1,000 are named and with 0.2 °C, 22: those farthest off, as they should
// be, but not broken.
//
// # What it cannot see
//
//   - A gate with fewer than MinReadings, until it has them.
//   - A shift of less than MinShift, and in a town of worse thermometers a greater
//     one: what half of the neighbours have in common counts as right.
//   - Made-up readings in a minority, or several values written in turn ("36.4,
//     36.5, 36.6"), if their median is like the neighbours'.
//   - A thermometer that is right below the fever line and wrong above it.
//   - Why. People differ, too: a gate whose guard measures after a long walk in the
//     wind reads low and its thermometer is sound. The answer is a reason to go
//     and look, and no ground to act against anybody.
package drift
