package main

// loadtestCmd drives load at gateways and measures what it costs them.
type loadtestCmd struct {
	Cost    loadtestCostCmd    `cmd:"" help:"CPU time of a scan, compared with that of its parts."`
	Latency loadtestLatencyCmd `cmd:"" help:"Latency at a fixed rate, compared with that of a bare echo."`
	Echo    loadtestEchoCmd    `cmd:"" hidden:"" help:"Serve the bare echo that the others are compared with."`
}
