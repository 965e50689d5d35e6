package httpapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/cause"
)

// Lines of the answer to a retry of all users of a cause. Each has one member.
type (
	retryProgress struct {
		Users   int `json:"users"`
		Retried int `json:"retried"`
		Again   int `json:"again"`
		Skipped int `json:"skipped"`
		ETA     int `json:"eta"` // seconds
		calls   int
	}
	retrySummary struct {
		retryProgress
		DryRun        bool            `json:"dryRun"`
		Position      domain.Position `json:"position"`
		Customers     []retryCustomer `json:"customers"`
		MoreCustomers int             `json:"moreCustomers,omitempty"`
	}
	retryCustomer struct {
		SPEnterpriseID string `json:"spEnterpriseId"`
		Retried        int    `json:"retried"`
	}
	retryLine struct {
		User     *commands.RetryResult `json:"user,omitempty"`
		Progress *retryProgress        `json:"progress,omitempty"`
		Summary  *retrySummary         `json:"summary,omitempty"`
		Error    *problem              `json:"error,omitempty"`
	}
)

func (p *retryProgress) add(r commands.RetryResult) {
	p.Users++
	p.calls += r.Calls
	switch r.Verdict {
	case commands.Retried:
		p.Retried++
	case commands.Again:
		p.Again++
	case commands.Skipped:
		p.Skipped++
	}
}

// retryCause serves POST /api/causes/{fingerprint}/retry. The answer is a stream
// of lines as that of an import: one cause can stop tens of thousands, and whoever
// asked sees it go on and keeps what was told if the connection ends.
func (a *api) retryCause(w http.ResponseWriter, c *call) error {
	p := c.params()
	dryRun, all := p.flag("dryRun"), p.oneOf("users", "", "all") == "all"
	p.text("reason")
	if err := a.after(c, p); err != nil {
		return err
	}
	var body struct {
		Reason   string `json:"reason"`
		Customer string `json:"customer"`
	}
	if err := decodeOptional(w, c, &body); err != nil {
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	if body.Reason = strings.TrimSpace(body.Reason); body.Reason != "" {
		why.Reason = body.Reason
	}
	if err := checkReason(body.Reason); err != nil {
		return err
	}
	f := cause.Fingerprint(c.PathValue("fingerprint"))
	if _, _, err := a.Causes.Get(c.Context(), why.Partner, f); err != nil {
		return err
	}
	req := commands.RetryCause{Fingerprint: f, Customer: body.Customer, Subscribers: a.Causes.All(c.Context(), why.Partner, f, body.Customer)}
	a.runRetry(w, c, req, dryRun, all, why)
	return nil
}

// checkReason checks a reason in a body.
func checkReason(text string) error {
	var f domain.Fields
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		f.Add("reason", domain.Malformed, "must not have line breaks or other control characters")
	case utf8.RuneCountInString(text) > maxReason:
		f.Add("reason", domain.TooLong, "must have at most 500 characters")
	}
	return f.Err()
}

func (a *api) runRetry(w http.ResponseWriter, c *call, req commands.RetryCause, dryRun, all bool, why domain.Cause) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := &lines[retryProgress]{w: w}
	out.write(retryLine{Progress: &retryProgress{}})
	stop := out.every(progressEvery, func(p retryProgress) any {
		p.ETA = seconds(a.Service.Expect(why.Partner, commands.Import, p.calls))
		return retryLine{Progress: &p}
	})
	summary, err := a.Service.RetryCause(c.Context(), req, dryRun, why, func(r commands.RetryResult) {
		out.count(func(p *retryProgress) { p.add(r) })
		if all || r.Verdict == commands.Skipped {
			out.row(retryLine{User: &r})
		}
	})
	stop()
	if err != nil {
		p := a.judge(c, err).problem(c.tracking)
		out.write(retryLine{Error: &p})
		return
	}
	if !dryRun {
		_ = a.caughtUp(c, summary.Position)
	}
	out.write(retryLine{Summary: showRetry(summary, dryRun)})
}

// mostRetryCustomers is how many customers a summary names.
const mostRetryCustomers = 200

func showRetry(s commands.RetrySummary, dryRun bool) *retrySummary {
	shown := &retrySummary{
		retryProgress: retryProgress{Users: s.Users, Retried: s.Retried, Again: s.Again, Skipped: s.Skipped, ETA: seconds(s.Expected)},
		DryRun:        dryRun, Position: s.Position, Customers: []retryCustomer{},
	}
	for id, n := range s.Customers {
		shown.Customers = append(shown.Customers, retryCustomer{id, n})
	}
	slices.SortFunc(shown.Customers, func(a, b retryCustomer) int {
		return cmp.Or(cmp.Compare(b.Retried, a.Retried), cmp.Compare(a.SPEnterpriseID, b.SPEnterpriseID))
	})
	if n := len(shown.Customers); n > mostRetryCustomers {
		shown.Customers, shown.MoreCustomers = shown.Customers[:mostRetryCustomers], n-mostRetryCustomers
	}
	return shown
}
