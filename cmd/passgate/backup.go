package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/backup"
	"passgate/checkpoint/redisd"
)

// backupCmd copies the store, its archive and its secrets while it runs.
type backupCmd struct {
	Dir        string   `arg:"" type:"path" help:"Folder of backups; each gets a folder of its own in it."`
	Recipient  []string `placeholder:"age1…" env:"PASSGATE_BACKUP_RECIPIENT" help:"Public key of whoever may restore, as age-keygen prints it. May be repeated."`
	Passphrase string   `name:"passphrase-file" type:"path" placeholder:"FILE" help:"Instead of --recipient: file whose first line is the passphrase, 16 characters or more."`
	Keep       int      `default:"3" help:"Days for which the backup may be kept, 1 to 60. After that the next backup removes it."`
	JSON       bool     `name:"json" help:"Print JSON."`
	Redis      string   `default:"managed" env:"PASSGATE_REDIS" help:"As for serve."`
	Prefix     string   `default:"pg:" env:"PASSGATE_PREFIX" help:"Prefix of every key in Redis."`
	Data       string   `default:"data" type:"path" env:"PASSGATE_DATA" help:"Folder of the server's data."`
	Archive    string   `placeholder:"DIR" env:"PASSGATE_ARCHIVE" help:"Folder of the archive of events; DATA/archive if there is one; \"off\" for none."`
	Retention  int      `default:"28" env:"PASSGATE_RETENTION" help:"Days for which the server keeps events, 14 to 60."`
	Temp       string   `type:"path" placeholder:"DIR" help:"Folder for a copy of the store in the clear, removed at the end; DATA/backup if not given."`
}

// Help is shown by --help.
func (backupCmd) Help() string {
	return `Examples:

    age-keygen -o restore.txt            # on another machine; prints age1…
    passgate backup /backup --recipient age1…
    passgate backup /backup --passphrase-file /root/backup.pass --redis cluster://10.0.0.1:6379

Runs beside the server, whose gates go on. Everything that was acknowledged
before it began is in it: the store, the archive, all secrets, the signed heads
of the audit. All keys of one partition are of one moment. The store is asked for
a copy as a replica asks, and the copy is loaded and checked before it is called
a backup; that takes as much memory and room in --temp as the store has. When
it was taken is then written into the store: the service says so, and warns
when there has been none for thirty hours.

Only the holder of the recipient's identity (or of the passphrase) can restore:
keep it elsewhere. A backup holds events, so the law that makes the server
forget holds for it too: its manifest says until when it may be kept, and each
new backup removes those beside it whose time is over.

Exit codes: 0 done, 1 made, but something of the record was damaged already and
is named by "passgate replay --verify", 2 wrong usage or a folder that cannot be
written, 3 the store cannot be reached.`
}

// Run makes the backup.
func (cmd *backupCmd) Run(ctx context.Context, con *console) error {
	switch {
	case cmd.Keep < 1 || cmd.Keep > 60:
		return badInput("--keep %d: give 1 to 60 days", cmd.Keep)
	case cmd.Retention < 14 || cmd.Retention > 60:
		return badInput("--retention %d: give 14 to 60 days", cmd.Retention)
	}
	recipients, err := cmd.recipients()
	if err != nil {
		return err
	}
	src, done, err := cmd.source(ctx, con)
	if err != nil {
		return err
	}
	defer done()
	bar := newBackupProgress(con, cmd.JSON)
	temp := cmd.Temp
	if temp == "" {
		temp = filepath.Join(cmd.Data, "backup")
	}
	result, err := backup.Create(ctx, *src, backup.Options{
		Dir: cmd.Dir, Recipients: recipients, Keep: time.Duration(cmd.Keep) * 24 * time.Hour,
		Temp: temp, Version: versionText(), Progress: bar.show,
	})
	bar.finish()
	if err != nil {
		return backupError(err)
	}
	// The backup is whole, on record or not.
	if err := checkpoint.NoteBackup(ctx, src.Client, cmd.Prefix, result.Manifest.TakenAt.UnixMilli()); err != nil {
		con.say("the service does not know of this backup and will say that there is none: %v", err)
	}
	if err := cmd.print(con, result); err != nil {
		return err
	}
	if result.Manifest.Damaged > 0 {
		return errRefused
	}
	return nil
}

