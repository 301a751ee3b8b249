package checkpoint

import (
	"pgregory.net/rapid"
)

// A history is a handful of people at four sites, as data: what happens is
// drawn first and lived through afterwards (historyrun_test.go), so that a
// failing one can be made smaller step by step.
type history struct {
	homes  [2]int // residential sites of the two households
	public [2]int // two others
	minute int    // of the first day, local
	moves  []move
}

// move is one thing that happens. Numbers are indexes, taken modulo what there
// is when it happens.
type move struct {
	do     doing
	who    int // person
	site   int // of the history's four
	n      int // which earlier scan, permit, moment of the clock, set of rules
	choice int // a variant of it
	scan   scanMove
}

type doing string

const (
	doScan   doing = "scan"
	doAgain  doing = "again"  // an earlier scan, as it was or with other content
	doAnnul  doing = "annul"  // an earlier scan is taken back
	doWait   doing = "wait"   // the clock moves
	doStatus doing = "status" // the office sets one
	doPermit doing = "permit" // for a visit
	doExempt doing = "exempt" // from the limit of outings
	doRevoke doing = "revoke" // all passes of somebody
	doClose  doing = "close"  // a medic closes the fever case
	doMatch  doing = "match"  // a walk-in turns out to be a resident, or after all not
	doForged doing = "forged" // a code that names nobody
	doLook   doing = "look"   // the gateway counts who is inside
	doRules  doing = "rules"  // a site gets other ones

	doUnusual doing = "unusual" // one of the rare ones
)

// scanMove is what a scan shows.
type scanMove struct {
	like        likeMove
	phone       int
	in          bool
	by          WhoKind
	pass        passMove
	temperature temperatureMove
	when        timeMove
	remeasure   int // 0: names no first reading, 1: the person's last scan, 2: another one
	plate       string
	disinfected bool
	vehicle     bool
	purpose     Purpose
	override    OverrideReason
	told        *Told
}

type likeMove int

const (
	likeNone  likeMove = iota
	likeSame           // the person, phone and direction of the scan before
	likeThere          // the person and site of it
)

type passMove int

const (
	passNew passMove = iota
	passShownBefore
	passBeginsInAMinute
	passBeginsLater
	passEndedAMinuteAgo
	passEndedEarlier
	passOfBefore // of an earlier generation
)

type temperatureMove int

const (
	tempNormal temperatureMove = iota
	tempNone
	tempFeverLine
	tempBelowFever
	tempHigh
	tempLowLine
	tempBelowLow
	tempLow
)

type timeMove int

const (
	timeNow timeMove = iota
	timeHourBack
	timeDayBack
	timeOfAnother // the same millisecond as an earlier scan
	timeOfMoment  // something began or ended then
	timeJustFresh
	timeTooOld
	timeAhead
	timeTooFarAhead
	timeJustKept
	timeForgotten
	timeMinuteBack // not late
)

// theme is what a history is mostly about: what is rare in general comes close
// together in one of them. The lists weigh by how often something stands there.
type theme struct {
	who, site    []int // indexes of people and sites
	usual        []doing
	temperatures []temperatureMove
	like         []likeMove
	by           []WhoKind
	pass         []passMove
}

var (
	scans  = []doing{doScan, doScan, doScan, doScan, doScan, doScan, doScan, doScan, doScan, doAgain, doAnnul, doWait, doWait, doPermit, doLook, doUnusual}
	byAny  = []WhoKind{ByAppPass, ByAppPass, ByPaperPass, ByAppPass, ByResident, ByVisitorPass, ByDocument}
	passes = []passMove{
		passNew, passShownBefore, passShownBefore, passNew, passShownBefore, passNew, passShownBefore, passNew, passShownBefore,
		passBeginsInAMinute, passBeginsLater, passEndedAMinuteAgo, passEndedEarlier, passOfBefore,
	}
	well   = []temperatureMove{tempNormal, tempNormal, tempNormal, tempNormal, tempNormal, tempNormal, tempBelowFever, tempLowLine, tempHigh}
	themes = []theme{
		{ // of everything something
			[]int{0, 1, 2, 3, 0, 4, 3, 1, 3, 5, 6},
			[]int{0, 1, 2, 0, 3},
			scans,
			[]temperatureMove{
				tempNormal, tempNormal, tempHigh, tempNormal, tempNone, tempNormal, tempNormal, tempFeverLine, tempNormal, tempBelowFever,
				tempNormal, tempLowLine, tempBelowLow, tempLow, tempNormal,
			},
			[]likeMove{likeNone, likeSame, likeThere},
			byAny, passes,
		},
		{ // visitors and their permits
			[]int{3, 3, 3, 4},
			[]int{0, 0, 0, 1},
			[]doing{doScan, doScan, doScan, doScan, doScan, doScan, doAnnul, doWait, doWait, doWait, doPermit, doPermit, doPermit, doScan},
			well,
			[]likeMove{likeThere, likeNone},
			byAny,
			[]passMove{passShownBefore, passNew},
		},
		{ // first and second readings
			[]int{0, 1, 3},
			[]int{0, 2},
			append([]doing{doClose, doScan, doScan, doScan, doScan}, scans...),
			[]temperatureMove{tempHigh, tempLow, tempFeverLine, tempBelowLow, tempHigh, tempLow, tempNormal},
			[]likeMove{likeSame, likeSame, likeThere, likeNone},
			byAny, passes,
		},
		{ // a household's outings
			[]int{0, 1},
			[]int{0},
			append([]doing{doExempt, doScan, doScan, doWait, doWait}, scans...), well,
			[]likeMove{likeNone, likeThere},
			byAny, passes,
		},
		{ // walk-ins who turn out to be residents
			[]int{4, 4, 5, 0, 2},
			[]int{0, 2, 1},
			append([]doing{doMatch, doMatch, doMatch, doClose, doScan, doAgain}, scans...),
			[]temperatureMove{tempNormal, tempHigh, tempHigh, tempNormal, tempLow, tempBelowFever},
			[]likeMove{likeNone, likeThere, likeSame},
			byAny, passes,
		},
		{ // in and out of places with a limit
			[]int{0, 1, 2, 3},
			[]int{2, 2, 3, 0},
			append([]doing{doLook, doLook, doScan}, scans...), well,
			[]likeMove{likeNone, likeThere, likeNone},
			[]WhoKind{ByAppPass},
			[]passMove{passShownBefore, passShownBefore, passNew},
		},
	}
)

