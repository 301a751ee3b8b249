// Package archive keeps the record of passages on the disk, so that the logs in
// Redis can be cut and everything that is made from them can be made again.
//
// # Days and keys
//
// Events lie by the UTC day of their occurred_at. Each day has a key of its
// own: destroying a day's key at the end of retention destroys its events, also
// in every copy of the folder. The keys therefore lie elsewhere, and copies of
// both must not outlive retention together.
//
//	DIR/2020-02-10/000001.ndjson.zst.age        segments of a day, written once
//	DIR/evidence/2020-02-10.1/000001.ndjson.…   what of a destroyed day is still needed
//	DIR/manifest.json                           what there is, see below
//	DIR/manifest.previous.json                  the one before
//	KEYS/archive/2020-02-10.key                 identity of a day, as age-keygen writes it
//	KEYS/archive/evidence-2020-02-10.1.key
//
// A segment is lines of JSON, compressed with zstd, encrypted with age to the
// day's X25519 key. By hand:
//
//	age -d -i KEYS/archive/2020-02-10.key DIR/2020-02-10/000001.ndjson.zst.age | zstd -d
//
// # Lines
//
// A line is one event and holds all that trail, gate index and log hold of it;
// reading it gives exactly the event that was written. Fields come in this order
// and those that are zero or empty are left out after device. Numbers of gates,
// devices and staff are those of the registry; scan is the hash of the scan's ID.
//
//	{"person":"0f3a5c7e91b2d4f6","occurred_at":1581307200000,"recorded_at":1581307200085,
//	 "scan":"5d41402abc4b2a76","digest":"b9719d91","gate":17,"device":34,"staff":5,"direction":"in",
//	 "who":"app","decision":"pass","reason":"ok","action":"admit","flags":["late","already_inside"],
//	 "temperature":36.5,"method":"forehead","disinfected":true,"plate":"鲁A12345",
//	 "remeasure_of":"…","vehicle":"…","annuls":"…","purpose":"work","override":"fire",
//	 "permit":7,"permit_until":1581393600000,"permit_left":2,"fever":"…"}
//
// Words are those of the API; a code that has no word is a number. A plate that
// is no text is "plate_bytes", in hexadecimal digits.
//
// # Manifest
//
// The manifest says what is archived: for each shelf (a folder of segments under
// one key) its files with SHA-256, size, number of events and first and last
// occurred_at; for each partition the ID of the last log entry that is archived;
// the days that were destroyed; the gaps, which are entries that were in no log
// any more when this archive came to them. It carries the checksum of its own
// bytes and is replaced as a whole: written under another name, synced, renamed.
//
// A file is complete before it has its name, and has its name before the
// manifest lists it. What goes is noted in the manifest ("doomed") before it
// goes. So a crash leaves one of four things, which whoever opens the archive
// next puts right: an unfinished file, which is removed; a complete one that is
// not listed, which is taken in; a removal that was begun, which is completed;
// and events that are archived twice, which does no harm, since the same event
// is the same bytes in every index.
//
// A manifest that is damaged or missing is made anew from the one before and the
// files. If both are lost, the logs are archived again from their beginning, and
// what was cut off them before is counted as a gap, though the files may have it.
//
// # Damage
//
// Reading checks the files as it goes: age authenticates blocks of 64 KiB, zstd
// and each line are strict, the checksum is compared at the end. A file that
// fails is named with what is wrong and what was read of it, and the rest of the
// day is read. A line that is bad costs that line alone.
//
// # Archiver
//
// The Archiver reads what is new in the logs every two minutes, writes a segment
// for each day that occurs in it, and puts small segments together when a day
// has 16. A log is cut only behind what the manifest on the disk says, what the
// projector has put in the indexes, and what is older than the kept span. An
// entry of a log that cannot be read is logged and passed over.
//
// Not in the logs, and so not here, are refusals without a person, which the
// gates' own logs hold until retention.
package archive
