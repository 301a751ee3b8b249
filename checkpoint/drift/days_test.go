//go:build !race

package drift_test

// simDays is how many days are simulated.
const simDays = 200
