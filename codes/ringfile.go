package codes

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	ringFileName = "keys.json"
	lockFileName = "keys.lock"
	ringVersion  = 1
	maxRingBytes = 1 << 20
)

// ringFile is a ring as JSON: the file in its folder, and PASSGATE_KEYS.
type ringFile struct {
	Version    int       `json:"version"`
	ZoneSecret string    `json:"zone_secret"`
	Keys       []keyFile `json:"keys"`
}

// keyFile is one key of it; binary values are base64url, times Unix seconds.
type keyFile struct {
	KeyID      string `json:"kid"`
	Use        keyUse `json:"use"`
	Public     string `json:"public"`
	Private    string `json:"private,omitempty"` // the seed; only where it signs
	SealSecret string `json:"seal_secret,omitempty"`
	JTISecret  string `json:"jti_secret,omitempty"`
	CreatedAt  int64  `json:"created_at"`
	SignsFrom  int64  `json:"signs_from"`
	RetiredAt  int64  `json:"retired_at,omitempty"`
}

// encode writes the snapshot; without its private keys if verifyOnly.
func (s *snapshot) encode(verifyOnly bool) ([]byte, error) {
	file := ringFile{Version: ringVersion, ZoneSecret: b64.EncodeToString(s.zone.raw)}
	for _, key := range s.keys {
		k := keyFile{
			KeyID: key.kid, Use: key.use, Public: b64.EncodeToString(key.key),
			CreatedAt: key.createdAt, SignsFrom: key.signsFrom, RetiredAt: key.retiredAt,
		}
		if key.private != nil && !verifyOnly {
			k.Private = b64.EncodeToString(key.private.Seed())
		}
		if key.secrets != nil {
			k.SealSecret = b64.EncodeToString(key.secrets.seal.raw)
			k.JTISecret = b64.EncodeToString(key.secrets.jti.raw)
		}
		file.Keys = append(file.Keys, k)
	}
	text, err := json.MarshalIndent(file, "", "  ")
	return append(text, '\n'), err
}

// parseRing reads and checks a whole ring. No error quotes a secret.
func parseRing(text []byte) (*snapshot, *keySet, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var file ringFile
	if err := decoder.Decode(&file); err != nil {
		return nil, nil, fmt.Errorf("codes: the key ring is not the JSON of one: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("codes: the key ring goes on after its end")
	}
	if file.Version != ringVersion {
		return nil, nil, fmt.Errorf("codes: key ring version %d, this program knows %d", file.Version, ringVersion)
	}
	zone, err := parseSecret(file.ZoneSecret, "zone_secret")
	if err != nil {
		return nil, nil, err
	}
	keys := make([]*ringKey, len(file.Keys))
	passKeys := 0
	for i, k := range file.Keys {
		if keys[i], err = k.parse(); err != nil {
			return nil, nil, fmt.Errorf("codes: key %d of the ring: %w", i+1, err)
		}
		if keys[i].use == usePass {
			passKeys++
		}
	}
	if passKeys == 0 {
		return nil, nil, errors.New("codes: the key ring has no key for passes")
	}
	snap, set, err := newSnapshot(zone, keys)
	if err != nil {
		return nil, nil, err
	}
	snap.file = bytes.Clone(text)
	return snap, set, nil
}

func (k *keyFile) parse() (*ringKey, error) {
	if k.Use != usePass && k.Use != useList && k.Use != useFeed {
		return nil, errors.New("its use is none of pass, list and feed")
	}
	raw := make([]byte, ed25519.PublicKeySize)
	if !decode64(raw, k.Public) {
		return nil, errors.New("its public key is not 32 bytes in base64url")
	}
	public, err := newPublicKey(raw, k.Use)
	if err != nil {
		return nil, err
	}
	if public.kid != k.KeyID {
		return nil, errors.New("its kid is not the thumbprint of its public key")
	}
	key := &ringKey{publicKey: public, createdAt: k.CreatedAt, signsFrom: k.SignsFrom, retiredAt: k.RetiredAt}
	if k.Private != "" {
		seed := make([]byte, ed25519.SeedSize)
		if !decode64(seed, k.Private) {
			return nil, errors.New("its private key is not 32 bytes in base64url")
		}
		key.private = ed25519.NewKeyFromSeed(seed)
		if !bytes.Equal(key.private[ed25519.SeedSize:], raw) {
			return nil, errors.New("its private key is not that of its public key")
		}
	}
	if k.Use != usePass {
		if k.SealSecret != "" || k.JTISecret != "" {
			return nil, errors.New("a key for lists or the feed has no secrets of passes")
		}
		return key, nil
	}
	seal, err := parseSecret(k.SealSecret, "seal_secret")
	if err != nil {
		return nil, err
	}
	jti, err := parseSecret(k.JTISecret, "jti_secret")
	if err != nil {
		return nil, err
	}
	key.secrets = &passSecrets{seal: seal, jti: jti}
	return key, nil
}

func parseSecret(text, name string) (secret, error) {
	raw := make([]byte, secretBytes)
	if !decode64(raw, text) {
		return secret{}, fmt.Errorf("%s is not 32 bytes in base64url", name)
	}
	return newSecret(raw), nil
}

// readRing reads the file of a ring after checking that nobody else can.
func readRing(dir string) ([]byte, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoRing, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("codes: key ring: %w", err)
	}
	if err := checkMode(dir, info, "700"); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, ringFileName)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoRing, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("codes: key ring: %w", err)
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, fmt.Errorf("codes: key ring: %w", err)
	}
	if err := checkMode(path, info, "600"); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxRingBytes+1))
	if err != nil {
		return nil, fmt.Errorf("codes: key ring: %w", err)
	}
	if len(text) > maxRingBytes {
		return nil, fmt.Errorf("codes: %s is larger than 1 MiB", path)
	}
	return text, nil
}

func checkMode(path string, info fs.FileInfo, want string) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("codes: %s can be read or changed by others (mode %04o); run: chmod %s %s", path, mode, want, path)
	}
	return nil
}

// writeRing replaces the file of a ring as a whole: after a crash there is the
// old one or the new one.
func writeRing(dir string, text []byte) (err error) {
	file, err := os.CreateTemp(dir, ringFileName+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("codes: key ring: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
			err = fmt.Errorf("codes: key ring: %w", err)
		}
	}()
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err = os.Rename(file.Name(), filepath.Join(dir, ringFileName)); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// lockRing keeps other processes from changing the ring until unlock is called.
func lockRing(dir string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(dir, lockFileName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("codes: key ring: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("codes: locking the key ring: %w", err)
	}
	return func() { _ = file.Close() }, nil // closing lets go of the lock
}
