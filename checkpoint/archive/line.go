package archive

import (
	"encoding/hex"
	"strconv"
	"unicode/utf8"

	"passgate/checkpoint"
)

// appendWord writes a word of a closed list, or the number of one that has no
// name in this version.
func appendWord(b []byte, w *words, code int) []byte {
	if code < len(w.names) {
		b = append(append(b, '"'), w.names[code]...)
		return append(b, '"')
	}
	return strconv.AppendInt(b, int64(code), 10)
}

func appendHex(b []byte, name string, value []byte) []byte {
	b = append(b, name...)
	b = hex.AppendEncode(b, value)
	return append(b, '"')
}

func appendID(b []byte, name string, id uint64) []byte {
	var raw [8]byte
	for i := range raw {
		raw[i] = byte(id >> (56 - 8*i))
	}
	return appendHex(b, name, raw[:])
}

// appendLine writes an event as one line of JSON with its line feed. What is
// zero is left out, but for the fields that every scan has.
func appendLine(b []byte, e *checkpoint.ScanEvent) []byte {
	b = appendID(b, `{"person":"`, e.Person)
	b = strconv.AppendInt(append(b, `,"occurred_at":`...), e.OccurredAt, 10)
	b = strconv.AppendInt(append(b, `,"recorded_at":`...), e.RecordedAt, 10)
	b = appendHex(b, `,"scan":"`, e.Hash[:])
	b = appendHex(b, `,"digest":"`, e.Digest[:])
	b = strconv.AppendUint(append(b, `,"gate":`...), uint64(e.Gate), 10)
	b = strconv.AppendUint(append(b, `,"device":`...), uint64(e.Device), 10)
	if e.Staff != 0 {
		b = strconv.AppendUint(append(b, `,"staff":`...), uint64(e.Staff), 10)
	}
	if e.Direction == checkpoint.Out {
		b = append(b, `,"direction":"out"`...)
	} else {
		b = append(b, `,"direction":"in"`...)
	}
	b = appendWord(append(b, `,"who":`...), &whos, int(e.Who))
	b = appendWord(append(b, `,"decision":`...), &decisions, int(e.Decision))
	b = appendWord(append(b, `,"reason":`...), &reasons, int(e.Reason))
	b = appendWord(append(b, `,"action":`...), &actions, int(e.Action))
	if e.Flags != 0 {
		b = appendFlags(b, e.Flags)
	}
	if e.Temperature != 0 {
		b = strconv.AppendInt(append(b, `,"temperature":`...), int64(e.Temperature/10), 10)
		b = append(b, '.', byte('0'+e.Temperature%10))
	}
	if e.Method != 0 {
		b = appendWord(append(b, `,"method":`...), &methods, int(e.Method))
	}
	return appendRare(b, e)
}

func appendFlags(b []byte, f checkpoint.Flags) []byte {
	b = append(b, `,"flags":[`...)
	for i := 0; f>>i != 0; i++ {
		if f>>i&1 != 0 {
			b = append(appendWord(b, &flags, i), ',')
		}
	}
	b[len(b)-1] = ']'
	return b
}

// appendRare writes what few scans have, and ends the line.
func appendRare(b []byte, e *checkpoint.ScanEvent) []byte {
	if e.Disinfected {
		b = append(b, `,"disinfected":true`...)
	}
	if e.Plate != "" {
		b = appendPlate(b, e.Plate)
	}
	var none [8]byte
	if e.RemeasureOf != none {
		b = appendHex(b, `,"remeasure_of":"`, e.RemeasureOf[:])
	}
	if e.Vehicle != none {
		b = appendHex(b, `,"vehicle":"`, e.Vehicle[:])
	}
	if e.Annuls != none {
		b = appendHex(b, `,"annuls":"`, e.Annuls[:])
	}
	if e.Purpose != 0 {
		b = appendWord(append(b, `,"purpose":`...), &purposes, int(e.Purpose))
	}
	if e.Override != 0 {
		b = appendWord(append(b, `,"override":`...), &overrides, int(e.Override))
	}
	if e.Permit != 0 {
		b = strconv.AppendUint(append(b, `,"permit":`...), uint64(e.Permit), 10)
		b = strconv.AppendInt(append(b, `,"permit_until":`...), e.PermitUntil, 10)
		b = strconv.AppendUint(append(b, `,"permit_left":`...), uint64(e.PermitLeft), 10)
	}
	if e.Fever != 0 {
		b = appendID(b, `,"fever":"`, uint64(e.Fever))
	}
	return append(b, "}\n"...)
}

// appendPlate writes a plate as text, or in hexadecimal digits if it is none.
func appendPlate(b []byte, plate string) []byte {
	if !plainText(plate) {
		return appendHex(b, `,"plate_bytes":"`, []byte(plate))
	}
	b = append(b, `,"plate":"`...)
	for i := range len(plate) {
		if plate[i] == '"' || plate[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, plate[i])
	}
	return append(b, '"')
}

// plainText tells that a plate is UTF-8 without control characters.
func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
