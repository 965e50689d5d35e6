package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Imports, their rows and what is wrong with these, as the API shows them.
type (
	importPlan struct {
		ID        string           `json:"id"`
		Status    string           `json:"status"`
		FileName  string           `json:"fileName"`
		Undoes    string           `json:"undoes"`
		Behaviour string           `json:"behaviour"`
		Template  string           `json:"template"`
		Customer  string           `json:"customer"`
		By        string           `json:"by"`
		Planned   string           `json:"planned"`
		Expires   string           `json:"expires"`
		Counts    planCounts       `json:"counts"`
		Calls     int              `json:"calls"`
		ETA       int              `json:"eta"`
		Unsafe    bool             `json:"unsafe"`
		Needs     []string         `json:"needs"`
		Approvals []importApproval `json:"approvals"`
		Started   string           `json:"started"`
		Reason    string           `json:"reason"`
		Finished  string           `json:"finished"`
		Cancelled string           `json:"cancelled"`
		Done      importDone       `json:"done"`
		Packages  []importEffect   `json:"packages"`
		Licences  []importEffect   `json:"licences"`
		Customers []struct {
			Customer   string `json:"customer"`
			Users      int    `json:"users"`
			Deletions  int    `json:"deletions"`
			Downgrades int    `json:"downgrades"`
			Braked     bool   `json:"braked"`
		} `json:"customers"`
		Braked   int `json:"braked"` // customers
		Progress *struct {
			Total int     `json:"total"`
			Rate  float64 `json:"rate"`
			ETA   int     `json:"eta"`
		} `json:"progress"`
		Undone  []string `json:"undone"`
		Ignored []string `json:"ignored"`
	}
	planCounts struct {
		Rows      int `json:"rows"`
		Create    int `json:"create"`
		Change    int `json:"change"`
		Package   int `json:"package"`
		Delete    int `json:"delete"`
		Unchanged int `json:"unchanged"`
		Reject    int `json:"reject"`
		Repaired  int `json:"repaired"`
		Missing   int `json:"missing"`
		Downgrade int `json:"downgrade"`
	}
	importDone struct {
		Rows      int `json:"rows"`
		Created   int `json:"created"`
		Changed   int `json:"changed"`
		Deleted   int `json:"deleted"`
		Unchanged int `json:"unchanged"`
		Rejected  int `json:"rejected"`
		Held      int `json:"held"`
	}
	importApproval struct {
		Kind string `json:"kind"`
		By   string `json:"by"`
		At   string `json:"at"`
	}
	importEffect struct {
		Name   string `json:"name"`
		Before int    `json:"before"`
		After  int    `json:"after"`
	}
	planRow struct {
		Row     int      `json:"row"`
		UserID  string   `json:"userId"`
		Verdict string   `json:"verdict"`
		Missing bool     `json:"missing"`
		Reason  string   `json:"reason"`
		Held    string   `json:"held"`
		Repairs []string `json:"repairs"`
		Notes   []string `json:"notes"`
		Changes []struct {
			Field string `json:"field"`
			Old   string `json:"old"`
			New   string `json:"new"`
		} `json:"changes"`
	}
	rowErrors struct {
		Field   string `json:"field"`
		Problem string `json:"problem"`
		Fix     string `json:"fix"`
		Count   int    `json:"count"`
		Rows    []int  `json:"rows"`
	}
)

func (n planCounts) changes() int { return n.Create + n.Change + n.Package + n.Delete }

// rows is how many rows an import has, with those for users who are missing.
func (p importPlan) rows() int { return p.Counts.Rows + p.Counts.Missing }

func (p importPlan) needs(kind string) bool {
	for _, needed := range p.Needs {
		if needed == kind {
			return true
		}
	}
	return false
}

func importPath(id string) string { return "/api/imports/" + url.PathEscape(id) }

// planOptions say how the rows of a file are to be taken.
type planOptions struct{ behaviour, template, customer string }

