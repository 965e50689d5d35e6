package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/webex"
	"ledgerline/projections/userstatus"
)

// progressEvery is how often an import says how far it is; clients are promised
// once a second.
const progressEvery = 500 * time.Millisecond

// importUsers serves POST /api/imports. The file is received as a whole before
// its first row counts, so that one that breaks off changes nothing and clients
// need not read while they send. The answer is a stream of lines.
func (a *api) importUsers(w http.ResponseWriter, c *call) error {
	p := c.params()
	dryRun, all := p.flag("dryRun"), p.oneOf("rows", "", "all") == "all"
	p.text("reason")
	if err := p.only(); err != nil {
		return err
	}
	if err := mediaType(c, "text/csv"); err != nil {
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	why.Surface, why.Command = domain.SurfaceCSV, uuid.Nil // each row is a command of its own
	file, err := a.spool(w, c)
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := a.ReadCSV(file)
	if err != nil {
		return badFile(err)
	}
	a.runImport(w, c, rows, dryRun, all, why)
	return nil
}

// spool keeps the body in a file without a name.
func (a *api) spool(w http.ResponseWriter, c *call) (*os.File, error) {
	file, err := os.CreateTemp("", "ledgerline-import-")
	if err != nil {
		return nil, err
	}
	if err = os.Remove(file.Name()); err == nil {
		err = a.receive(w, c, file)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// receive copies the body, which is a file. One that is too large is refused
// before it comes, if its length is known.
func (a *api) receive(w http.ResponseWriter, c *call, to io.Writer) error {
	if c.ContentLength > a.MaxImportBytes {
		return tooLarge(a.MaxImportBytes)
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(loadWithin)) // not every server can
	body := &source{Reader: http.MaxBytesReader(w, c.Body, a.MaxImportBytes)}
	_, err := io.Copy(to, body)
	_ = control.SetReadDeadline(time.Time{})
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return tooLarge(a.MaxImportBytes)
	case body.err != nil:
		return badBody("The file broke off before its end; nothing was imported.")
	}
	return err
}

// source is a reader that remembers why it broke off.
type source struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// badFile says why a file cannot be imported at all.
func badFile(err error) error {
	if domain.AsRejection(err) != nil {
		return err
	}
	return &refusal{
		status: http.StatusBadRequest, name: "bad-file", title: "Not a file of users",
		detail: "The file could not be read as CSV. Save it as CSV with a header line and try again.",
	}
}

// Lines of the answer to an import. Each has one member.
type (
	importRow struct {
		commands.RowResult
		Fields []problemField `json:"fields,omitempty"`
	}
	importProgress struct {
		Rows      int `json:"rows"`
		Created   int `json:"created"`
		Unchanged int `json:"unchanged"`
		Rejected  int `json:"rejected"`
	}
	importSummary struct {
		commands.ImportSummary
		DryRun bool   `json:"dryRun"`
		ToGo   int    `json:"toGo"`             // users who are, or would be, on their way to Webex
		ETA    int    `json:"eta"`              // seconds until all of them have been asked for there
		Counts string `json:"counts,omitempty"` // where it is counted how far the users are by now

		Problems []*rowErrors `json:"problems,omitempty"` // of rejected rows, by fix
	}
	importLine struct {
		Row      *importRow      `json:"row,omitempty"`
		Progress *importProgress `json:"progress,omitempty"`
		Summary  *importSummary  `json:"summary,omitempty"`
		Error    *problem        `json:"error,omitempty"`
	}
)

// showFields says what is wrong with fields of a thing that lies at a path in the
// body.
func showFields(wrong []domain.FieldError, path string) []problemField {
	fields := slices.Clone(wrong)
	for i := range fields {
		fields[i].Field = path + fields[i].Field
	}
	return (&refusal{fields: fields, at: inBody}).problem("").Errors
}

func (a *api) runImport(w http.ResponseWriter, c *call, rows iter.Seq[commands.ImportRow], dryRun, all bool, why domain.Cause) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := &lines[importProgress]{w: w}
	out.write(importLine{Progress: &importProgress{}})
	stop := out.every(progressEvery, func(p importProgress) any { return importLine{Progress: &p} })
	began := a.Service.Now()
	var problems rowErrorGroups
	summary, err := a.Service.ImportSubscribers(c.Context(), rows, dryRun, why, func(r commands.RowResult) {
		a.metrics.importRow(r.Verdict, dryRun)
		out.count(func(p *importProgress) { p.add(r.Verdict) })
		if r.Verdict == commands.Reject {
			problems.row(r.Row, r.Reason, r.Fields)
		}
		if all || r.Verdict == commands.Reject || len(r.Repairs) > 0 {
			out.row(importLine{Row: &importRow{RowResult: r, Fields: showFields(r.Fields, "")}})
		}
	})
	stop()
	if err != nil {
		p := a.judge(c, err).problem(c.tracking)
		out.write(importLine{Error: &p})
		return
	}
	whole := &importSummary{ImportSummary: summary, DryRun: dryRun, ToGo: summary.Ready, Problems: problems.sorted()}
	if dryRun {
		whole.ETA = seconds(a.Service.Expect(c.partner(), commands.Import, whole.ToGo))
	} else {
		a.onTheWay(c, whole, began)
	}
	out.write(importLine{Summary: whole})
}

// onTheWay tells of an import that has ended how many of its users, and of others
// onboarded meanwhile, are still on their way.
func (a *api) onTheWay(c *call, s *importSummary, began time.Time) {
	f := userstatus.CountFilter{CreatedAfter: began.Add(-time.Millisecond), CreatedBefore: a.Service.Now().Add(time.Millisecond)}
	s.Counts = "/api/users/counts?" + url.Values{"createdAfter": {stamp(f.CreatedAfter)}, "createdBefore": {stamp(f.CreatedBefore)}}.Encode()
	if a.caughtUp(c, s.Position) == nil {
		if counts, err := a.Users.Counts(c.Context(), c.partner(), f); err == nil {
			s.ToGo = counts[webex.Provisioning]
		}
	}
	s.ETA = seconds(a.Service.Expect(c.partner(), commands.Import, notInLine(s.ToGo, a.laneStates(c.partner()))))
}

// notInLine is how many of an import's users have no call that waits already.
func notInLine(users int, lanes []commands.LaneState) int {
	for _, l := range lanes {
		for _, b := range l.Waiting {
			if l.Family == commands.Subscribers && b.Class == commands.Import {
				users -= b.Calls
			}
		}
	}
	return max(0, users)
}

func (p *importProgress) add(v commands.Verdict) {
	p.Rows++
	switch v {
	case commands.Create:
		p.Created++
	case commands.Unchanged:
		p.Unchanged++
	case commands.Reject:
		p.Rejected++
	}
}

// lines writes an answer line by line, with a progress P at intervals. It is safe
// for concurrent use.
type lines[P any] struct {
	mu       sync.Mutex
	w        http.ResponseWriter
	progress P
}

func (l *lines[P]) count(change func(*P)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.progress)
}

// row writes a line about one thing, which is sent with the next progress.
func (l *lines[P]) row(line any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.encode(line)
}

// write writes lines and sends all that is waiting.
func (l *lines[P]) write(lines ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range lines {
		l.encode(line)
	}
	_ = http.NewResponseController(l.w).Flush() // not every server can
}

func (l *lines[P]) encode(line any) {
	out := json.NewEncoder(l.w)
	out.SetEscapeHTML(false)
	_ = out.Encode(line) // the client is gone: its context ends the work
}

// every tells the progress at intervals until it is stopped.
func (l *lines[P]) every(interval time.Duration, line func(P) any) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	ticker := time.NewTicker(interval)
	go func() {
		defer close(done)
		for {
			select {
			case <-ticker.C:
				l.mu.Lock()
				progress := l.progress
				l.mu.Unlock()
				l.write(line(progress))
			case <-ended:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(ended)
		<-done
	}
}
