package main

// loadtestCmd drives load at gateways and measures what it costs them.
type loadtestCmd struct {
	Figures  loadtestFiguresCmd  `cmd:"" default:"withargs" help:"Every figure that passgate promises, with its goal; what happens without a verb."`
	Run      loadtestRunCmd      `cmd:"" help:"Send scans at a rate, and look up afterwards what became of each."`
	Worker   loadtestWorkerCmd   `cmd:"" help:"Make a share of a run that another process coordinates."`
	Curve    loadtestCurveCmd    `cmd:"" help:"Latency against rate, up to saturation."`
	Rush     loadtestRushCmd     `cmd:"" help:"A rush hour of thirty times the usual number."`
	Spike    loadtestSpikeCmd    `cmd:"" help:"Ten times the rate within ten seconds."`
	Soak     loadtestSoakCmd     `cmd:"" help:"A rate held for long: what grows."`
	Scale    loadtestScaleCmd    `cmd:"" help:"Towns of 10,000 to a million people compared."`
	Cost     loadtestCostCmd     `cmd:"" help:"CPU time of a scan, compared with that of its parts."`
	Latency  loadtestLatencyCmd  `cmd:"" help:"Latency at a fixed rate, compared with that of a bare echo."`
	Prepare  loadtestPrepareCmd  `cmd:"" help:"Put a made-up town on a running service."`
	Report   loadtestReportCmd   `cmd:"" help:"One HTML page of what load tests printed."`
	Capacity loadtestCapacityCmd `cmd:"" help:"How many gateways and shards a place needs."`
	Echo     loadtestEchoCmd     `cmd:"" hidden:"" help:"Serve the bare echo that the others are compared with."`
}