func (cmd *backupCmd) print(con *console, r *backup.Result) error {
	m := r.Manifest
	if cmd.JSON {
		return printJSON(con.Out, map[string]any{
			"dir": r.Dir, "site": m.Site, "taken_at": m.TakenAt, "destroy_by": m.DestroyBy, "keys": m.Keys, "events": m.Events,
			"masters": m.Masters, "bytes": sizeOf(m), "digests": m.Digests, "damaged": m.Damaged, "removed": r.Removed,
		})
	}
	p := &printer{out: con.Out}
	p.line("backup %s", r.Dir)
	p.line("  site        %s   (give it to restore as --site)", m.Site)
	p.line("  taken at    %s, %d keys, %d events, %.1f MB", localTime(m.TakenAt), m.Keys, m.Events, float64(sizeOf(m))/1e6)
	p.line("  keep until  %s", localTime(m.DestroyBy))
	digests(p, m.Digests)
	if m.Damaged > 0 {
		p.line("  damaged     %d parts of the record were damaged before: see \"passgate replay --verify\"", m.Damaged)
	}
	for _, dir := range r.Removed {
		p.line("removed %s, whose time was over", dir)
	}
	return p.err
}

func digests(p *printer, of map[string]string) {
	for _, name := range sortedNames(of) {
		p.line("  digest      %s  %s", of[name], name)
	}
}

