package main

import (
	"strings"

	"passgate/checkpoint/alarm"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/feed"
	"passgate/checkpoint/office"
	"passgate/gateway/outbound"
)

// alarmFlags are about the ways in which others are told of alarms.
type alarmFlags struct {
	Allow []string `name:"webhook-allow" placeholder:"CIDR" env:"PASSGATE_WEBHOOK_ALLOW" help:"Addresses or prefixes inside, such as 10.1.0.0/16, that alarms may be sent to beside the public internet; http is taken for loopback only."`
}

// open makes the caller of receivers and the book of alarms.
func (f *alarmFlags) open(s *server) error {
	allowed, err := outbound.ParseAllowed(f.Allow)
	if err != nil {
		return badInput("--webhook-allow: %w", err)
	}
	s.caller = outbound.New(allowed)
	s.alarms = alarm.NewBook(s.store, s.caller.Vet)
	return nil
}

// openDuty makes what raises alarms and tells of them.
func (s *server) openDuty(publicURL string) {
	o := office.New(s.store)
	link := ""
	if publicURL != "" {
		link = strings.TrimRight(publicURL, "/") + "/"
	}
	s.duty = alarm.NewDuty(s.alarms, alarm.DutyConfig{
		Sources: alarmSources(o, feed.New(s.store), s.gateway.Bulletins()), Post: s.caller.Post, Link: link, Logger: s.logger, Observe: s.gateway.Metrics().WatchAlarms(),
	})
}

// alarmSources are all that knows what deserves an alarm.
func alarmSources(o *office.Office, f *feed.Feed, b *bulletin.Book) []alarm.Source {
	return []alarm.Source{
		{Name: "supplies", Due: o.SuppliesDue},
		{Name: "fevers", Due: o.FeversDue, Settle: o.SettleFevers},
		{Name: "statuses", Due: o.StatusesDue, Settle: o.SettleProposals},
		{Name: "observations", Due: o.ObservationDue, Settle: o.Settle},
		{Name: "enterprises", Due: o.EnterpriseDue},
		{Name: "calls", Due: o.CallsDue, Settle: o.SettleCalls},
		{Name: "exchange", Due: f.Due, Settle: f.SettleDue},
		{Name: "bulletins", Due: b.Late},
	}
}
