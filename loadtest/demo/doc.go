// Package demo runs the main job of a passgate server from end to end over its
// HTTP API and checks every answer: it sets a town up, enrols the residents,
// lets them move for some days with passes that are issued, drawn, read from
// the picture and scanned, and then asks, under cases that a medic opened and a
// leader widened, who passed each gate, where each person was, whom some of them
// met and who was at several places; at last, whether the audit has each of
// these questions.
//
// # The oracle
//
// What the answers have to be is worked out by a model of its own (oracle.go,
// model.go, table.go, visits.go, stays.go, meetings.go), written from the published rules. It
// shares no code with the server and never asks it how it would decide, so a
// mistake has to be made twice, in the same way, to go unnoticed. The model sees
// each person's scans in the order in which the server gets them, and those of a
// household in one order, and predicts the whole answer.
//
// # Time
//
// The server runs in the same process with a clock that only Run moves. Days
// are stepped in slots of a minute: the clock is set to the end of the slot and
// the slot's scans are sent by all workers at once, each person's in order. The
// seed fixes who does what and when; what the server makes up itself (IDs,
// tokens, keys) differs from run to run.
//
// # What is out of the ordinary
//
// On top of the irregular movements that town makes up (fever, readings too low,
// forged, foreign and expired codes, forgotten exits) there are readings left
// out, double taps one after the other and at once, resends hours later, resends
// with other content, visits to somebody else's compound, to a closed market and
// to a shop that is closed in the afternoon, people written down by the guard,
// documents that nobody has, statuses that change during the day, revoked
// passes, and phones that collect scans without a network and hand them in
// later together with what they told the people. Who has a fever tries a mall,
// is let home, and comes out again when a medic has closed the case. Visitors
// come with permits, by another vehicle, too early, too often and for too long;
// households use up their outings and ride in one car, which has to be
// disinfected; guards slip and take a scan back; and emergencies pass.
package demo
