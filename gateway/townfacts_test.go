package gateway

// townRows are the facts of the place, in the order in which they were told of it.
var townRows = []townRow{
	{
		"100,000 people enrolled; who enters a compound, mall or enterprise is scanned, checked and registered (扫码核录登记)",
		[]string{"POST /v1/residents", "POST /v1/residents/import", "POST /v1/residents/{id}/passes", "POST /v1/scans", "GET /v1/gates/{gate}/events"},
		[]string{"TestScanAnswersWithTheDecision", "TestGoodRowsGoInAndBadRowsComeBack", "TestPersonIsNamedInFourWays", "TestPassIsIssuedInBothFormsAndScans", "TestPersonIsEnrolledReadAndFound", "TestGateWindow"},
	},
	{
		"Activity trajectories (活动轨迹), accurate and clear",
		[]string{"GET /v1/residents/{id}/trajectory", "GET /v1/residents/{id}/contacts", "POST /v1/crowd"},
		[]string{"TestTrajectory", "TestContactsOverTheAPI", "TestCrowdAndWhoWasInsideOverTheAPI"},
	},
	{
		"Four-level grid (四级网格化管理): a responsible person on every node, each sees their own part",
		[]string{"PUT /v1/grid/{id}", "GET /v1/grid", "PUT /v1/staff/{login}", "POST /v1/setup"},
		[]string{"TestGridNodeIsPutBelowItsParent", "TestListsOfPlacesAreCutToTheScope", "TestSetupTakesAWholeTown", "TestAccountIsMadeAndCanSignIn"},
	},
	{
		"700 staff were posted to the villages: phones are shared, every event names who was on shift",
		[]string{"POST /v1/shifts", "POST /v1/shifts/close", "GET /v1/gates/{gate}/shifts", "POST /v1/staff/{login}/badge"},
		[]string{"TestShiftIsOpenedByBadgeAndHandedOver", "TestShiftsOfAGateWithTheirCounts", "TestBadgeIsShownOnceAndMadeWithinTheSubtree", "TestEventsNameThePersonOnShift"},
	},
	{
		"One open entrance; whoever enters is asked (逢人必问), every vehicle checked (逢车必查), everyone's temperature taken (必测体温)",
		[]string{"PUT /v1/gates/{gate}", "PUT /v1/sites/{site}", "POST /v1/scans", "POST /v1/scans/vehicle", "POST /v1/vehicles/search"},
		[]string{"TestSecondOpenGateOfAVillageIsRefused", "TestSiteIsPutWithItsRulesAndInForceAtOnce", "TestCarAnswersForEachOfItsPeople", "TestVehicleSearchShowsWhoSatInTheCarWithinTheScope"},
	},
	{
		"Outsiders are not allowed in; special cases are registered and put on file (特殊情况登记备案)",
		[]string{"POST /v1/permits", "GET /v1/permits", "POST /v1/permits/{id}/withdraw"},
		[]string{"TestPermitLetsItsVisitorInByPassAndByDocument", "TestPermitIsListedWithdrawnAndOverstayed"},
	},
	{
		"Two temperatures, two reports (双测温两报告): reported at once, 120 takes them to the county hospital for screening",
		[]string{
			"POST /v1/scans", "GET /v1/fevers", "POST /v1/fevers/{id}/reports", "POST /v1/fevers/{id}/handover", "POST /v1/fevers/{id}/screening",
			"POST /v1/fevers/{id}/hospital-link", "POST /v1/hospital/result", "POST /v1/fevers/{id}/close",
		},
		[]string{"TestFeverPath", "TestAFeverCaseGoesThroughTwoReportsHandoverAndScreening", "TestAHospitalGivesItsResultByACodeOnce", "TestAFeverCaseBecomesAnObservation"},
	},
	{
		"Four ones (四个一) for people back from outside the province: leader, cadre, medic, a report a day; at home, temperature twice a day",
		[]string{
			"POST /v1/returnees", "GET /v1/returnees", "POST /v1/observations", "GET /v1/observations", "GET /v1/observations/{id}",
			"POST /v1/my/readings", "POST /v1/my/observation/reports", "POST /v1/observations/{id}/reports", "POST /v1/observations/{id}/release", "POST /v1/observations/{id}/extend",
		},
		[]string{"TestWhoComesBackIsObservedUntilTheyAreReleased", "TestAnObservationAndTheStatusEndTogether", "checkpoint/office.TestTheHomesRulesSayWhetherWhoComesBackIsObserved"},
	},
	{
		"People with fever and buyers of fever medicine are reported at once, their situation known at any moment",
		[]string{"POST /v1/purchases", "GET /v1/purchases", "POST /v1/purchases/{id}/visit", "POST /v1/purchases/{id}/close", "GET /v1/readings/fevers"},
		[]string{"TestAPurchaseOfFeverMedicineIsSeenToAtHome", "TestFeverInADiaryReachesGridMembersAndMedics"},
	},
	{
		"Grid members (网格员) inform, count, disinfect and serve: not one village, household or person is missed (不漏一村、不漏一户、不漏一人)",
		[]string{"GET /v1/grid/{id}/today", "GET /v1/grid/{id}/coverage", "POST /v1/visits"},
		[]string{"TestAGridMembersListMissesNobody"},
	},
	{
		"Supplies are obtained and handed out to villages and front-line staff",
		[]string{"PUT /v1/supplies/items/{code}", "PUT /v1/supplies/lines", "POST /v1/supplies/movements", "GET /v1/supplies", "GET /v1/supplies/movements"},
		[]string{"TestSuppliesAreObtainedHandedOutAndAddUp", "checkpoint/office.TestAStockIsTheSumOfItsMovements"},
	},
	{
		"Home-isolated people get shopping, rubbish, disinfection, counsel (心理疏导): report it, or say all is well (有事报情况,无事报平安)",
		[]string{"POST /v1/my/requests", "GET /v1/requests", "POST /v1/requests/{id}/take", "POST /v1/requests/{id}/done", "POST /v1/my/observation/reports"},
		[]string{"TestARequestGoesFromTheHouseholdToTheGridMemberAndBack", "TestANarrowPartOfTheTownSeesAllOfItsRequests", "TestWhoComesBackIsObservedUntilTheyAreReleased"},
	},
	{
		"Disinfection of vehicles, corridors, lifts and rubbish points, several times a day",
		[]string{"PUT /v1/disinfections/plans", "GET /v1/disinfections", "POST /v1/disinfections", "POST /v1/scans/vehicle"},
		[]string{"TestRoundsOfDisinfectionAreDueDoneAndMissed", "TestCarIsJudgedWithAllThatIsSaidOfIt"},
	},
	{
		"19 new isolation beds in the community health centre",
		[]string{"POST /v1/beds", "GET /v1/beds", "POST /v1/beds/{id}/assign", "POST /v1/beds/{id}/release", "POST /v1/beds/{id}/cleaned"},
		[]string{"TestABedIsWaitedForAssignedLeftAndCleaned", "checkpoint/office.TestNobodySharesABedAndNobodyHasTwo"},
	},
	{
		"Daily one dispatch, one summary, one bulletin (每天一调度、一总结、一通报)",
		[]string{
			"POST /v1/dispatches", "GET /v1/dispatches", "POST /v1/dispatches/{id}/take", "POST /v1/dispatches/{id}/done", "POST /v1/dispatches/{id}/verify",
			"GET /v1/bulletin", "GET /v1/bulletin/rows", "POST /v1/bulletins",
		},
		[]string{"TestDispatchGoesFromItsOwnerToWhoeverLooks", "TestTheBulletinOfADay", "TestAPublishedBulletinStands", "checkpoint/bulletin.TestNumbersEqualACountOfTheRecord"},
	},
	{
		"A public hotline and tip-offs by residents, against staff too (群众举报监督)",
		[]string{"POST /v1/reports", "POST /v1/my/reports", "GET /v1/reports", "POST /v1/reports/{id}/assign", "POST /v1/reports/{id}/close", "POST /v1/reports/{id}/reopen"},
		[]string{"TestReportIsAssignedAnsweredAndReopened", "TestHouseholdReportsInItsNameOrInNobodys", "TestTipOffLeavesNoTraceForThoseItIsAbout"},
	},
	{
		"Notices by WeChat groups, loudspeakers and leaflets",
		[]string{"POST /v1/notices", "GET /v1/notices", "GET /v1/my/notices", "GET /v1/notices/{id}/leaflet", "POST /v1/notices/{id}/withdraw"},
		[]string{"TestNoticeReachesGatesAndPhonesBelowItsNode"},
	},
	{
		"140+ enterprises back at work with plans, masks, thermometers (复工手续); safety inspectors visit",
		[]string{
			"PUT /v1/enterprises/{site}", "GET /v1/enterprises", "POST /v1/enterprises/{site}/staff", "POST /v1/enterprises/{site}/applications",
			"POST /v1/applications/{id}/approve", "POST /v1/applications/{id}/suspend", "POST /v1/inspections", "GET /v1/findings", "POST /v1/findings/{id}/corrected", "POST /v1/findings/{id}/verify",
		},
		[]string{"TestEnterpriseGoesBackToWorkAndIsStopped", "TestEnterpriseKeepsAListOfItsStaff", "TestFindingOfAnInspectionIsCorrectedAndLookedAt"},
	},
	{
		"10 and 8 always rules (十个一律, 八个一律): weddings stopped, markets closed, in force at every gate within a second",
		[]string{"POST /v1/policies", "POST /v1/policies/preview", "GET /v1/policies/presets", "POST /v1/policies/{code}/end"},
		[]string{"TestPolicyIsPutSeenAndEnded", "TestPreviewTellsWhomAPolicyTouches", "TestPresetIsPutAsItIs"},
	},
	{
		"The city's platform and this one are used together (济南云+健康易通行系统)",
		[]string{"PUT /v1/subscribers/{name}", "GET /v1/feed", "POST /v1/authority/changes", "GET /v1/authority/changes"},
		[]string{"TestTheCityFollowsTheTown", "TestTheCityDecidesAboutStatuses", "checkpoint/feed.TestTheCityHasEachEventOnceAndInOrder", "checkpoint/feed.TestDecisionsOfAnAuthority"},
	},
	{
		"Fever line, retention, cold gates: 37.3 °C, 28 days, a low reading is measured again and never an endless refusal",
		[]string{"PUT /v1/sites/{site}", "GET /v1/gates/suspect", "POST /v1/residents/{id}/erase"},
		[]string{"TestSiteIsPutWithItsRulesAndInForceAtOnce", "TestSuspectGatesAreToldToThoseWhoAnswerForThem", "TestErasureIsAskedForWithAReasonAndOnRecord", "checkpoint.TestNothingIsLeftWhenRetentionIsOver"},
	},
	{
		"Alerts reach whoever answers for the place, and climb the grid until somebody sees to them",
		[]string{"GET /v1/alarms", "POST /v1/alarms/{id}/ack", "POST /v1/alarms/{id}/close", "PUT /v1/channels/{name}"},
		[]string{"TestAlarmsReachWhoAnswersForThem", "TestAChannelThatFailsIsFoundOut", "checkpoint/alarm.TestStorm", "checkpoint/alarm.TestAlarmsThatNobodyAcknowledgesClimbTheGrid"},
	},
	{
		"A status is accountable: ground, evidence, author, end, a second person for red and for many, a contest with a clock",
		[]string{"PUT /v1/residents/{id}/status", "POST /v1/status-changes", "POST /v1/status-proposals/{id}/approve", "POST /v1/status-proposals/{id}/refuse", "POST /v1/my/contests", "POST /v1/contests/{id}/answer"},
		[]string{"TestRedTakesASecondPerson", "TestManyChangesAtOnceTakeASecondPerson", "TestAContestIsAnsweredWithinTwoDaysByAnother"},
	},
}
