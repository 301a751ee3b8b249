package trajectory

import "testing"

// BenchmarkFold is four weeks of a person who goes out twice a day.
func BenchmarkFold(b *testing.B) {
	var events []Event
	for day := range int64(28) {
		t := day * 24 * hour
		for i := range int64(2) {
			at := t + (8+6*i)*hour
			events = append(events, out(home, at), in(mall, at+hour), out(mall, at+2*hour), in(home, at+3*hour))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		Fold(events, 30*24*hour, examples)
	}
}
