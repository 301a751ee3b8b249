package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

// permitView is a permit as those see it who let its visitor in: names are
// masked, and of the host there is no more than that.
type permitView struct {
	Number      uint32                  `json:"number"`
	State       checkpoint.PermitState  `json:"state"`
	Person      personInEvent           `json:"person"`
	Site        string                  `json:"site"`
	Host        *personInEvent          `json:"host"` // null on official business without one
	Ground      checkpoint.PermitGround `json:"ground"`
	From        utcTime                 `json:"from"`
	Until       utcTime                 `json:"until"`
	Entries     int                     `json:"entries"`      // 0: no limit
	EntriesLeft *int                    `json:"entries_left"` // null: no limit
	Plate       string                  `json:"plate"`
	Purpose     string                  `json:"purpose"`
	IssuedAt    utcTime                 `json:"issued_at"`
	IssuedBy    string                  `json:"issued_by"` // login, empty if nobody was on shift
	Device      string                  `json:"device"`    // empty: issued by staff
	WithdrawnAt *utcTime                `json:"withdrawn_at"`
	WithdrawnBy string                  `json:"withdrawn_by"`
}

// viewOfPermits reads the names that belong to permits.
func (s *Server) viewOfPermits(ctx context.Context, permits []checkpoint.Permit) ([]permitView, error) {
	seen, ids := map[uint64]bool{0: true}, []uint64{}
	for i := range permits {
		for _, id := range []uint64{permits[i].Person, permits[i].Host} {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	people, err := s.store.Views(ctx, ids)
	if err != nil {
		return nil, err
	}
	named := func(id uint64) personInEvent {
		return *viewOfPerson(id, people[id])
	}
	now, views := s.now(), make([]permitView, len(permits))
	for i := range permits {
		p := &permits[i]
		views[i] = permitView{
			Number: p.Number, State: p.StateAt(now), Person: named(p.Person), Site: p.Site, Ground: p.Ground,
			From: utcTime(p.From), Until: utcTime(p.Until), Entries: p.Entries, Plate: p.Plate, Purpose: p.Purpose,
			IssuedAt: utcTime(p.IssuedAt), IssuedBy: p.IssuedBy, Device: p.Device,
			WithdrawnAt: timeOrNil(p.WithdrawnAt), WithdrawnBy: p.WithdrawnBy,
		}
		if p.Host != 0 {
			host := named(p.Host)
			views[i].Host = &host
		}
		if p.Entries > 0 {
			left := p.Entries - p.Used
			views[i].EntriesLeft = &left
		}
	}
	return views, nil
}

// permitWithPass is a permit with a pass for the visitor to show. Pass is null
// when the permit is over or begins later than a pass can be issued, and of who
// lives in the town: they show their own, which nobody else gets into hands.
type permitWithPass struct {
	permitView
	Pass *visitorPass `json:"pass"`
}

// visitorPass names the visitor; what lets them in is the permit.
type visitorPass struct {
	passView
	QRSVG string `json:"qr_svg"`
}

func (s *Server) permitWithPass(c *fiber.Ctx, p *checkpoint.Permit) (permitWithPass, error) {
	views, err := s.viewOfPermits(s.context(c), []checkpoint.Permit{*p})
	if err != nil {
		return permitWithPass{}, err
	}
	pass, err := s.passOfPermit(s.context(c), p)
	return permitWithPass{views[0], pass}, err
}

// passOfPermit makes the pass for what is left of a permit: whole local days,
// as many as a visitor's pass may have. nil: there is none now, or none here.
func (s *Server) passOfPermit(ctx context.Context, p *checkpoint.Permit) (*visitorPass, error) {
	now := s.clock()
	from := time.UnixMilli(max(p.From, now.UnixMilli())).In(s.store.Zone())
	if p.EndsAt() <= now.UnixMilli() || from.After(now.Add(passAhead)) {
		return nil, nil
	}
	signer, err := s.ring.Signer(now)
	if errors.Is(err, codes.ErrNoSigningKey) {
		return nil, nil // this gateway only scans: the permit is good without a pass
	}
	if err != nil {
		return nil, fmt.Errorf("gateway: sign a visitor's pass: %w", err)
	}
	person, err := s.store.Resident(ctx, p.Person)
	if err != nil || person.Kind != checkpoint.KindVisitor {
		return nil, err
	}
	midnight, days := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location()), 1
	for days < codes.MaxVisitorDays && midnight.AddDate(0, 0, days).UnixMilli() < p.Until {
		days++
	}
	pass, compact, err := signer.IssueCompact(codes.Request{
		Person: person.ID, Generation: person.Generation, Kind: codes.KindVisitor, Home: person.Site, NotBefore: from, Days: days,
	})
	if err != nil {
		return nil, fmt.Errorf("gateway: issue a visitor's pass: %w", err)
	}
	view, err := s.viewOfPass(&pass, compact)
	if err != nil {
		return nil, err
	}
	qr, err := codes.QRSVG(compact)
	if err != nil {
		return nil, fmt.Errorf("gateway: draw a visitor's pass: %w", err)
	}
	return &visitorPass{view, string(qr)}, nil
}
