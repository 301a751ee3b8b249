package redisd

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// serverCommands are all that a running gateway asks of Redis: what it sends
// and what its scripts call. A test run fails when anything else is used.
var serverCommands = strings.Fields(`
	ping time info eval evalsha multi exec
	exists del unlink expire pexpire scan
	get mget set incr
	hget hgetall hmget hset hsetnx hdel hexists hincrby hkeys hlen
	sadd scard sismember
	zadd zrem zcard zcount zscore zrange zrangebyscore zrevrangebyscore zremrangebyrank zremrangebyscore
	xadd xdel xrange xrevrange xread xtrim xinfo|stream
	bgrewriteaof
	asking command cluster|slots cluster|info`)

// operatorCommands are what backup and restore ask beyond that. SYNC hands out
// every key of the server, whatever keys the user may name.
var operatorCommands = strings.Fields(`sync replconf dump restore dbsize pexpiretime cluster|nodes`)

// The names of the users.
const (
	ServerUser   = "passgate"
	OperatorUser = "passgate-operator"
)

// ServerCommands are the commands that a running gateway needs, in lower case
// and with the subcommand after a bar.
func ServerCommands() []string { return slices.Clone(serverCommands) }

// Users is the text of an ACL file for a Redis of one's own: the user that
// gateways sign in as, the one for backup and restore, and the unnamed one, who
// may do nothing. None has a password yet, so nobody can sign in.
func Users(prefix string) string {
	return "user default off\n" +
		"user " + ServerUser + " on " + rights(prefix, serverCommands) + "\n" +
		"user " + OperatorUser + " on " + rights(prefix, serverCommands, operatorCommands) + "\n"
}

func rights(prefix string, commands ...[]string) string {
	return "resetchannels resetkeys ~" + prefix + "* -@all" + plus(commands...)
}

func plus(lists ...[]string) string {
	var b strings.Builder
	for _, commands := range lists {
		for _, c := range commands {
			b.WriteString(" +" + c)
		}
	}
	return b.String()
}

// restrictions are the lines of redis.conf by which whoever comes through the
// socket can do what a gateway does, and the operator everything. The directory
// and the socket keep everybody else out; so the first needs no password.
func restrictions(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return "user default on nopass " + rights("", serverCommands) + "\n" +
		"user " + OperatorUser + " on ~* &* +@all #" + hex.EncodeToString(sum[:])
}

func secretPath(dir string) string { return filepath.Join(dir, "operator.secret") }

// Operator is the password of the operator of a restricted server in dir, ""
// if there is none.
func Operator(dir string) (string, error) {
	text, err := os.ReadFile(secretPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("redisd: password of the operator: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// makeOperator is Operator, or makes the password.
func makeOperator(dir string) (string, error) {
	secret, err := Operator(dir)
	if secret != "" || err != nil {
		return secret, err
	}
	secret = rand.Text()
	if err := os.WriteFile(secretPath(dir), []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("redisd: password of the operator: %w", err)
	}
	return secret, nil
}
