package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"passgate/codes"
)

// KeyFolder is the folder of secrets.
type KeyFolder struct {
	Path    string
	Missing []string // secrets that are neither there nor in the environment
	Exposed []string // files and folders that others can read or change
	Foreign []string // files of another owner than the folder of data
	Owner   uint32   // of the folder of data
	Err     error    // the ring or a secret cannot be used
	Ring    []codes.KeyInfo
	Now     time.Time
}

// LookAtKeys looks at the modes and owners of all files below DATA/keys.
func LookAtKeys(data string) KeyFolder {
	k := KeyFolder{Path: filepath.Join(data, "keys")}
	at, err := os.Stat(data)
	if err != nil {
		return k
	}
	owner, known := ownerOf(at)
	k.Owner = owner
	_ = filepath.WalkDir(k.Path, func(path string, d fs.DirEntry, err error) error { // what cannot be read is told by whoever reads it
		if err != nil {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil // it went away meanwhile
		}
		if public := filepath.Ext(path) == ".pem" && strings.HasPrefix(filepath.Base(path), "ca"); info.Mode().Perm()&0o077 != 0 && !public {
			k.Exposed = append(k.Exposed, path)
		}
		if of, ok := ownerOf(info); known && ok && of != owner {
			k.Foreign = append(k.Foreign, path)
		}
		return nil
	})
	return k
}

const (
	// keyOld is that of the alert PassgateKeyOld.
	keyOld = 180 * 24 * time.Hour
	// keyKnown is how long a key is published before it signs.
	keyKnown = 24 * time.Hour
)

// Check judges secrets.
func (k *KeyFolder) Check() []Finding {
	f := &findings{where: k.Path}
	if len(k.Missing) > 0 {
		f.add(Error, "keys-missing", "missing: "+strings.Join(k.Missing, ", "), "the server would make new ones at its start: people who are enrolled could not be read, and other gateways refuse its passes",
			"copy the folder of another gateway or of a backup; for a new system: passgate keys make")
	}
	if len(k.Exposed) > 0 {
		f.add(Error, "keys-mode", "others can read or change "+strings.Join(k.Exposed, ", "), "whoever copies them can read people's particulars and forge passes",
			"chmod -R go= "+k.Path+"; if others are on this machine: passgate keys rotate, passgate keys fields rotate")
	}
	if len(k.Foreign) > 0 {
		f.add(Error, "keys-owner", "not of the owner of the data: "+strings.Join(k.Foreign, ", "), "the server cannot read them at its next start, or not write them",
			fmt.Sprintf("chown -R %d %s", k.Owner, k.Path))
	}
	if k.Err != nil && len(k.Exposed) == 0 && len(k.Missing) == 0 { // which would be the same once more
		f.add(Error, "keys-unusable", k.Err.Error(), "the server does not start, or issues passes that gates cannot tell apart", "copy the folder of another gateway or of a backup")
	}
	k.checkRing(f)
	return f.all
}

func (k *KeyFolder) checkRing(f *findings) {
	signing, first := map[string]codes.KeyInfo{}, map[string]bool{}
	for _, key := range k.Ring { // oldest first
		if key.RetiredAt.IsZero() && !key.SignsFrom.After(k.Now) && !key.SignsFrom.Before(signing[key.Use].SignsFrom) {
			_, before := signing[key.Use]
			signing[key.Use], first[key.Use] = key, !before
		}
	}
	for use, key := range signing {
		if age := k.Now.Sub(key.SignsFrom); age > keyOld && key.CanSign {
			f.add(Warning, "key-old", fmt.Sprintf("key %s for %s signs since %s, %.0f days", key.KeyID, use, key.SignsFrom.Format(time.DateOnly), age.Hours()/24),
				"whoever once got a copy of it unnoticed can forge what it signs until it is retired", "passgate keys rotate"+map[string]string{"list": " --list", "feed": " --feed"}[use])
		}
		if key.SignsFrom.Sub(key.CreatedAt) < keyKnown && k.Now.Sub(key.CreatedAt) < keyKnown && !first[use] {
			f.add(Warning, "key-too-new", fmt.Sprintf("key %s for %s signs and was made on %s, less than 24 hours ago", key.KeyID, use, key.CreatedAt.Format(time.RFC3339)),
				"phones that were offline since do not know it and refuse good passes", "have guards sync their phones; keys made by \"passgate keys rotate\" wait 24 hours by themselves")
		}
	}
}
