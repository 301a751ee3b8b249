package main

import (
	"context"
	"strings"

	"filippo.io/age"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/backup"
)

// restoreCmd puts a backup into an empty system.
type restoreCmd struct {
	Dir        string `arg:"" type:"path" help:"A backup, or a folder of backups, of which the newest is taken."`
	Identity   string `type:"path" placeholder:"FILE" help:"The identity of the recipient, as age-keygen wrote it."`
	Passphrase string `name:"passphrase-file" type:"path" placeholder:"FILE" help:"The file that the backup was made with."`
	Site       string `placeholder:"ID" help:"Refuse a backup that is not of this site. Every backup prints the ID."`
	Late       bool   `help:"Take a backup whose time is over."`
	JSON       bool   `name:"json" help:"Print JSON."`
	Redis      string `default:"managed" env:"PASSGATE_REDIS" help:"As for serve. It must hold nothing under the backup's prefix."`
	Data       string `default:"data" type:"path" env:"PASSGATE_DATA" help:"Folder of the server's data, which must be empty or not be there."`
}

// Help is shown by --help.
func (restoreCmd) Help() string {
	return `Examples:

    passgate restore /backup --identity restore.txt --data /var/lib/passgate
    passgate restore /backup/passgate-20261126T081500Z --passphrase-file backup.pass --redis cluster://10.0.0.1:6379

Reads the backup to its last byte before anything is written. Then data, keys
and archive go into DATA, and the store into Redis, which may be of another kind
than that of the backup. The data of an older release is carried forward; that of a
newer one is refused. In the end the indexes are compared with the record and
with the digests of the backup, and what is past retention is swept. Start the
server with the same --redis and --data, and --archive DATA/archive if its Redis
is not the managed one.

What came after the backup is lost: look through its time for people who were
erased and passes that were revoked, and do it again.

Exit codes: 0 done, 1 the target is not empty or what was restored differs, 2
wrong usage or a backup that cannot be used, 3 the store cannot be reached.`
}

// Run restores.
func (cmd *restoreCmd) Run(ctx context.Context, con *console) error {
	identities, err := cmd.identities()
	if err != nil {
		return err
	}
	if cmd.Redis == "memory" {
		return badInput("--redis memory: nothing is kept there, so there is nothing to restore to")
	}
	to := backup.Target{Data: cmd.Data, Managed: cmd.Redis == "managed", Connect: cmd.connect, Open: opener(con.Env)}
	bar := newBackupProgress(con, cmd.JSON)
	result, err := backup.Restore(ctx, cmd.Dir, to, backup.RestoreOptions{
		Identities: identities, Expect: backup.Expect{Site: cmd.Site, Keys: envKeys(con.Env), Late: cmd.Late}, Progress: bar.show,
	})
	bar.finish()
	if err != nil {
		return backupError(err)
	}
	return cmd.print(con, result)
}

func (cmd *restoreCmd) print(con *console, r *backup.Restored) error {
	m := r.Manifest
	if cmd.JSON {
		return printJSON(con.Out, map[string]any{
			"dir": r.Dir, "data": cmd.Data, "site": m.Site, "taken_at": m.TakenAt, "keys": m.Keys, "events": m.Events,
			"digests": r.Digests, "swept": r.Swept,
		})
	}
	p := &printer{out: con.Out}
	p.line("restored %s to %s", r.Dir, cmd.Data)
	p.line("  site        %s", m.Site)
	p.line("  taken at    %s, %d keys, %d events", localTime(m.TakenAt), m.Keys, m.Events)
	if m.StoreFormat < checkpoint.DataFormat {
		p.line("  format      of the data was %d and is %d now", m.StoreFormat, checkpoint.DataFormat)
	}
	digests(p, r.Digests)
	p.line("  these digests are those of the backup")
	for _, name := range sortedNames(r.Swept) {
		p.line("  swept       %d of %s were past retention", r.Swept[name], name)
	}
	return p.err
}

// identities are what the backup is decrypted with.
func (cmd *restoreCmd) identities() ([]age.Identity, error) {
	switch {
	case (cmd.Identity == "") == (cmd.Passphrase == ""):
		return nil, badInput("give --identity FILE or --passphrase-file FILE, whichever the backup was made for")
	case cmd.Passphrase != "":
		text, err := readPassphrase(cmd.Passphrase)
		if err != nil {
			return nil, err
		}
		id, err := age.NewScryptIdentity(text)
		if err != nil {
			return nil, badInput("--passphrase-file: %w", err)
		}
		return []age.Identity{id}, nil
	}
	text, err := readSecretFile(cmd.Identity)
	if err != nil {
		return nil, badInput("--identity: %w", err)
	}
	ids, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil { // without the cause, which may quote the key
		return nil, badInput("--identity %s holds no identity as age-keygen writes it", cmd.Identity)
	}
	return ids, nil
}

// connect opens the Redis to restore to.
func (cmd *restoreCmd) connect(ctx context.Context, data string) (redis.UniversalClient, func(), error) {
	b, err := openAsOperator(ctx, cmd.Redis, data)
	if err != nil {
		return nil, nil, err
	}
	client := b.client(patient)
	return client, func() { _ = client.Close(); b.stop() }, nil
}

// opener opens the restored store with the restored secrets.
func opener(env func(string) string) func(context.Context, redis.UniversalClient, backup.Opening) (*checkpoint.Store, error) {
	return func(ctx context.Context, client redis.UniversalClient, as backup.Opening) (*checkpoint.Store, error) {
		secret, err := existingSecrets(as.KeyDir, env)
		if err != nil {
			return nil, err
		}
		return checkpoint.Open(ctx, checkpoint.Config{
			Client: client, Prefix: as.Prefix, FieldKey: secret.field, IndexKey: secret.index, NewerKeys: secret.newer, Clock: as.Clock, Retention: as.Retention,
			Program: programName(),
		})
	}
}
