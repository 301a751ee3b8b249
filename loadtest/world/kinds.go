package world

// Kinds of scans, and the reasons that are right for them.
const KindRegular = "regular" // a good pass, in good health: let pass

var okOnly = []string{"ok"}

// normalReading is 36.0 to 37.2 °C, mostly about 36.6, in tenths.
func normalReading(draw uint64) int { return 360 + int(draw%7) + int(draw>>8%7) } // #nosec G115 -- below 7