// What there is to draw from, in the same way.
var (
	unusual = []doing{doStatus, doExempt, doRevoke, doClose, doMatch, doForged, doStatus, doRules}
	times   = []timeMove{
		timeHourBack, timeMinuteBack, timeOfAnother, timeOfMoment, timeDayBack, timeOfAnother, timeOfMoment, timeHourBack, timeMinuteBack,
		timeJustFresh, timeTooOld, timeAhead, timeTooFarAhead, timeJustKept, timeForgotten,
	}
	answers = []*Told{
		nil, nil, nil,
		{Pass, ReasonOK, Admit},
		{Deny, ReasonExpired, Register},
		{Remeasure, ReasonRemeasure, MeasureAgain},
		{Deny, ReasonFever, HoldHere},
		{Incomplete, ReasonTemperatureRequired, MeasureAgain},
		{Deny, ReasonStatusRed, SendBack},
		{Pass, ReasonStatusRed, Escort},
		{Remeasure, ReasonTemperatureLow, MeasureAgain},
	}
)

func histories() *rapid.Generator[history] {
	return rapid.Custom(func(t *rapid.T) history {
		h := history{minute: rapid.IntRange(0, 1439).Draw(t, "minute")}
		for i := range h.homes {
			h.homes[i] = rapid.IntRange(0, historyHomes-1).Draw(t, "home")
		}
		for i := range h.public {
			h.public[i] = rapid.IntRange(historyHomes, historySites-1).Draw(t, "site")
		}
		about := pick(t, "about", themes...)
		h.moves = rapid.SliceOfN(rapid.Custom(about.move), 12, 40).Draw(t, "moves")
		return h
	})
}

// pick draws evenly enough: rapid itself prefers the beginning.
func pick[T any](t *rapid.T, what string, from ...T) T {
	return from[rapid.IntRange(0, 63).Draw(t, what)%len(from)]
}

func (about *theme) move(t *rapid.T) move {
	m := move{do: pick(t, "do", about.usual...)}
	if m.do == doUnusual {
		m.do = pick(t, "unusual", unusual...)
	}
	m.who, m.site = pick(t, "who", about.who...), pick(t, "site", about.site...)
	if m.do != doScan && m.do != doForged {
		m.n, m.choice = rapid.IntRange(0, 15).Draw(t, "n"), rapid.IntRange(0, 15).Draw(t, "choice")
		return m
	}
	m.scan = scanMove{
		like: pick(t, "like", about.like...), phone: pick(t, "phone", 0, 0, 1, 2, 0, 1, 2, 0, 2, 0, 1, 2, 0, 1, 3),
		in: pick(t, "in", true, false), by: pick(t, "by", about.by...),
		pass: pick(t, "pass", about.pass...), temperature: pick(t, "temperature", about.temperatures...),
		remeasure: pick(t, "remeasure", 0, 0, 1, 0, 1, 2), plate: pick(t, "plate", "", "鲁A12345", "", "鲁AD54321", ""),
		disinfected: pick(t, "disinfected", true, false), vehicle: pick(t, "vehicle", false, false, true),
		purpose:  pick(t, "purpose", PurposeUnsaid, PurposeUnsaid, PurposeSupplies, PurposeMedical, PurposeWork),
		override: pick(t, "override", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, OverrideMedical, OverrideFire),
	}
	if pick(t, "another time", false, false, false, false, false, true) {
		m.scan.when, m.scan.told = pick(t, "when", times...), pick(t, "told", answers...)
	}
	return m
}
