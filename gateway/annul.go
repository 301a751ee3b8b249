package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// annulBody takes back a scan: its id and occurred_at, when it was taken back,
// and whose it was, named as in the scan or by the ID in its answer.
type annulBody struct {
	ID         string      `json:"id"`
	Scan       string      `json:"scan"`
	OccurredAt string      `json:"occurred_at"`
	AnnulledAt string      `json:"annulled_at"`
	Pass       *string     `json:"pass"`
	Resident   *string     `json:"resident"`
	IDDocument *string     `json:"id_document"`
	WalkIn     *walkInBody `json:"walk_in"`
}

type annulView struct {
	ID         string  `json:"id"`
	Scan       string  `json:"scan"`
	Person     string  `json:"person"`
	OccurredAt utcTime `json:"occurred_at"`
	RecordedAt utcTime `json:"recorded_at"`
	Duplicate  bool    `json:"duplicate"`
}

// handleAnnul takes back a scan of the same device.
func (s *Server) handleAnnul(c *fiber.Ctx) error {
	var in annulBody
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.admitScans(c, 1); err != nil {
		return err
	}
	view, err := s.annul(s.context(c), principalOf(c).Device, &in, false)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

func (s *Server) annul(ctx context.Context, device *checkpoint.Device, in *annulBody, late bool) (*annulView, error) {
	req := checkpoint.AnnulRequest{ID: in.ID, Device: device.Num, Scan: in.Scan, Late: late}
	var err error
	if req.OccurredAt, err = parseTime("occurred_at", in.OccurredAt); err != nil {
		return nil, err
	}
	if req.At, err = parseTime("annulled_at", in.AnnulledAt); err != nil {
		return nil, err
	}
	who := presentation{ScanRequest: checkpoint.ScanRequest{Device: device.Num}}
	err = s.name(ctx, &who, &scanBody{Pass: in.Pass, Resident: in.Resident, IDDocument: in.IDDocument, WalkIn: in.WalkIn})
	if err != nil {
		return nil, err
	}
	if req.Person, err = s.personOf(&who); err != nil {
		return nil, err
	}
	if s.standby != nil && s.standby.Owes(req.Device, req.Scan, req.OccurredAt) {
		return nil, failure(codeUnavailable, "the scan is not on record yet: send this again in a moment")
	}
	result, err := s.recorder().Annul(ctx, req)
	if err != nil {
		return nil, err
	}
	return &annulView{
		in.ID, in.Scan, checkpoint.FormatPersonID(result.Person), utcTime(result.OccurredAt), utcTime(result.RecordedAt), result.Duplicate,
	}, nil
}

// personOf is whose record a presentation goes to.
func (s *Server) personOf(p *presentation) (uint64, error) {
	switch {
	case p.Refused == checkpoint.ReasonUnknownPerson && p.Who == checkpoint.ByDocument:
		return 0, checkpoint.ErrNotFound // as for a document that somebody has, but without this scan
	case p.Refused != checkpoint.ReasonOK:
		return 0, failure(codeNotFound, "a refusal that names nobody counts for nothing: there is nothing to take back")
	case p.Pass != nil:
		return p.Pass.Person, nil
	case p.WalkIn != nil:
		return s.store.WalkInID(*p.WalkIn)
	}
	return p.Person, nil
}
