// # What is to be guarded, and from whom
//
// Assets: where people were, and with whom (trails, gate indexes, archive); who
// they are (names, documents, phones, doors); the decision at a gate, which bars
// people from home or lets them out; the record of who did what (events, audit);
// the keys (passes, sessions, fields, archive, audit); gates that go on.
//
// Actors: a stranger on the net; somebody on the wire; a resident, and whoever
// has a picture of their pass; a guard with a phone; the thief of a phone; staff
// of each role, curious or bribed; a tracer of another part of the grid; whoever
// runs the machine, or Redis; whoever hands us a dependency or a file.
//
// Not guarded against: whoever runs a gateway reads what it reads, and a gateway
// and its Redis taken together by one hand within the same second leave no proof
// (see checkpoint). A guard who lets somebody in without a scan is seen by
// nobody here. Guesses from the owner's own address can make the owner wait, at
// most 5 minutes; an account that is guessed at from everywhere cannot be opened
// from a place where it never was for 15 minutes at a time. A document number
// can be tried by somebody whose office it is to enrol: each try is on record.
// Who prints sheets and knows documents can open a phone for a household, which
// sees it among its phones. A backup that is restored brings phones back that were
// signed out since. Members of one household read one another.
//
// Dependencies are listed, checked for known holes and built twice to the same
// bytes by deploy/supply, not by a test named here.
//
// TestThreatsAreInTheTree holds the names of tests to those that exist.
//
//	threat                                          control                                                    test
//	stranger: forges a pass                         Ed25519, algorithm pinned, strict form                     codes.TestRefusals
//	stranger: a pass with any bit changed           one form of each pass, whole signed                        codes.TestFlippedBits
//	stranger: a weak or planted key                 low-order points and doubled hints refused                 codes.TestBadKeysAreRefused
//	stranger: crashes a verifier                    bounds before parsing, fuzzed                              codes.FuzzVerify
//	stranger: one kind of token for another         each kind has a form, key and audience of its own          gateway.TestTokensAreTakenForNothingElse
//	stranger: forges a session                      HS256 pinned; issuer, audience, expiry required            gateway.TestSessionsOfOthersAreRefused
//	stranger: guesses the password of one           waits by account that all gateways share                   gateway.TestGuessersWaitAndTheOwnerDoesNot
//	stranger: one password for many accounts        waits by address, IPv6 by its first 64 bits                gateway.TestOneAddressTriesFewAccounts
//	stranger: many tries at the same moment         counted before the password is looked at                   checkpoint.TestTriesAtOnceAreCountedOneByOne
//	stranger: signs in between to clear the count   being right takes back its own try only                    checkpoint.TestSprayOfOneAddressOverManyAccounts
//	stranger: shuts the owner out by guessing       known places are counted apart                             checkpoint.TestGuessingDoesNotShutTheOwnerOut
//	stranger: fills the desk where passwords wait   known places have a desk of their own                      gateway.TestFloodOfGuessesLeavesTheFamiliarADesk
//	stranger: makes up its address                  X-Forwarded-For of named proxies only, from the right      gateway.TestAddressesAreNotMadeUpWithoutAProxy
//	stranger: takes Redis away to guess freely      without Redis nobody signs in                              gateway.TestWithoutRedisNobodySignsIn
//	stranger: floods the sign-in                    stopped in the process, before Redis                       gateway.TestFloodOfTriesStopsBeforeRedis
//	stranger: finds accounts by answer or by time   same answer, same work, same count                         gateway.TestSigningInIsTheSameWorkForEverybody
//	stranger: guesses a device's one-time code      130 bits, 15 minutes, once; waits by address               gateway.TestOneAddressTriesFewEnrolmentCodes
//	stranger: uses a session from another site      bearer header; no cookie, no CORS, no form                 gateway.TestOtherSitesCannotUseASession
//	stranger: a request that is two                 ambiguous framing refused, connection ended                gateway.TestRequestsAreNotSmuggled
//	stranger: sends slowly                          10 s for a request                                         gateway.TestSlowClientsAreCutOffAndHoldNobodyUp
//	stranger: holds all connections                 a quarter for one address                                  gateway.TestOneAddressHoldsFewConnections
//	stranger: floods headers                        8 KiB                                                      gateway.TestHeadersAreBounded
//	stranger: huge body                             64 KiB for who is not signed in                            gateway.TestNobodyUnknownMaySendMuch
//	stranger: huge body without a length            counted while it comes                                     gateway.TestBodyInChunksIsBounded
//	stranger: compressed, deep or doubled JSON      no Content-Encoding; depth 16; names once                  gateway.TestBodiesThatAreNotRead
//	stranger: text that makes a pattern slow        RE2 only, linear                                           gateway.TestPatternsTakeLinearTime
//	stranger: makes the server call somebody        what answers requests has no code that calls out           gateway.TestNothingCallsOut
//	admin: a channel that leads into the network    public addresses only, looked at when dialled; no redirect gateway/outbound.TestNothingInsideIsCalled
//	admin: reads the secret of a channel            write only, sealed; of its address the host is shown       gateway.TestAlarmsReachWhoAnswersForThem
//	receiver: slow, endless or gone                 5 s, 4 KiB, one call at a time; others get theirs          gateway/outbound.TestReceiversCannotHoldUsUp
//	receiver: passes messages on                    no name, document, phone or person in any of them          checkpoint/alarm.TestMessagesTellOfNobody
//	wire: forges or repeats a message to a webhook  signed with ID and time, one ID for all attempts           checkpoint/alarm.TestSignatures
//	staff: sees what is reported about them         neither told nor shown                                     gateway.TestAlarmsReachWhoAnswersForThem
//	stranger: writes into the log or a terminal     structured log, values quoted                              gateway.TestLogsCannotBeForged
//	stranger: follows a person by codes             sealed sub, keyed jti                                      codes.TestNobodyCanFollowAPerson
//	wire: reads or changes what is sent             TLS 1.2 or newer, good ciphers                             gateway.TestOnlyGoodTLSIsSpoken
//	thief of the local authority's key              private addresses and named hosts only, two years          gateway.TestLocalAuthorityCannotVouchForTheInternet
//	wire: another certificate on the page /ca       fingerprint on the terminal, to compare                    gateway.TestOverHTTPOnlyTheLocalCertificateIsAnswered
//	wire: leads a browser back to HTTP              HSTS, redirect to the own name only                        gateway.TestBrowsersAreHeldToTLSOnlyWhereItIsSpoken
//	wire: stands in for the server                  clients check certificates, send no secret without         main.TestCommandsTrustOnlyGoodCertificates
//	wire: a password over plain HTTP                refused or said aloud                                      main.TestSecretsDoNotTravelUnencrypted
//	wire: sends a recorded scan again               device, id, time: one event, one answer                    checkpoint.TestSameScanFiftyTimesAtOnceIsOneEventWithOneAnswer
//	resident: shows a screenshot later              app passes live for 10 minutes                             gateway.TestScreenshotOfAnAppPassLivesForTenMinutes
//	resident: lends the pass to another gate        replayed_pass told or denied                               gateway.TestSamePassAtTwoGatesIsTold
//	resident: goes on with a withdrawn pass         generation in each pass                                    gateway.TestRevokedPassIsRefusedAtTheNextScan
//	resident: red, at a gate without network        passes in the list among decoys, renewed in time           gateway.TestAPhoneWithoutNetworkKnowsWhoHasToStayAtHome
//	resident: one permit for many visitors          counted in the script                                      checkpoint.TestSingleUseIsExactAtTwoGatewaysAtOnce
//	resident: a script as a name or reason          text is escaped; CSP, nosniff                              gateway.TestScriptsInNamesAndReasonsStayText
//	resident: a script in a picture                 escaped in SVG                                             gateway/timeline.TestPicturesAreSoundAndHarmless
//	resident: reads or writes another diary         named people are members; IDs are of one person            gateway.TestAHouseholdReachesNoOtherDiary
//	resident: a script as a contest or request      kept and answered as text, sealed; no control characters   gateway.TestWhatHouseholdsWriteStaysText
//	resident: fills the store with readings         bounds for each person, day and all, in the script         gateway.TestAHouseholdFillsNoStore
//	medic: judges a contest of their own decision   author and judge are two people                            gateway.TestAContestIsAnsweredWithinTwoDaysByAnother
//	medic: makes somebody red and forgets them      an end within 14 days, by itself                           checkpoint.TestAStatusThatIsOverEndsByItself
//	Redis: a record of care moved to another        sealed for person, kind and ID                             checkpoint.TestARecordOfCareOpensInItsPlaceOnly
//	resident: a script on the printed sheet         escaped in HTML                                            codes.TestSheetNamesCannotInject
//	resident: a formula as a name                   guarded in CSV, typed as text in Excel                     gateway.TestNoExportIsRunByASpreadsheet
//	guard: calls routes of staff                    one table of routes and roles                              gateway.TestEveryRouteForEverybody
//	guard: looks at other gates                     a device is of one gate                                    gateway.TestDeviceSeesNothingOfOtherGates
//	guard: types pages of another gate              a page names its gate; a device types its own gate's       gateway.TestNobodyTypesPagesOfAnotherGate
//	guard: makes paper say otherwise afterwards     a row is one passage; replacing it leaves the earlier one  gateway.TestARowIsReplacedInTheOpen
//	guard: types pages that nobody printed          the numbers printed for a gate and day are on record       gateway.TestNobodyTypesPagesOfAnotherGate
//	guard: has a resident's pass made by a permit   a permit gives passes of visitors only; badge first        gateway.TestDeviceIssuesForItsOwnSiteInTheNameOfWhoIsOnShift
//	guard: denies a scan that was                   taking back is an event of its own, 15 minutes             gateway.TestScanIsTakenBackByItsDeviceWithinAQuarterOfAnHour
//	guard: uses another's badge or guesses one      130 bits; waits by device                                  gateway.TestDeviceTriesFewBadgesAMinute
//	guard: signs in with a badge                    guards have no password                                    gateway.TestGuardNeverSignsIn
//	thief of a phone: goes on with its token        refused at every gateway; its queue kept, flagged          gateway.TestStolenPhone
//	thief of a phone: tries documents               60 unknown ones a minute, each on record                   gateway.TestDocumentsAreNotTriedAtAGate
//	thief of a phone: finds out who lives here      badge first; own site, masked, 20 of 30 searches, audited  gateway.TestAThiefDoesNotFindOutWhoLivesHere
//	guard: looks people up who live elsewhere       a device searches its own site only                        gateway.TestAGuardFindsWhoLivesHereOnly
//	thief of a phone: fills the store               12,000 scans a minute                                      gateway.TestADeviceFillsNoStore
//	thief of a phone: a scan that nobody expects    strict form, fuzzed through the whole handler              gateway.FuzzScan
//	thief of a phone: spoils the batch of a day     each scan on its own, fuzzed between good ones             gateway.FuzzBatch
//	thief of a phone: enrols a second one           a code is good once                                        gateway.TestOfManyAtOnceOneDeviceIsEnrolled
//	stranger: guesses an activation code            55 bits and a document's end; waits by address             gateway.TestGuessersOfActivationCodesWait
//	finder of a sheet: guesses a document's end     about 20 guesses a day, from however many addresses        checkpoint.TestGuessersOfTailsGetFew
//	stranger: finds which codes there are           same answer, same count; made-up codes shut nobody out     checkpoint.TestWrongCodeAndWrongTailAreTheSame
//	stranger: makes up a phone's token              128 bits and more; of the whole a hash is kept             checkpoint.TestForgedPhonesAreNone
//	resident: reads another household               named people are members, or look like nothing             gateway.TestPhonesReachTheirOwnHouseholdOnly
//	resident: tries IDs of people                   who is not and who lives elsewhere look the same           gateway.TestPhonesReachTheirOwnHouseholdOnly
//	resident: uses a phone as staff or as a device  an audience of its own                                     gateway.TestPhonesAreNeitherStaffNorDevices
//	resident: keeps the processors busy             ten strips and 120 calls a minute                          gateway.TestOnePhoneGetsAFewStripsAMinute
//	former resident: goes on with phone or code     leaving ends their phones and the code                     gateway.TestFormerResidentsPhoneIsSignedOut
//	former resident: moved, gone or erased          leaving ends their phones and the code                     checkpoint.TestWhoLeavesAHouseholdLeavesItsPhones
//	thief of a resident's phone: goes on reading    signed out by the household, or by a renewed code          gateway.TestStolenPhoneIsSignedOut
//	thief of a phone that lay unused                ends after 90 days                                         checkpoint.TestHouseholdHasAFewPhones
//	staff: reads unseen by whom it is about         each reader is told by office, refusals left out           gateway.TestResidentsSeeWhoHasReadThem
//	staff: reads out of curiosity                   each read in the audit before the answer                   gateway.TestTheAuditHasEveryQuestion
//	staff: reads while the audit is away            no audit, no answer                                        gateway.TestWithoutTheAuditThereIsNoAnswer
//	staff: tries documents or phones                60 searches a minute; refusals audited                     gateway.TestTryingDocumentsLeavesATrace
//	staff: tries IDs, numbers, case codes           elsewhere looks like nothing                               gateway.TestWhatIsElsewhereLooksLikeNothing
//	staff: takes a person over by enrolling again   documents of others' people refused                        gateway.TestPeopleOutOfScopeAreOutOfReach
//	admin: makes a second account to be two people  each account, badge and device in the audit                gateway.TestWhoGivesPowersIsOnRecord
//	staff: keeps a session after a change           epoch of the account                                       gateway.TestChangeOfPowersEndsSessions
//	tracer: asks without need                       open case and reason, sealed in the audit                  gateway.TestQuestionsNeedACaseAndAReason
//	tracer: asks about everybody                    caps; a second person lifts them                           gateway.TestALiftTakesASecondPerson
//	tracer: has strangers called                    whom the case's answers named, or who was asked about      gateway.TestWhatBecomesOfCalls
//	leader: opens a case to ask under it            who opened a case does not ask under it                    gateway.TestQuestionsNeedACaseAndAReason
//	enroller: frees the confined by a new record    no erasure before the end; every number of theirs stays    checkpoint.TestNobodyShedsAConfinementByANewRecord
//	enroller: enrols somebody red, or recovered     whoever is new is green; a status is a decision            gateway.TestPeopleWhoCannotBeEnrolled
//	thief of an admin's open session                passwords and new admins take one's own password           gateway.TestASessionAloneTakesNoAccountOver
//	tracer of another part: reads a trajectory      scope checked by home                                      gateway.TestStaffSeeTheirSubtreeOnly
//	tracer of another part: learns names            IDs only outside the subtree                               gateway.TestContactsOutsideTheSubtreeAreIDsOnly
//	leader of a part: ends a case of the town       whoever answers for its node ends it                       gateway.TestCaseOfTheTownIsNotForItsPartsToEnd
//	tracer: goes on after the campaign              tracing ends with it                                       gateway.TestTheEndOfTheCampaignEndsTracing
//	leader: erases evidence                         held by case                                               gateway.TestEvidenceIsNotErased
//	enroller: a file that unpacks to gigabytes      bounds on what is unpacked                                 gateway/workbook.TestHostileBooksAreRefusedInBoundedMemory
//	enroller: a file that takes the memory          rows, columns and quotes bounded                           gateway.TestHostileImportsAreBounded
//	enroller: a file that writes elsewhere          no name from inside a file is used                         gateway/workbook.TestNothingIsWrittenElsewhere
//	enroller: a bad row that hides good ones        every row taken or named by number, fuzzed                 gateway.FuzzImport
//	enroller: a broken sheet taken for its end      looked through before it is read, fuzzed                   gateway/workbook.FuzzSheet
//	enroller: entities in a workbook                none is resolved                                           gateway/workbook.TestNoEntityIsResolved
//	subscriber: reads more than is granted          node, types and fields looked up anew for each page        checkpoint/feed.TestSubscribersGetWhatTheyAreGranted
//	subscribers: join what they read                people and events have other names for each                checkpoint/feed.TestSubscribersGetWhatTheyAreGranted
//	subscriber: uses the token elsewhere            an audience of its own                                     gateway.TestEveryRouteForEverybody
//	subscriber: reads unseen                        each page in the audit with what was on it                 gateway.TestTheCityFollowsTheTown
//	subscriber: keeps the processors busy           one page at a time, 240 calls a minute                     gateway.TestSubscribersAreBounded
//	thief of a subscriber's token: decides          decisions signed by a key that is registered               gateway.TestTheCityDecidesAboutStatuses
//	thief of a subscriber's token: goes on          a hash is kept; revoked and renewed at once                checkpoint/feed.TestTokensAreShownOnce
//	authority: makes somebody red for long          14 days, as any; who decided is shown                      checkpoint/feed.TestDecisionsOfAnAuthority
//	wire: sends a decision again, or an old one     source and id named once; the newest stands                checkpoint/feed.TestTheLastDecisionStands
//	wire: changes a page of the feed, or its cursor both signed by a key of its own                            codes.TestPagesOfTheFeedAreSigned
//	authority: brings a key that proves nothing     low-order points refused, algorithm pinned                 codes.TestPartnersKeys
//	anybody: a code that leads out of its folder    codes have one form                                        gateway.TestNoCodeLeadsOutOfItsPlace
//	Redis: read by somebody                         names, documents, phones sealed; blind indexes             checkpoint.TestNothingStoredIsInTheClear
//	Redis: a value moved to another record          record ID as additional data                               checkpoint.TestSealedIdentityOpensOnlyInItsRecord
//	Redis: used by a program that got in            a user with the commands that are used                     checkpoint/redisd.TestAGatewayCanDoWhatItDoesAndNoMore
//	Redis: the audit rewritten                      chain whose head is signed outside Redis                   checkpoint.TestVerifyFindsEveryTampering
//	operator: a field key that leaked               rotated while the town goes on                             checkpoint.TestFieldKeyIsChangedWhileTheTownGoesOn
//	operator: keys readable by others               refused at start                                           codes.TestRingReadableByOthersIsRefused
//	operator: keys in a log                         types that print nothing                                   codes.TestSecretsAreNotPrinted
//	operator: keeps what is past retention          swept, archived days destroyed by key                      checkpoint.TestNothingIsLeftWhenRetentionIsOver
//	operator: reads the journal of a lost disk      values sealed                                              checkpoint/journal.TestValuesAreSealed
//	operator: reads a backup                        encrypted to who may restore                               checkpoint/backup.TestNobodyReadsABackupWithoutTheIdentity
//	operator: restores an old or altered backup     refused before anything is written                         checkpoint/backup.TestABadBackupIsRefusedBeforeAnythingIsWritten
//	anybody: stops Redis to open the gates          copy and journal; past its age nobody enters               checkpoint.TestPastTheLimitNobodyEntersButHomeAndEmergencies
package gateway
