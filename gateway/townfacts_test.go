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
}
