package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"passgate/loadtest"
)

// gateAPI reads the town from the gateway, as its administrator.
type gateAPI struct{ base, token string }

func (g gateAPI) read(ctx context.Context, path, accept string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.base+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	req.Header.Set("Accept", accept)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %.300s", path, res.Status, body)
	}
	return body, err
}

func (g gateAPI) into(ctx context.Context, path string, out any) error {
	body, err := g.read(ctx, path, "application/json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// siteRow is a site with its rules, as the API shows it.
type siteRow struct {
	Code          string  `json:"code"`
	Kind          string  `json:"kind"`
	Closed        bool    `json:"closed"`
	OpensAt       string  `json:"opens_at"`
	ClosesAt      string  `json:"closes_at"`
	TemperatureOn string  `json:"temperature_on"`
	FeverLine     float64 `json:"fever_line"`
	LowLine       float64 `json:"low_line"`
	Remeasure     int     `json:"remeasure_minutes"`
	AntiPassback  string  `json:"anti_passback"`
	ReplayedPass  string  `json:"replayed_pass"`
	LowAgain      string  `json:"low_again"`
	ResidentsOnly bool    `json:"residents_only"`
	Outings       int     `json:"outings"`
	OutingDays    int     `json:"outing_days"`
	Disinfection  bool    `json:"disinfection"`
}

// ruleRow is a row of the decision table, as the API shows it.
type ruleRow struct {
	Status    string   `json:"status"`
	SiteKind  string   `json:"site_kind"`
	Direction string   `json:"direction"`
	OwnHome   bool     `json:"own_home"`
	Decision  string   `json:"decision"`
	Reason    string   `json:"reason"`
	Action    string   `json:"action"`
	Flags     []string `json:"flags"`
}

var strictness = map[string]int16{"off": 0, "warn": 1, "deny": 2}

// copyTown puts the gateway's town into the database: rules, places, devices with
// the tokens that they have, and everybody with their status.
func copyTown(ctx context.Context, db *pgx.Conn, from gateAPI, devices []loadtest.Device) error {
	if err := copyRules(ctx, db, from); err != nil {
		return err
	}
	sites, err := copySites(ctx, db, from)
	if err != nil {
		return err
	}
	if err := copyDevices(ctx, db, from, sites, devices); err != nil {
		return err
	}
	for code, num := range sites {
		if err := copyPeople(ctx, db, from, code, num); err != nil {
			return err
		}
	}
	_, err = db.Exec(ctx, "VACUUM (ANALYZE, FREEZE)")
	return err
}

func copyRules(ctx context.Context, db *pgx.Conn, from gateAPI) error {
	var table struct {
		Rules         []ruleRow `json:"rules"`
		ResidentsOnly []ruleRow `json:"residents_only"`
		Reasons       []struct {
			Reason, ZH, EN string
		} `json:"reasons"`
	}
	if err := from.into(ctx, "/v1/rules/table", &table); err != nil {
		return err
	}
	type cell struct {
		status, kind, direction string
		own                     bool
	}
	key := func(r *ruleRow) cell { return cell{r.Status, r.SiteKind, r.Direction, r.OwnHome} }
	others := map[cell]ruleRow{}
	for i := range table.ResidentsOnly {
		others[key(&table.ResidentsOnly[i])] = table.ResidentsOnly[i]
	}
	var rows [][]any
	for _, r := range table.Rules {
		for _, only := range []bool{false, true} {
			row := r
			if other, ok := others[key(&r)]; only && ok {
				row = other
			}
			rows = append(rows, []any{
				row.SiteKind, row.Direction == "in", only, row.Status, row.OwnHome, row.Decision, row.Reason, row.Action, flagsOf(row.Flags),
			})
		}
	}
	batch := &pgx.Batch{} // COPY in its binary form does not know our enums
	for _, row := range rows {
		batch.Queue("INSERT INTO rule VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", row...)
	}
	for _, r := range table.Reasons {
		batch.Queue("INSERT INTO reason VALUES ($1, $2, $3)", r.Reason, r.ZH, r.EN)
	}
	return db.SendBatch(ctx, batch).Close()
}

// copySites gives the sites' numbers by their codes.
func copySites(ctx context.Context, db *pgx.Conn, from gateAPI) (map[string]int32, error) {
	var list struct {
		Sites []siteRow `json:"sites"`
	}
	if err := from.into(ctx, "/v1/sites", &list); err != nil {
		return nil, err
	}
	clock := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	tenths := func(c float64) int16 { return int16(math.Round(10 * c)) }
	nums, batch := map[string]int32{}, &pgx.Batch{}
	for i, s := range list.Sites {
		nums[s.Code] = int32(i + 1)
		batch.Queue("INSERT INTO site VALUES ($1,$2,$3,$4,$5,$6::text::time,$7::text::time,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)",
			int32(i+1), s.Code, s.Kind, s.Closed, s.ResidentsOnly, clock(s.OpensAt), clock(s.ClosesAt),
			s.TemperatureOn == "in" || s.TemperatureOn == "both", s.TemperatureOn == "out" || s.TemperatureOn == "both",
			tenths(s.FeverLine), tenths(s.LowLine), s.Remeasure*60_000,
			strictness[s.LowAgain], strictness[s.AntiPassback], strictness[s.ReplayedPass],
			s.Outings, s.OutingDays, s.Disinfection)
	}
	return nums, db.SendBatch(ctx, batch).Close()
}

func copyDevices(ctx context.Context, db *pgx.Conn, from gateAPI, sites map[string]int32, devices []loadtest.Device) error {
	var list struct {
		Gates []struct{ Code, Site string } `json:"gates"`
	}
	if err := from.into(ctx, "/v1/gates", &list); err != nil {
		return err
	}
	type place struct{ gate, site int32 }
	places := map[string]place{}
	for i, g := range list.Gates {
		places[g.Code] = place{int32(i + 1), sites[g.Site]}
	}
	_, err := db.CopyFrom(ctx, pgx.Identifier{"device"}, []string{"num", "token_hash", "gate", "site"},
		pgx.CopyFromSlice(len(devices), func(i int) ([]any, error) {
			hash := sha256.Sum256([]byte(devices[i].Token))
			at := places[devices[i].Gate]
			return []any{int32(i + 1), hash[:], at.gate, at.site}, nil
		}))
	return err
}

// copyPeople copies the residents of one site.
func copyPeople(ctx context.Context, db *pgx.Conn, from gateAPI, site string, num int32) error {
	lines, err := from.read(ctx, "/v1/residents?site="+url.QueryEscape(site), "application/x-ndjson")
	if err != nil {
		return err
	}
	var rows [][]any
	for line := range bytes.Lines(lines) {
		var p struct {
			ID, Kind, Name, Door, Status string
			Generation                   int32
		}
		if err := json.Unmarshal(line, &p); err != nil {
			return fmt.Errorf("residents of %s: %w", site, err)
		}
		id, err := strconv.ParseUint(p.ID, 16, 64)
		if err != nil {
			return fmt.Errorf("residents of %s: ID %q", site, p.ID)
		}
		household := sha256.Sum256([]byte(site + "\x00" + p.Door))
		rows = append(rows, []any{
			int64(id), p.Status, p.Generation, num, int64(binary.BigEndian.Uint64(household[:])), masked(p.Name), p.Kind,
		})
	}
	_, err = db.CopyFrom(ctx, pgx.Identifier{"person"},
		[]string{"id", "status", "generation", "home", "household", "name_masked", "kind"}, pgx.CopyFromRows(rows))
	return err
}

// masked leaves the first character of a name and, if it has three, the last.
func masked(name string) string {
	_, first := utf8.DecodeRuneInString(name)
	_, last := utf8.DecodeLastRuneInString(name)
	if utf8.RuneCountInString(name) < 3 {
		return name[:first] + "*"
	}
	return name[:first] + "*" + name[len(name)-last:]
}