func (o planOptions) check() error {
	if o.behaviour != "merge" && o.behaviour != "sync" {
		return usageError{fmt.Errorf("--behaviour must be merge or sync, not %q", o.behaviour)}
	}
	return nil
}

// planFile has the server plan a file.
func (c *cli) planFile(users *userFile, o planOptions) (p importPlan, err error) {
	file, err := os.Open(users.path)
	if err != nil {
		return p, err
	}
	defer file.Close()
	query := url.Values{"behaviour": {o.behaviour}, "name": {filepath.Base(users.name)}}
	for name, value := range map[string]string{"template": o.template, "customer": o.customer} {
		if value != "" {
			query.Set(name, value)
		}
	}
	bar := newProgress(c.talk, "Planning", 0)
	defer bar.end()
	reply, err := c.do(c.ctx, http.MethodPost, "/api/imports/plans", query, file, "text/csv")
	if err != nil {
		return p, tooLarge(users.name, err)
	}
	defer reply.Body.Close()
	return p, json.NewDecoder(reply.Body).Decode(&p)
}

// importStep asks for a step of an import.
func (c *cli) importStep(id, step string, body any) (p importPlan, err error) {
	text, _, err := c.ask(c.ctx, http.MethodPost, importPath(id)+"/"+step, nil, body)
	if err != nil {
		return p, noImport(id, err)
	}
	return p, json.Unmarshal(text, &p)
}

// getImport reads an import.
func (c *cli) getImport(id string) (p importPlan, whole json.RawMessage, err error) {
	whole, err = c.get(c.ctx, importPath(id), nil, &p)
	return p, whole, noImport(id, err)
}

// noImport says which import there is none of.
func noImport(id string, err error) error {
	if no := (*problemError)(nil); errors.As(err, &no) && no.is("not-found") {
		return notFound(fmt.Sprintf("There is no import %s. All of them: ledgerline import list", plain(id, false)))
	}
	return err
}

// rowsOf reads the rows of a plan that a query chooses, at most limit; 0: all.
func (c *cli) rowsOf(id string, query url.Values, limit int) (rows []planRow, texts []json.RawMessage, more bool, err error) {
	more, err = c.each(c.ctx, importPath(id)+"/rows", query, limit, func(item json.RawMessage) error {
		var row planRow
		err := json.Unmarshal(item, &row)
		rows, texts = append(rows, row), append(texts, item)
		return err
	})
	return rows, texts, more, err
}

// reasonsOf reads why rows of a plan were rejected.
func (c *cli) reasonsOf(id string) ([]*reason, error) {
	var groups struct {
		Items []rowErrors `json:"items"`
	}
	if _, err := c.get(c.ctx, importPath(id)+"/errors", nil, &groups); err != nil {
		return nil, err
	}
	all := make([]*reason, 0, len(groups.Items))
	for _, g := range groups.Items {
		all = append(all, &reason{Reason: g.String(), Count: g.Count, Rows: g.Rows[:min(len(g.Rows), rowsPerReason)]})
	}
	return all, nil
}

// String is the mistake and, where it says more, the fix.
func (g rowErrors) String() string {
	text := g.Problem
	if g.Field != "" {
		text = g.Field + ": " + text
	}
	if first, _ := utf8.DecodeRuneInString(g.Fix); unicode.IsLower(first) {
		text += "; " + strings.TrimSuffix(g.Fix, ".")
	}
	return text
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

// countsAt is where it is counted how far the users are who were onboarded while
// an import was carried out.
func (p importPlan) countsAt() string {
	q := url.Values{}
	if began, err := time.Parse(time.RFC3339, p.Started); err == nil {
		q.Set("createdAfter", began.Add(-time.Millisecond).Format(time.RFC3339Nano))
	}
	if ended, err := time.Parse(time.RFC3339, p.Finished); err == nil {
		q.Set("createdBefore", ended.Add(time.Millisecond).Format(time.RFC3339Nano))
	}
	return "/api/users/counts?" + q.Encode()
}
