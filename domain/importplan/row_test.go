package importplan_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/webex"
)

func TestRowsAreReadAsTheyWereWritten(t *testing.T) {
	fields := []string{"userId", "firstName", "email", "package", "primaryPhoneNumber", "timezone"}
	change := rapid.Custom(func(r *rapid.T) importplan.FieldChange {
		return importplan.FieldChange{Field: rapid.SampledFrom(fields).Draw(r, "field"), Old: rapid.String().Draw(r, "old"), New: rapid.String().Draw(r, "new")}
	})
	problem := rapid.Custom(func(r *rapid.T) domain.FieldError {
		return domain.FieldError{Field: rapid.String().Draw(r, "field"), Class: domain.Problem(rapid.IntRange(0, 3).Draw(r, "class")), Problem: rapid.String().Draw(r, "problem")}
	})
	texts := rapid.SliceOfN(rapid.String(), 0, 3)
	rapid.Check(t, func(r *rapid.T) {
		row := importplan.Row{
			Number: rapid.IntRange(0, 1<<30).Draw(r, "number"), UserID: rapid.String().Draw(r, "user"),
			Verdict: rapid.SampledFrom(importplan.Verdicts).Draw(r, "verdict"), ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "id")),
			Version: rapid.IntRange(0, 1<<20).Draw(r, "version"), Customer: rapid.String().Draw(r, "customer"),
			From: webex.Package(rapid.String().Draw(r, "from")), To: webex.Package(rapid.String().Draw(r, "to")),
			Changes: rapid.SliceOfN(change, 0, 4).Draw(r, "changes"), Missing: rapid.Bool().Draw(r, "missing"),
			Repairs: texts.Draw(r, "repairs"), Notes: texts.Draw(r, "notes"), Reason: rapid.String().Draw(r, "reason"),
			Problems: rapid.SliceOfN(problem, 0, 3).Draw(r, "problems"),
		}
		encoded := row.Append(nil)
		read, err := importplan.DecodeRow(encoded)
		require.NoError(r, err)
		require.EqualExportedValues(r, emptied(row), emptied(read))
		for cut := range encoded {
			_, err := importplan.DecodeRow(encoded[:cut])
			require.ErrorIs(r, err, importplan.ErrEncoding, "a row that was cut off is none")
		}
	})
}

// emptied makes no difference between a list without items and none.
func emptied(r importplan.Row) importplan.Row {
	if len(r.Changes) == 0 {
		r.Changes = nil
	}
	if len(r.Repairs) == 0 {
		r.Repairs = nil
	}
	if len(r.Notes) == 0 {
		r.Notes = nil
	}
	if len(r.Problems) == 0 {
		r.Problems = nil
	}
	return r
}

func FuzzDecodeRow(f *testing.F) {
	f.Add(importplan.Row{Number: 2, Verdict: importplan.Create, UserID: "anna@as0.example", Changes: []importplan.FieldChange{{Field: "firstName", New: "Anna"}}}.Append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, encoded []byte) {
		row, err := importplan.DecodeRow(encoded)
		if err != nil {
			return
		}
		again, err := importplan.DecodeRow(row.Append(nil))
		require.NoError(t, err)
		require.Equal(t, row, again)
	})
}
