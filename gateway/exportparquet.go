package gateway

import (
	"time"

	"github.com/parquet-go/parquet-go"

	"passgate/checkpoint"
)

const mimeParquet = "application/vnd.apache.parquet"

// Bounds of what a Parquet export holds in memory: the row group that is
// written, and of those before their entries in the footer, about 5 KiB each.
const (
	parquetGroup = 1 << 14 // rows
	parquetBatch = 256     // rows handed to the library at a time
)

// parquetRow is an event, with the columns of eventColumns in their order.
type parquetRow struct {
	OccurredAt  int64    `parquet:"occurred_at,timestamp(millisecond:utc),delta"`
	RecordedAt  int64    `parquet:"recorded_at,timestamp(millisecond:utc),delta"`
	Person      string   `parquet:"person,optional"`
	Direction   string   `parquet:"direction,dict"`
	Decision    string   `parquet:"decision,dict"`
	Reason      string   `parquet:"reason,dict"`
	Color       string   `parquet:"color,dict"`
	Action      string   `parquet:"action,dict"`
	Flags       []string `parquet:"flags,list" parquet-element:",dict"`
	Temperature *float64 `parquet:"temperature,optional"`
	Method      string   `parquet:"temperature_method,dict"`
	Who         string   `parquet:"who,dict"`
	Device      string   `parquet:"device,dict"`
	Lane        string   `parquet:"lane,dict"`
	Plate       string   `parquet:"plate"`
	Vehicle     string   `parquet:"vehicle"`
	Purpose     string   `parquet:"purpose,dict"`
	Override    string   `parquet:"override,dict"`
	Annulled    bool     `parquet:"annulled"`
	Annulment   bool     `parquet:"annulment"`
	Staff       string   `parquet:"staff,dict"`
	Source      string   `parquet:"source,dict"`
}

// parquetRows writes a Parquet file in row groups of parquetGroup rows. Its
// footer comes last, so a file that was cut off cannot be read.
type parquetRows struct {
	w     *parquet.GenericWriter[parquetRow]
	reg   *checkpoint.Registry
	batch []parquetRow
	temps [parquetBatch]float64 // what Temperature points to
}

func openParquet(out *pieces, reg *checkpoint.Registry, _ *time.Location) (rowWriter, error) {
	return &parquetRows{
		w: parquet.NewGenericWriter[parquetRow](out, parquet.Compression(&parquet.Snappy),
			parquet.MaxRowsPerRowGroup(parquetGroup), parquet.PageBufferSize(64<<10), parquet.CreatedBy("passgate", "", "")),
		reg: reg, batch: make([]parquetRow, 0, parquetBatch),
	}, nil
}

func (p *parquetRows) write(e *checkpoint.ScanEvent) error {
	device, lane := deviceOfEvent(p.reg, e)
	row := parquetRow{
		OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt, Direction: e.Direction.String(), Decision: e.Decision.String(),
		Reason: e.Reason.String(), Color: string(e.Color()), Action: e.Action.String(), Flags: e.Flags.Names(),
		Method: e.Method.String(), Who: e.Who.String(), Device: device, Lane: lane, Plate: e.Plate, Vehicle: vehicleOf(e),
		Purpose: e.Purpose.String(), Override: e.Override.String(), Annulled: e.Annulled, Annulment: e.IsAnnulment(),
		Staff: staffOfEvent(p.reg, e), Source: sourceOfEvent(p.reg, e),
	}
	if e.Person != 0 {
		row.Person = checkpoint.FormatPersonID(e.Person)
	}
	if e.Temperature != 0 {
		temp := &p.temps[len(p.batch)]
		*temp = float64(e.Temperature) / 10
		row.Temperature = temp
	}
	p.batch = append(p.batch, row)
	if len(p.batch) < parquetBatch {
		return nil
	}
	return p.flush()
}

func (p *parquetRows) flush() error {
	_, err := p.w.Write(p.batch)
	p.batch = p.batch[:0]
	return err
}

func (p *parquetRows) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.w.Close()
}
