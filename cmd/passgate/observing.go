package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"passgate/deploy"
	"passgate/gateway"
	"passgate/gateway/statuspage"
)

// traceFlags say where traces of requests go.
type traceFlags struct {
	Traces string  `placeholder:"URL" env:"PASSGATE_TRACES" help:"Send traces of some requests to an OpenTelemetry collector (OTLP over HTTP), such as http://localhost:4318. A request with a sampled traceparent is traced, at most 5 a second."`
	Ratio  float64 `name:"traces-ratio" default:"0.001" env:"PASSGATE_TRACES_RATIO" help:"Of the requests without a traceparent this part is traced, 0 to 1, at most 5 a second."`
}

// tracesLast is how long a server that ends waits for a collector to take the rest.
const tracesLast = 3 * time.Second

// open makes the traces, if there are to be any. What waits is sent when the server
// is closed.
func (f *traceFlags) open(s *server) (err error) {
	if f.Traces == "" {
		return nil
	}
	s.tracing, err = gateway.NewTracing(gateway.TracingConfig{Collector: f.Traces, Ratio: f.Ratio, Version: versionText(), Logger: s.logger})
	if err != nil {
		return badInput("--traces, --traces-ratio: %w", err)
	}
	s.closers = append(s.closers, func() {
		ctx, cancel := context.WithTimeout(context.Background(), tracesLast)
		defer cancel()
		if err := s.tracing.Shutdown(ctx); err != nil {
			s.logger.Warn("the last traces could not be sent", "error", err)
		}
	})
	return nil
}

// logger writes to w as the flags say.
func (cmd *ServeCmd) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: cmd.LogLevel}
	if cmd.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// openFigures adds to the metrics what this process knows beside the gateway: its
// version, the disks of its folders, and the town as a whole.
func (cmd *ServeCmd) openFigures(s *server) {
	folders := map[string]string{"data": cmd.Data}
	if s.journal != nil {
		folders["journal"] = cmd.journalDir()
	}
	if s.archive != nil {
		folders["archive"] = cmd.archiveDir()
	}
	m := s.gateway.Metrics()
	m.WatchBuild(versionText())
	m.WatchFolders(folders)
	s.town = s.gateway.WatchTown()
	s.status = statuspage.New(statuspage.Config{Metrics: m, Runbook: deploy.Runbook, Version: versionText(), Logger: s.logger})
}
