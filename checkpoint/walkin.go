package checkpoint

// walkIn turns what the guard wrote down into a person: the same words always
// name the same person, so that a repeated upload finds its first answer, and
// a person who comes again keeps one trail. Matching walk-ins to residents is
// a separate step.
func (s *Store) walkIn(w WalkIn) (id uint64, masked string, sealed []byte, err error) {
	name, err := CleanName(w.Name)
	if err != nil {
		return 0, "", nil, &FieldError{"walk_in.name", "give the name as spoken, without line breaks, at most 50 characters"}
	}
	phone, err := ParsePhone(w.Phone)
	if err != nil {
		return 0, "", nil, &FieldError{"walk_in.phone", "is not a mainland mobile number; leave it out if there is none"}
	}
	tail := asciiWidth(w.IDTail)
	if len(tail) != 4 && tail != "" || tail != "" && !validCode(tail) {
		return 0, "", nil, &FieldError{"walk_in.id_tail", "give the last four characters of the document, or leave it out"}
	}
	id = s.seal.blind("walk_in", name+"\x00"+tail+"\x00"+phone)
	return id, MaskName(name), s.seal.sealIdentity(id, identity{Name: name, Document: tail, Phone: phone}), nil
}

// WalkInID is the person that a walk-in's words name.
func (s *Store) WalkInID(w WalkIn) (uint64, error) {
	id, _, _, err := s.walkIn(w)
	return id, err
}
