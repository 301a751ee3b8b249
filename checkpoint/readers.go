package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Who has read somebody's particulars is found by lists beside the audit, which
// audit.lua writes together with the entry: nobody looks through the whole chain
// for it. They hold numbers of entries and no more, and go with the entries.

// maxReaders is how many entries such a list keeps.
const maxReaders = 200

// About is whose particulars were read: people, and a site of which everybody was.
type About struct {
	People []uint64 // at most MaxAbout; more are left out
	Site   string   // code
}

// MaxAbout is how many people one entry is found by.
const MaxAbout = 100

// aboutKeys are the lists that an entry comes into.
func (s *Store) aboutKeys(about About) []string {
	var list []string
	people := slices.Compact(slices.Sorted(slices.Values(about.People)))
	for _, id := range people[:min(len(people), MaxAbout)] {
		list = append(list, s.keys.readers("p", raw(id)))
	}
	if site, ok := s.Registry().Site(about.Site); ok {
		list = append(list, s.siteReaders(site))
	}
	return list
}

func (s *Store) siteReaders(site *Site) string {
	return s.keys.readers("s", string(appendUint32(nil, site.Num)))
}

// Readers gives the entries of the audit that are about a resident, or, since
// they were enrolled, about all people of their site: the latest 200, the last
// one first, as far as they are kept. What they were answered lies in
// AuditEntry.Action; their reasons are the staff's own words.
func (s *Store) Readers(ctx context.Context, who Resident) ([]AuditEntry, error) {
	lists := []string{s.keys.readers("p", raw(who.ID))}
	if site, ok := s.Registry().Site(who.Site); ok {
		lists = append(lists, s.siteReaders(site))
	}
	last := &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: maxReaders}
	numbers, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, list := range lists {
			p.ZRevRangeByScore(ctx, list, last)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	var seqs []int64
	for _, cmd := range numbers {
		for _, text := range cmd.(*redis.StringSliceCmd).Val() { //nolint:forcetypeassert // as queued above
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				seqs = append(seqs, n)
			}
		}
	}
	slices.SortFunc(seqs, func(a, b int64) int { return cmp.Compare(b, a) })
	seqs = slices.Compact(seqs)
	entries, err := s.auditEntries(ctx, seqs[:min(len(seqs), maxReaders)])
	return slices.DeleteFunc(entries, func(e AuditEntry) bool { return e.At < who.CreatedAt }), err
}

// auditEntries reads entries by their numbers, in one round trip; those that were
// cut off are left out.
func (s *Store) auditEntries(ctx context.Context, seqs []int64) ([]AuditEntry, error) {
	entries := []AuditEntry{}
	found, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, seq := range seqs {
			id := strconv.FormatInt(seq, 10)
			p.XRange(ctx, s.keys.audit("log"), id, id)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for _, cmd := range found {
		for _, m := range cmd.(*redis.XMessageSliceCmd).Val() { //nolint:forcetypeassert // as queued above
			if e := s.readAudit(m).record.AuditEntry; e.Actor != "" {
				entries = append(entries, e)
			}
		}
	}
	return entries, nil
}

// dropReaders forgets who has read somebody: the entries stay.
func (s *Store) dropReaders(ctx context.Context, person uint64) error {
	return unavailable(s.rdb.Del(ctx, s.keys.readers("p", raw(person))).Err())
}
