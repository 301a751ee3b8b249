package checkpoint

import (
	"context"
	"crypto/sha1" //nolint:gosec // the name under which Redis knows a script
	_ "embed"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The scripts. chunks.lua is put in front of those that write chunked sorted
// sets, state.lua of those that put a person's state anew. Each file states its
// KEYS, ARGV and reply; each is safe to run twice.
var (
	//go:embed chunks.lua
	chunksSource string
	//go:embed changes.lua
	changesSource string
	//go:embed feedread.lua
	feedReadSource string
	//go:embed tell.lua
	tellSource string
	//go:embed replace.lua
	replaceSource string
	//go:embed fill.lua
	fillSource string
	//go:embed scan.lua
	scanSource string
	//go:embed verdict.lua
	verdictSource string
	//go:embed record.lua
	recordSource string
	//go:embed state.lua
	stateSource string
	//go:embed walkin.lua
	walkInSource string
	//go:embed move.lua
	moveSource string
	//go:embed annul.lua
	annulSource string
	//go:embed fever.lua
	feverSource string
	//go:embed refuse.lua
	refuseSource string
	//go:embed project.lua
	projectSource string
	//go:embed plateindex.lua
	plateSource string
	//go:embed lease.lua
	leaseSource string
	//go:embed rewind.lua
	rewindSource string
	//go:embed cutlog.lua
	cutLogSource string
	//go:embed format.lua
	formatSource string
	//go:embed registry.lua
	registrySource string
	//go:embed raise.lua
	raiseSource string
	//go:embed enrol.lua
	enrolSource string
	//go:embed household.lua
	householdSource string
	//go:embed shift.lua
	shiftSource string
	//go:embed permit.lua
	permitSource string
	//go:embed sweep.lua
	sweepSource string
	//go:embed forget.lua
	forgetSource string
	//go:embed care.lua
	careSource string
	//go:embed adopt.lua
	adoptSource string
	//go:embed case.lua
	caseSource string
	//go:embed matter.lua
	matterSource string
	//go:embed ask.lua
	askSource string
	//go:embed audit.lua
	auditSource string
	//go:embed auditcut.lua
	auditCutSource string
	//go:embed reseal.lua
	resealSource string
	//go:embed attempt.lua
	attemptSource string
	//go:embed paperrow.lua
	paperRowSource string
	//go:embed logpages.lua
	logPagesSource string

	scanScript      = newScript(chunksSource, changesSource, scanSource, verdictSource, recordSource)
	annulScript     = newScript(chunksSource, changesSource, stateSource, annulSource)
	feverScript     = derives(newScript(changesSource, tellSource, feverSource))
	walkInScript    = derives(newScript(changesSource, stateSource, walkInSource))
	moveScript      = derives(newScript(changesSource, moveSource))
	refuseScript    = derives(newScript(chunksSource, refuseSource))
	projectScript   = derives(newScript(chunksSource, replaceSource, fillSource, projectSource))
	plateScript     = derives(newScript(chunksSource, replaceSource, fillSource, plateSource))
	leaseScript     = newScript(leaseSource)
	rewindScript    = newScript(rewindSource)
	cutLogScript    = newScript(cutLogSource)
	formatScript    = newScript(formatSource)
	registryScript  = newScript(registrySource)
	raiseScript     = newScript(raiseSource)
	enrolScript     = derives(newScript(changesSource, enrolSource))
	shiftScript     = newScript(shiftSource)
	householdScript = derives(newScript(householdSource))
	permitScript    = newScript(chunksSource, changesSource, permitSource)
	sweepScript     = derives(newScript(sweepSource))
	feedReadScript  = newScript(feedReadSource)
	forgetScript    = derives(newScript(chunksSource, changesSource, forgetSource))
	careScript      = derives(newScript(chunksSource, changesSource, tellSource, careSource))
	adoptScript     = derives(newScript(changesSource, adoptSource))
	caseScript      = newScript(caseSource)
	matterScript    = newScript(matterSource)
	askScript       = newScript(askSource)
	auditScript     = newScript(auditSource)
	auditCutScript  = newScript(auditCutSource)
	attemptScript   = newScript(attemptSource)
	resealScript    = newScript(resealSource)
	logPagesScript  = newScript(logPagesSource)
	paperRowScript  = newScript(paperRowSource)
)

// script is Lua source and the digest by which Redis finds it.
type script struct {
	source, sha string
	guarded     bool // see derives
}

// derives marks a script that works on keys which it makes itself from KEYS,
// none of which is sure to be missing. While a slot of a cluster moves, such a
// script would find some of its keys on either side and take the others for
// empty. It gets a guard behind its KEYS, a key with the same tag that never
// exists: a script that names a key which is not there is refused whole, by
// both sides, until the slot has moved.
func derives(sc *script) *script {
	sc.guarded = true
	return sc
}

// with is KEYS as the script gets them.
func (sc *script) with(keys []string) []string {
	if !sc.guarded {
		return keys
	}
	return append(keys[:len(keys):len(keys)], guardOf(keys[0]))
}

func newScript(parts ...string) *script {
	src := strings.Join(parts, "\n")
	sum := sha1.Sum([]byte(src)) //nolint:gosec // as above
	return &script{source: src, sha: hex.EncodeToString(sum[:])}
}

// call is one script call that waits to be sent.
type call struct {
	script *script
	keys   []string
	args   []any
}

// run calls a script once through c.
func (s *Store) run(ctx context.Context, c redis.Cmdable, sc *script, keys []string, args ...any) (any, error) {
	reply, err := runScript(ctx, c, sc, keys, args)
	return reply, unavailable(err)
}

// runScan calls a script on the scan path, together with those of others.
func (s *Store) runScan(ctx context.Context, sc *script, keys []string, args ...any) (any, error) {
	reply, err := s.lanes.run(ctx, sc, keys, args)
	return reply, unavailable(err)
}

// runAll sends many script calls in one pipeline and returns their replies in
// order. It fails as a whole: every call is safe to send again.
func (s *Store) runAll(ctx context.Context, calls []call) ([]any, error) {
	replies, errs := callAll(ctx, s.rdb, calls)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return replies, nil
}

// callAll sends many script calls in one pipeline. Each has its own reply or error.
func callAll(ctx context.Context, c redis.Cmdable, calls []call) ([]any, []error) {
	cmds, _ := c.Pipelined(ctx, func(p redis.Pipeliner) error { // each has its own error
		for _, c := range calls {
			p.EvalSha(ctx, c.script.sha, c.script.with(c.keys), c.args...)
		}
		return nil
	})
	replies, errs := make([]any, len(calls)), make([]error, len(calls))
	var unknown []int // sent again with their source
	for i, cmd := range cmds {
		if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
			unknown = append(unknown, i)
			continue
		}
		replies[i], errs[i] = replyOf(cmd)
	}
	if len(unknown) == 0 {
		return replies, errs
	}
	cmds, _ = c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, i := range unknown {
			p.Eval(ctx, calls[i].script.source, calls[i].script.with(calls[i].keys), calls[i].args...)
		}
		return nil
	})
	for n, cmd := range cmds {
		replies[unknown[n]], errs[unknown[n]] = replyOf(cmd)
	}
	return replies, errs
}

// replyOf is what a script replied.
func replyOf(cmd redis.Cmder) (any, error) {
	v, err := cmd.(*redis.Cmd).Result() //nolint:forcetypeassert // EvalSha and Eval return nothing else
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	return v, nil
}

func isNil(err error) bool { return errors.Is(err, redis.Nil) }