func sizeOf(m *backup.Manifest) (n int64) {
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// recipients are those who can decrypt the backup.
func (cmd *backupCmd) recipients() ([]age.Recipient, error) {
	switch {
	case len(cmd.Recipient) > 0 && cmd.Passphrase != "":
		return nil, badInput("give --recipient or --passphrase-file, not both")
	case cmd.Passphrase != "":
		text, err := readPassphrase(cmd.Passphrase)
		if err != nil {
			return nil, err
		}
		r, err := age.NewScryptRecipient(text)
		if err != nil {
			return nil, badInput("--passphrase-file: %w", err)
		}
		return []age.Recipient{r}, nil
	case len(cmd.Recipient) == 0:
		return nil, badInput("a backup holds people's data and all secrets, so it is encrypted: say to whom by --recipient age1… (age-keygen makes one), or by --passphrase-file FILE")
	}
	var all []age.Recipient
	for _, text := range cmd.Recipient {
		if strings.HasPrefix(strings.ToUpper(text), "AGE-SECRET-KEY-") {
			return nil, badInput("--recipient: that is the secret key, which belongs to whoever restores; give the public one, age1…")
		}
		some, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil {
			return nil, badInput("--recipient %.80q is no age recipient: give one like age1…, as age-keygen prints it", text)
		}
		all = append(all, some...)
	}
	return all, nil
}

const leastPassphrase = 16

func readPassphrase(path string) (string, error) {
	text, err := readSecretFile(path)
	if err != nil {
		return "", badInput("--passphrase-file: %w", err)
	}
	line, _, _ := strings.Cut(text, "\n")
	if line = strings.TrimSpace(line); len(line) < leastPassphrase {
		return "", badInput("--passphrase-file %s: its first line must have %d characters or more", path, leastPassphrase)
	}
	return line, nil
}

// maxSecretFile is the size of the largest secret, a ring of keys.
const maxSecretFile = 1 << 20

// readSecretFile reads a small file that is not for everybody to read. Its group may:
// that is how Kubernetes gives a secret to a pod.
func readSecretFile(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is no file", path)
	case info.Mode().Perm()&0o007 != 0:
		return "", fmt.Errorf("others can read %s; run: chmod o= %s", path, path)
	case info.Size() > maxSecretFile:
		return "", fmt.Errorf("%s is too large", path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	return string(text), err
}

// source opens what is backed up.
func (cmd *backupCmd) source(ctx context.Context, con *console) (_ *backup.Source, done func(), err error) {
	keys := filepath.Join(cmd.Data, "keys")
	secret, err := existingSecrets(keys, con.Env)
	if err != nil {
		return nil, nil, err
	}
	src := &backup.Source{
		Prefix: cmd.Prefix, AuditDir: filepath.Join(cmd.Data, "audit"), RetentionDays: cmd.Retention,
		Keys: func() (backup.Keys, error) { return keyFiles(keys, con.Env) },
		Open: func(ctx context.Context, client redis.UniversalClient, clock checkpoint.Clock) (*checkpoint.Store, error) {
			return checkpoint.Open(ctx, checkpoint.Config{
				Client: client, Prefix: cmd.Prefix, FieldKey: secret.field, IndexKey: secret.index, NewerKeys: secret.newer, Clock: clock,
				Retention: time.Duration(cmd.Retention) * 24 * time.Hour, Program: programName(),
			})
		},
	}
	if src.Archive, err = cmd.archive(con); err != nil {
		return nil, nil, err
	}
	backend, err := openBesides(ctx, cmd.Redis, cmd.Data)
	if err != nil {
		return nil, nil, err
	}
	src.DB = backend.options.DB
	src.Client = backend.client(patient)
	return src, func() { _ = src.Client.Close(); backend.stop() }, nil
}

// openBesides opens the Redis of a server that may be running.
func openBesides(ctx context.Context, spec, data string) (*backend, error) {
	if spec == "memory" {
		return nil, badInput("--redis memory: nothing is kept there, so there is nothing to back up")
	}
	if _, err := os.Stat(filepath.Join(data, "redis")); spec == "managed" && err != nil {
		return nil, badInput("there is no data of a managed Redis in %s: name the server's folder with --data, or its Redis with --redis", data)
	}
	return openAsOperator(ctx, spec, data)
}

// openAsOperator opens a Redis as somebody who may copy and fill it. Of a Redis
// of others, the address says as whom.
func openAsOperator(ctx context.Context, spec, data string) (*backend, error) {
	b, err := openBackend(context.WithoutCancel(ctx), spec, data, slog.New(slog.DiscardHandler))
	if errors.Is(err, redisd.ErrInUse) { // a server runs
		b, err = openRunning(data)
	}
	if err == nil {
		err = b.asOperator(spec, data)
	}
	if err != nil {
		return nil, badInput("%w", err)
	}
	return b, nil
}

// archive opens the archive that was named, or the server's own if there is one.
func (cmd *backupCmd) archive(con *console) (*archive.Archive, error) {
	dir := cmd.Archive
	switch _, err := os.Stat(filepath.Join(cmd.Data, "archive")); {
	case dir == "off":
		return nil, nil //nolint:nilnil // there is none
	case dir == "" && errors.Is(err, fs.ErrNotExist):
		con.say("there is no archive in %s: the logs in Redis are the whole record", cmd.Data)
		return nil, nil //nolint:nilnil // there is none
	case dir == "":
		dir = filepath.Join(cmd.Data, "archive")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, badInput("--archive %s: there is no such folder", dir)
	}
	a, err := archive.Open(dir, filepath.Join(cmd.Data, "keys"))
	if err != nil {
		return nil, badInput("--archive %s: %w", dir, err)
	}
	return a, nil
}

// existingSecrets reads the secrets of a server and makes none.
func existingSecrets(dir string, env func(string) string) (secrets, error) {
	for _, s := range secretNames {
		if s.variable != "PASSGATE_FIELD_KEY" && s.variable != "PASSGATE_INDEX_KEY" {
			continue
		}
		_, _, newer, _ := loadFieldKeys(dir, env) // what cannot be read is told below
		if s.file == "field.key" && len(newer) > 0 {
			continue // version 1 may have been dropped
		}
		if _, err := os.Stat(filepath.Join(dir, s.file)); err != nil && env(s.variable) == "" {
			return secrets{}, badInput("there is no %s in %s: name the server's folder with --data, or set %s", s.file, dir, s.variable)
		}
	}
	secret, err := loadSecrets(dir, env)
	if err != nil {
		return secret, badInput("%w", err)
	}
	return secret, nil
}

// secretNames are the variables that hold what otherwise is a file of the key
// folder.
var secretNames = []struct{ variable, file string }{
	{"PASSGATE_FIELD_KEY", "field.key"},
	{"PASSGATE_INDEX_KEY", "index.key"},
	{"PASSGATE_SESSION_KEY", "session.key"},
	{"PASSGATE_AUDIT_KEY", "audit.key"},
	{"PASSGATE_JOURNAL_KEY", "journal.key"},
	{"PASSGATE_KEYS", "keys.json"},
}

// keyFiles reads all secrets of a server: every file of its key folder, and in
// their place what the environment holds.
func keyFiles(dir string, env func(string) string) (backup.Keys, error) {
	keys := backup.Keys{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == dir {
			return filepath.SkipAll // all are in the environment
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, ".tmp") {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // the operator's own folder
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a day's key that was just destroyed
		}
		keys[filepath.ToSlash(name)] = text
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	for name, text := range envKeys(env) {
		keys[name] = text
	}
	return keys, nil
}

// envKeys are the secrets that the environment holds, as files.
func envKeys(env func(string) string) backup.Keys {
	keys := backup.Keys{}
	for _, s := range secretNames {
		if text := env(s.variable); text != "" {
			keys[s.file] = []byte(strings.TrimSpace(text) + "\n")
		}
	}
	for version := 2; version <= maxFieldKey; version++ {
		fieldVar, fieldFile, indexVar, indexFile := fieldKeyNames(version)
		if field, index := env(fieldVar), env(indexVar); field != "" && index != "" {
			keys[fieldFile] = []byte(strings.TrimSpace(field) + "\n")
			keys[indexFile] = []byte(strings.TrimSpace(index) + "\n")
		}
	}
	return keys
}

// backupError gives an error its exit code.
func backupError(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, backup.ErrUnreachable), errors.Is(err, checkpoint.ErrUnavailable):
		return &exitError{exitBackend, err}
	case errors.Is(err, backup.ErrMoving), errors.Is(err, backup.ErrBusy), errors.Is(err, backup.ErrDigest), errors.Is(err, backup.ErrNotEmpty):
		return &exitError{exitNo, err}
	}
	return &exitError{exitUsage, err}
}
