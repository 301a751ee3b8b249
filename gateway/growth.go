// # What clients can make grow
//
// Nothing that a client sends makes memory grow without bound. Redis itself has
// maxmemory with noeviction: when it is full, writes are refused, and gates go
// on from the journal. TestGrowthIsInTheTree holds the names of tests to those
// that exist.
//
//	what grows                          by whom          bound                                                test
//	connections                         anybody          10,000; idle ones end after 90 s                     gateway.TestOneAddressHoldsFewConnections
//	a body                              anybody          64 KiB; 2 MiB signed in, on few routes               gateway.TestNobodyUnknownMaySendMuch
//	JSON: depth, names of an object     anybody          16, 64                                               gateway.TestBodiesThatAreNotRead
//	password hashes under way           anybody          2 (19 MiB each), 1 known; 16 wait                    gateway.TestManyLoginsAtOnceAreTurnedAway
//	counts of wrong tries (Redis)       anybody          65,536 of each kind; a day                           checkpoint.TestWhatIsKeptOfTriesIsBoundedAndNamesNobody
//	scans of a device (Redis)           device           12,000 a minute and gateway; until retention         gateway.TestADeviceFillsNoStore
//	refusals without a person (Redis)   device           120 a minute and device; until retention             checkpoint.TestRefusalsWithoutAPersonGoToTheGatesOwnLog
//	walk-ins on record (Redis)          device           one a scan; gone with their last event               gateway.TestADeviceFillsNoStore
//	permits (Redis)                     device           20 a minute and device; until retention              gateway.TestDeviceIssuesForItsOwnSiteInTheNameOfWhoIsOnShift
//	counts of a minute, by device       device           one a device on record                               checkpoint.TestATownHasOnlySoManyRecords
//	scans seen lately, told lately      device           32,768 and 16,384                                    checkpoint.TestWhatIsRememberedOfScansIsBounded
//	a batch                             device           1,000 scans, 64 at once                              gateway.TestBatchOfAThousandAndNoMore
//	batches under way                   device           8                                                    gateway.TestFewBatchesAreTakenAtOnce
//	scans under way                     device           6,000; what is answered in 0.6 s, 0.15 s in a queue  gateway.TestBeyondCapacityGatesAreAnsweredLongest
//	lists signed for a moment           device           64                                                   gateway.TestFewSignedListsAreKept
//	an import                           enroller         5,000 rows, 250,000 fields, 8 s                      gateway.TestImportMemory
//	an Excel file, unpacked             enroller (CLI)   512 MiB on disk, 192 MiB in memory                   gateway/workbook.TestHostileBooksAreRefusedInBoundedMemory
//	a CSV file                          enroller (CLI)   64 KiB a row, 2 million rows                         gateway/workbook.TestHostileCSVIsReadInBoundedMemory
//	a stream                            tracer           32 KiB in memory; 15 minutes                         gateway.TestExportsTakeConstantMemory
//	pages, questions                    tracer           1,000 events; 61 days and the case's caps            gateway.FuzzQuery
//	sites, gates, devices, staff, grid  staff            20,000 of each                                       checkpoint.TestATownHasOnlySoManyRecords
//	policies                            staff            200 open, 1,000 in all                               checkpoint.TestNumberOfPoliciesIsBounded
//	channels                            admin            200                                                  checkpoint/alarm.TestChannelsAreChecked
//	a message of alarms                 nobody           1,200 alarms, then the next one                      checkpoint/alarm.TestAFullDigestLosesNothing
//	calls to receivers under way        admin            8, one for each channel; 5 s                         gateway/outbound.TestReceiversCannotHoldUsUp
//	pages, calls that wait              subscriber       20 subscribers, one page at a time, 1,000 events     gateway.TestTheCityFollowsTheTown
//	a batch of decisions                subscriber       1,000, 2 MiB; 8 people at once                       gateway.TestTheCityDecidesAboutStatuses
//	decisions about unknown people      subscriber       20,000 at a node; given up after 28 days             checkpoint/feed.TestWhoIsEnrolledLaterGetsWhatWasDecided
//	audit (Redis)                       staff            one a request; cut after its days                    checkpoint.TestOldEntriesAreCutOffBehindASignedHead
//	metric labels                       nobody           routes, reasons and words of the code                gateway.TestMetricsTellOfScansAndOfNobody
package gateway
