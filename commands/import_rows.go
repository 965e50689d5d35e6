package commands

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"ledgerline/domain/importplan"
)

// A file of a plan is planMagic, then each row as its length and what
// importplan.Row.Append made of it, then a length of 0, the effects on customers
// as JSON, and where these begin in 8 bytes.
const (
	planMagic   = "ledgerline plan 1\n"
	mostRowSize = 1 << 20
)

// rowWriter writes the file of a plan.
type rowWriter struct {
	to     io.Writer
	offset int64
	buf    []byte
	row    []byte
}

func newRowWriter(to io.Writer) (*rowWriter, error) {
	n, err := io.WriteString(to, planMagic)
	return &rowWriter{to: to, offset: int64(n)}, err
}

func (w *rowWriter) write(r importplan.Row) error {
	w.row = r.Append(w.row[:0])
	w.buf = append(binary.AppendUvarint(w.buf[:0], uint64(len(w.row))), w.row...)
	n, err := w.to.Write(w.buf)
	w.offset += int64(n)
	return err
}

func (w *rowWriter) end(effects []importplan.CustomerEffect) error {
	text, err := json.Marshal(effects)
	if err != nil {
		return err
	}
	end := append([]byte{0}, text...)
	_, err = w.to.Write(binary.BigEndian.AppendUint64(end, uint64(w.offset+1)))
	return err
}

// planRow is a row in a file, and where the next begins.
type planRow struct {
	importplan.Row
	next int64
}

// readRows yields the rows of a file from an offset on; 0: from the first.
func readRows(f ImportFile, offset int64) iter.Seq2[planRow, error] {
	return func(yield func(planRow, error) bool) {
		at := max(offset, int64(len(planMagic)))
		if _, err := f.Seek(at, io.SeekStart); err != nil {
			yield(planRow{}, err)
			return
		}
		in := bufio.NewReaderSize(f, 1<<16)
		var buf []byte
		for {
			size, err := binary.ReadUvarint(in)
			if err == nil && size == 0 {
				return
			}
			if err == nil && size > mostRowSize {
				err = importplan.ErrEncoding
			}
			var row importplan.Row
			if err == nil {
				buf = slices.Grow(buf[:0], int(size))[:size]
				_, err = io.ReadFull(in, buf)
			}
			if err == nil {
				row, err = importplan.DecodeRow(buf)
			}
			if err != nil {
				yield(planRow{}, fmt.Errorf("rows of a plan, at byte %d: %w", at, err))
				return
			}
			at += int64(len(binary.AppendUvarint(nil, size))) + int64(size)
			if !yield(planRow{row, at}, nil) {
				return
			}
		}
	}
}

// readEffects returns the effects on all customers of a file.
func readEffects(f ImportFile) ([]importplan.CustomerEffect, error) {
	var end [8]byte
	if _, err := f.Seek(f.Size()-int64(len(end)), io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(f, end[:]); err != nil {
		return nil, err
	}
	at := int64(binary.BigEndian.Uint64(end[:]))
	if at < int64(len(planMagic)) || at > f.Size()-int64(len(end)) {
		return nil, importplan.ErrEncoding
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, f.Size()-int64(len(end))-at))
	if err != nil {
		return nil, err
	}
	var effects []importplan.CustomerEffect
	return effects, json.UnmarshalRead(bytes.NewReader(text), &effects)
}

// RowFilter says which rows of a plan are asked for: those for which every field
// that is not empty holds.
type RowFilter struct {
	Verdicts  []importplan.Verdict
	Customer  string // spEnterpriseId
	Repaired  bool
	Downgrade bool
	Missing   bool
}

func (f RowFilter) matches(r importplan.Row) bool {
	switch {
	case len(f.Verdicts) > 0 && !slices.Contains(f.Verdicts, r.Verdict),
		f.Customer != "" && f.Customer != r.Customer,
		f.Repaired && len(r.Repairs) == 0,
		f.Downgrade && !r.Downgrade(),
		f.Missing && !r.Missing:
		return false
	}
	return true
}

// PlannedRow is one row of a plan.
type PlannedRow struct {
	importplan.Row
	Next int64 // what Rows takes to go on behind it
}

// Rows yields the rows of a plan that match, in order, from a place on: 0, or the
// Next of a row.
//
// Errors: importplan.ErrNotFound, ErrNoImportFile.
func (im *Importer) Rows(ctx context.Context, partner string, id uuid.UUID, filter RowFilter, after int64) iter.Seq2[PlannedRow, error] {
	return func(yield func(PlannedRow, error) bool) {
		f, err := im.open(ctx, partner, id)
		if err != nil {
			yield(PlannedRow{}, err)
			return
		}
		defer f.Close()
		for row, err := range readRows(f, after) {
			if err = errors.Join(err, ctx.Err()); err != nil {
				yield(PlannedRow{}, err)
				return
			}
			if filter.matches(row.Row) && !yield(PlannedRow{Row: row.Row, Next: row.next}, nil) {
				return
			}
		}
	}
}

// Effects returns what a plan does to each customer.
//
// Errors: importplan.ErrNotFound, ErrNoImportFile.
func (im *Importer) Effects(ctx context.Context, partner string, id uuid.UUID) ([]importplan.CustomerEffect, error) {
	f, err := im.open(ctx, partner, id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readEffects(f)
}

func (im *Importer) open(ctx context.Context, partner string, id uuid.UUID) (ImportFile, error) {
	r, err := im.Get(ctx, partner, id)
	if err != nil {
		return nil, err
	}
	return im.Files.Open(ctx, r.Value.Plan)
}

// Held yields the rows that were held back while an import was carried out, in
// the order in which that was recorded.
//
// Errors: importplan.ErrNotFound.
func (im *Importer) Held(ctx context.Context, partner string, id uuid.UUID) iter.Seq2[importplan.Held, error] {
	return func(yield func(importplan.Held, error) bool) {
		if _, err := im.Get(ctx, partner, id); err != nil {
			yield(importplan.Held{}, err)
			return
		}
		entries, err := im.Service.Log.ReadStream(ctx, importplan.Stream(id))
		if err != nil {
			yield(importplan.Held{}, err)
			return
		}
		for _, e := range entries {
			if p, ok := e.Event.(importplan.Progressed); ok {
				for _, h := range p.Held {
					if !yield(h, nil) {
						return
					}
				}
			}
		}
	}
}
