package checkpoint

import (
	"context"
	"fmt"
)

// What package backup has to know of the keys: which there are, and which one
// makes a store of them.

// KeyPattern matches every key of a store, for SCAN.
func KeyPattern(prefix string) string { return globPrefix(prefix) }

// MetaKey is the key without which there is no store: Open refuses one whose
// format it does not know.
func MetaKey(prefix string) string { return keys{prefix: prefix}.registry("meta") }

// SettleCopy makes agree, in a copy of a store that nobody else uses, what lies
// on masters that were copied at slightly different moments: the version of the
// rules that partitions ask for with that of the registry, and the indexes of
// documents and phones with the people. The indexes of events are made anew by
// package replay. Doing it again changes nothing. Errors: ErrUnavailable, and
// those of identities that cannot be read.
func (s *Store) SettleCopy(ctx context.Context) error {
	if err := s.settleRules(ctx); err != nil {
		return err
	}
	if err := s.raiseRules(ctx, s.Registry().Version); err != nil {
		return err
	}
	var ids []uint64
	flush := func() error {
		err := s.indexPeople(ctx, ids)
		ids = ids[:0]
		return err
	}
	err := s.StoredKeys(ctx, func(k StoredKey) error {
		if k.Person == 0 {
			return nil
		}
		if ids = append(ids, k.Person); len(ids) < pipelineSize {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// indexPeople makes people findable by document and phone, as enrolment does.
func (s *Store) indexPeople(ctx context.Context, ids []uint64) error {
	records, err := s.readPeople(ctx, ids)
	if err != nil {
		return err
	}
	var documents, phones []*enrolment
	for i := range records {
		r := &records[i]
		if !r.exists || r.blob == "" || r.kind == KindWalkIn {
			continue
		}
		who, err := s.seal.openIdentity(ids[i], []byte(r.blob))
		if err != nil {
			return fmt.Errorf("person %s: %w", FormatPersonID(ids[i]), err)
		}
		e := &enrolment{id: ids[i], plain: who}
		if who.Document != "" {
			documents = append(documents, e)
		}
		if who.Phone != "" {
			phones = append(phones, e)
		}
	}
	ctx, cancel, err := s.chooseKeys(ctx, append(documents[:len(documents):len(documents)], phones...))
	if err != nil {
		return err
	}
	defer cancel()
	err = s.phoneStep(ctx, "phone", phones, func(e *enrolment) string { return e.plain.Phone }, func(*enrolment, string) {})
	if err != nil {
		return err
	}
	_, _, err = s.claim(ctx, documents)
	return err
}
