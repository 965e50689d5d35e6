package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/spf13/cobra"
)

func causesRetryCommand() *cobra.Command {
	var customer string
	var yes bool
	c := &cobra.Command{
		Use: "retry FINGERPRINT", Short: "Retry everybody whom a cause stops",
		Long: `Retry everybody whom a cause stops. First it says how many that are, of which
customers, and how long Webex will take; then it asks. Users whom something else
stops by then are left alone.`,
		Example: `  ledgerline causes retry v1-0123456789abcdef
  ledgerline causes retry v1-0123456789abcdef --customer SP1+ent28 --yes --reason "template corrected"`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error { return retryCause(c, args[0], customer, yes) }),
	}
	c.Flags().StringVar(&customer, "customer", "", "only users of this enterprise (spEnterpriseId)")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "go ahead without being asked")
	return c
}

// Lines of the API's answer to a retry of a cause.
type (
	retryCounts struct {
		Users   int `json:"users"`
		Retried int `json:"retried"`
		Again   int `json:"again"`
		Skipped int `json:"skipped"`
	}
	retryCustomer struct {
		SPEnterpriseID string `json:"spEnterpriseId"`
		Retried        int    `json:"retried"`
	}
	retryLine struct {
		User *struct {
			UserID  string `json:"userId"`
			Verdict string `json:"verdict"`
			Reason  string `json:"reason"`
		} `json:"user"`
		Progress *retryCounts  `json:"progress"`
		Summary  *retryResult  `json:"summary"`
		Error    *problemError `json:"error"`
	}
)

// retryResult is what a retry of a cause comes to.
type retryResult struct {
	Fingerprint string `json:"fingerprint"`
	retryCounts
	ETA           int             `json:"eta"` // seconds
	Customers     []retryCustomer `json:"customers"`
	MoreCustomers int             `json:"moreCustomers,omitempty"`
	Reasons       []*refusal      `json:"reasons"`
}

func retryCause(c *cli, fingerprint, customer string, yes bool) error {
	preview, err := runRetry(c, fingerprint, customer, true, newProgress(c.talk, "Counting", 0))
	if err != nil {
		return noCause(fingerprint, err)
	}
	if preview.Retried == 0 {
		preview.Fingerprint = fingerprint
		return c.printRetry(preview, "would be retried")
	}
	for _, customer := range preview.Customers[:min(len(preview.Customers), 10)] {
		c.say("  %s: %s", customer.SPEnterpriseID, count(customer.Retried, "user", "users"))
	}
	if err := c.confirm(preview.question(), yes); err != nil {
		return err
	}
	bar := newProgress(c.talk, "Retrying", preview.Users)
	result, err := runRetry(c, fingerprint, customer, false, bar)
	if err != nil {
		c.say("It stopped before the end; who was retried stays so. To go on, give the same command again.")
		if c.ctx.Err() != nil {
			return silentError{exitStopped}
		}
		return err
	}
	result.Fingerprint = fingerprint
	err = c.printRetry(result, "retried")
	if result.Retried > 0 {
		c.sayRecorded()
		c.say("To see how it goes: ledgerline causes show %s", fingerprint)
	}
	return err
}

// question asks whether to go ahead.
func (r retryResult) question() string {
	text := fmt.Sprintf("Retry %s of %s", count(r.Retried, "user", "users"), count(len(r.Customers)+r.MoreCustomers, "customer", "customers"))
	if r.Skipped > 0 {
		text += fmt.Sprintf(" (%d cannot be)", r.Skipped)
	}
	return text + r.expected() + "?"
}

// expected tells how long Webex will take.
func (r retryResult) expected() string {
	if r.ETA == 0 {
		return ""
	}
	return ", for which Webex will take about " + span(r.ETA)
}

// printRetry prints the result; with some skipped, the exit code says so.
func (c *cli) printRetry(r retryResult, done string) error {
	if c.json {
		if err := c.line(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.out, "%s %s, %d skipped.\n", count(r.Retried, "user", "users"), done, r.Skipped)
		for _, reason := range r.Reasons {
			fmt.Fprintf(c.out, "  %s\n", reason)
		}
	}
	if r.Skipped > 0 {
		return silentError{exitSome}
	}
	return nil
}

// runRetry asks for a retry, or what one would do, and reads what comes of it.
func runRetry(c *cli, fingerprint, customer string, dryRun bool, bar *progress) (retryResult, error) {
	defer bar.end()
	query := url.Values{}
	if dryRun {
		query.Set("dryRun", "true")
	}
	body, err := json.Marshal(map[string]string{"customer": customer})
	if err != nil {
		return retryResult{}, err
	}
	reply, err := c.do(c.ctx, http.MethodPost, causePath(fingerprint)+"/retry", query, bytes.NewReader(body), "application/json")
	if err != nil {
		return retryResult{}, err
	}
	defer reply.Body.Close()
	skipped := manyResult{Reasons: []*refusal{}}
	for lines := json.NewDecoder(bufio.NewReader(reply.Body)); ; {
		var line retryLine
		switch err := lines.Decode(&line); {
		case c.ctx.Err() != nil:
			return retryResult{}, c.ctx.Err()
		case err != nil:
			return retryResult{}, fmt.Errorf("the server broke off before the end of the retry: %w", err)
		}
		switch {
		case line.Error != nil:
			return retryResult{}, line.Error
		case line.Progress != nil:
			bar.show(line.Progress.Users)
		case line.User != nil && line.User.Verdict == "skipped":
			skipped.reject(user{UserID: line.User.UserID}, errors.New(line.User.Reason))
		case line.Summary != nil:
			line.Summary.Reasons = skipped.Reasons
			slices.SortFunc(skipped.Reasons, func(a, b *refusal) int {
				return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
			})
			return *line.Summary, nil
		}
	}
}
