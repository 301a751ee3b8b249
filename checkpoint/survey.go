package checkpoint

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Survey is what a store tells somebody who only looks.
type Survey struct {
	// Format of the data; its Version is 0 if there is none.
	Format Format
	// FieldKeys are the versions of the field key that a program needs to read all of
	// it, in order.
	FieldKeys []int
	// OtherIndexKey says that people are found by another index key than the one asked
	// with: the secrets at hand belong to other data.
	OtherIndexKey bool
	// Gateways are those that were heard of within a minute.
	Gateways []FieldKeyHolder
}

// LookAt surveys the store of a prefix and changes nothing, unlike Open. indexKey is
// that of version 1. Errors: ErrUnavailable, ErrFormat.
func LookAt(ctx context.Context, rdb redis.UniversalClient, prefix string, indexKey []byte) (v Survey, err error) {
	s := &Store{rdb: rdb, keys: keys{prefix: prefix}}
	if v.Format, err = s.Format(ctx); err != nil || v.Format.Version == 0 {
		return v, err
	}
	stored, err := rdb.HGetAll(ctx, s.keys.registry("seal")).Result()
	if err != nil {
		return v, unavailable(err)
	}
	use, err := parseFieldUse(stored["use"])
	if err != nil {
		return v, err
	}
	for _, version := range use.list {
		v.FieldKeys = append(v.FieldKeys, int(version))
	}
	for name := range stored {
		number, ok := strings.CutPrefix(name, "field:")
		if version, err := strconv.Atoi(number); ok && err == nil {
			v.FieldKeys = append(v.FieldKeys, version)
		}
	}
	if _, there := stored["field"]; there {
		v.FieldKeys = append(v.FieldKeys, firstVersion)
	}
	slices.Sort(v.FieldKeys)
	v.FieldKeys = slices.Compact(v.FieldKeys)
	_, index := proofs(firstVersion)
	v.OtherIndexKey = stored[index] != "" && stored[index] != indexProof(newKeyedHash(indexKey))
	v.Gateways, _, err = s.fieldKeyHolders(ctx)
	return v, err
}
