package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

// Lines of the API's answer to an import.
type (
	importCounts struct {
		Rows      int `json:"rows"`
		Created   int `json:"created"`
		Unchanged int `json:"unchanged"`
		Rejected  int `json:"rejected"`
	}
	importRow struct {
		Row     int      `json:"row"`
		UserID  string   `json:"userId"`
		Verdict string   `json:"verdict"`
		Reason  string   `json:"reason,omitempty"`
		Repairs []string `json:"repairs,omitempty"`
	}
	importLine struct {
		Progress *importCounts `json:"progress"`
		Row      *importRow    `json:"row"`
		Summary  *struct {
			importCounts
			importToGo
			Repaired int    `json:"repaired"`
			Counts   string `json:"counts"`
		} `json:"summary"`
		Error *problemError `json:"error"`
	}
)

// importRun sends a file to the API once.
type importRun struct {
	users    *userFile
	dryRun   bool
	verdicts bool                         // keep what comes of rejected and repaired rows
	all      bool                         // and of all others
	reject   func(row int, reason string) // is given rejected rows, if not nil
}

// run reads the verdicts as they come. With an error, the result is how far the
// import had come at least.
func (r importRun) run(c *cli, bar *progress) (importResult, error) {
	result := importResult{File: r.users.name, DryRun: r.dryRun, Reasons: []*reason{}, Verdicts: []importRow{}}
	file, err := os.Open(r.users.path)
	if err != nil {
		return result, err
	}
	defer file.Close()
	query := url.Values{}
	if r.dryRun {
		query.Set("dryRun", "true")
	}
	if r.all {
		query.Set("rows", "all")
	}
	reply, err := c.do(c.ctx, http.MethodPost, "/api/imports", query, file, "text/csv")
	if err != nil {
		return result, tooLarge(r.users.name, err)
	}
	defer reply.Body.Close()
	defer bar.end()
	reasons := reasons{}
	for lines := json.NewDecoder(bufio.NewReader(reply.Body)); ; {
		var line importLine
		switch err := lines.Decode(&line); {
		case c.ctx.Err() != nil:
			return result, c.ctx.Err()
		case err == io.EOF:
			return result, errors.New("the server broke off before the end of the import")
		case err != nil:
			return result, fmt.Errorf("the server broke off before the end of the import: %w", err)
		}
		switch {
		case line.Error != nil:
			return result, line.Error
		case line.Progress != nil:
			result.importCounts = *line.Progress
			bar.show(result.Rows)
		case line.Summary != nil:
			result.importCounts, result.Repaired, result.Reasons = line.Summary.importCounts, line.Summary.Repaired, reasons.sorted()
			result.importToGo, result.counts = line.Summary.importToGo, line.Summary.Counts
			return result, nil
		case line.Row != nil:
			r.judged(*line.Row, &result, reasons)
		}
	}
}

// judged takes in the verdict on one row.
func (r importRun) judged(row importRow, result *importResult, reasons reasons) {
	if r.verdicts {
		result.Verdicts = append(result.Verdicts, row)
	}
	if row.Verdict == "reject" {
		reasons.add(row.Reason, row.Row)
		if r.reject != nil {
			r.reject(row.Row, row.Reason)
		}
		return
	}
	for _, repair := range row.Repairs {
		if len(result.Repairs) < rowsPerReason {
			result.Repairs = append(result.Repairs, fmt.Sprintf("row %d: %s", row.Row, repair))
		}
	}
}

// tooLarge says what to do about a file that the server does not take as one.
func tooLarge(name string, err error) error {
	no := (*problemError)(nil)
	if !errors.As(err, &no) || no.Status != http.StatusRequestEntityTooLarge {
		return err
	}
	var most int64
	limit := no.Detail
	if _, err := fmt.Sscanf(no.Detail, "The body is longer than %d bytes", &most); err == nil {
		limit = fmt.Sprintf("it is larger than %d bytes, the most that the server takes in one file.", most)
	}
	return refused(fmt.Sprintf("%s: %s\nSplit it into smaller files, each with the same first line, and import one after the other.", name, limit))
}
