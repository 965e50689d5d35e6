package commands

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// When Webex says "later" without saying when, and the most that it is believed.
const (
	defaultRetryAfter = 5 * time.Second
	longestRetryAfter = 10 * time.Minute
)

// noAccessPause is how long a partner's calls rest after Webex refused the
// credentials, which is nobody's fault among its subscribers.
const noAccessPause = time.Minute

// noAccess says whether Webex refused our credentials rather than the request.
func (e *WebexError) noAccess() bool {
	return e.Status == http.StatusUnauthorized ||
		e.Outcome == NotDone && e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusLocked
}

// later says whether everybody of the partner should stay away for a while.
func (e *WebexError) later() bool {
	return e.Outcome == NotDone || e.RetryAfter > 0 || e.noAccess()
}

// recordWithin is how long the driver tries to record what became of a request,
// whatever else happens. Beyond that the request counts as interrupted.
const recordWithin = 30 * time.Second

// send records the intent, makes the request, records what became of it. The
// intent is appended to exactly the version that was judged, so of several who
// judge alike one sends.
func (d *Driver) send(ctx context.Context, s subject, kind subscriber.RequestKind) (time.Time, error) {
	why := d.cause(s)
	why.Command = d.Service.NewID()
	start := subscriber.StartRequest{Kind: kind, Tracking: "LEDGERLINE_" + why.Command.String(), At: d.Service.Now()}
	r, err := record(ctx, d.Service, s.stream, s.Subscriber, why, subscriber.Decider, subscriber.Command(start))
	if err != nil {
		return time.Time{}, err
	}
	s.Subscriber = r
	now := d.Service.Now()
	until, left := d.lanes.parked(s.partner), activation.CallTime-10*time.Second-now.Sub(start.At)
	if !until.IsZero() || left <= 0 {
		// While the intent was recorded Webex asked for a pause, or others took the
		// request for lost.
		return now, d.record(ctx, s, subscriber.RecordPostponed{Tracking: start.Tracking, Until: until, At: now})
	}
	callCtx, cancel := context.WithTimeout(ctx, left)
	reply, receipt, err := s.call(callCtx, kind, start.Tracking)
	cancel()
	return d.Service.Now(), d.record(ctx, s, d.outcome(s, start.Tracking, reply, receipt, err))
}

func (s subject) call(ctx context.Context, kind subscriber.RequestKind, tracking string) (reply webex.Subscriber, receipt Receipt, err error) {
	v := s.Value
	switch kind {
	case subscriber.Provision:
		reply, receipt, err = s.webex.Provision(ctx, webex.Request{
			Profile: v.Profile, ProvisioningID: v.ProvisioningID, SPEnterpriseID: v.SPEnterpriseID, Email: v.Email, Language: v.Language,
		}, tracking)
		if err == nil && reply.ID == "" {
			err = &WebexError{Outcome: Unknown, Status: http.StatusOK, Message: "the reply has no subscriber id", TrackingID: receipt.TrackingID}
		}
	case subscriber.Update:
		from := v.Applied
		if v.Stale {
			from.Package = "" // an update that changes nothing would not mend the failed one
		}
		reply, receipt, err = s.webex.Update(ctx, v.WebexID, from, v.Profile, tracking)
	case subscriber.Remove:
		receipt, err = s.webex.Remove(ctx, v.WebexID, tracking)
	case subscriber.ResendConsent:
		receipt, err = s.webex.ResendConsent(ctx, v.WebexID, tracking)
	default:
		panic(fmt.Sprintf("activation: no request %q", kind))
	}
	return reply, receipt, err
}

// outcome turns what a call returned into what is to be recorded.
func (d *Driver) outcome(s subject, tracking string, reply webex.Subscriber, receipt Receipt, err error) subscriber.Command {
	now := d.Service.Now()
	if err == nil {
		d.lanes.answered(s.partner)
		return subscriber.RecordAccepted{Tracking: tracking, Record: reply, WebexSays: receipt.TrackingID, At: now}
	}
	var e *WebexError
	if !errors.As(err, &e) {
		return subscriber.RecordLost{Tracking: tracking, Why: err.Error(), At: now}
	}
	var pause time.Duration
	if e.later() {
		pause = d.park(s, e)
	}
	switch {
	case e.Outcome == NotDone || e.noAccess():
		return subscriber.RecordPostponed{Tracking: tracking, Status: e.Status, Until: now.Add(pause), WebexSays: e.TrackingID, At: now}
	case e.Outcome == Refused:
		return subscriber.RecordRefused{Tracking: tracking, Status: e.Status, Errors: e.details(), WebexSays: e.TrackingID, At: now}
	}
	return subscriber.RecordLost{Tracking: tracking, Status: e.Status, Why: e.details()[0].Description, WebexSays: e.TrackingID, At: now}
}

// park keeps everybody of the partner away from Webex for as long as it asked.
func (d *Driver) park(s subject, e *WebexError) time.Duration {
	pause := e.RetryAfter
	switch {
	case e.noAccess():
		d.Log.Error("Webex does not accept the credentials of a partner; nothing is asked for a minute", "partner", s.partner, "status", e.Status, "message", e.Message)
		pause = noAccessPause
	case pause <= 0:
		pause = defaultRetryAfter
	}
	pause = min(pause, longestRetryAfter)
	d.lanes.park(s.partner, d.Service.Now().Add(pause))
	return pause
}

// details returns what Webex said, at least one thing.
func (e *WebexError) details() []webex.Error {
	if len(e.Errors) > 0 {
		return e.Errors
	}
	return failure(e.Message)
}

func failure(text string) []webex.Error { return []webex.Error{{Description: text}} }

// lookUp finds out what became of a lost request.
func (d *Driver) lookUp(ctx context.Context, s subject) (time.Time, error) {
	var found webex.Subscriber
	var ok bool
	var err error
	if s.Value.Request.Kind == subscriber.Provision {
		found, ok, err = s.webex.FindSubscriber(ctx, s.Value.Sent.UserID)
	} else {
		found, ok, err = s.webex.Subscriber(ctx, s.Value.WebexID)
	}
	if err != nil {
		return d.unread(s, err)
	}
	d.lanes.answered(s.partner)
	now := d.Service.Now()
	return now, d.record(ctx, s, subscriber.RecordFound{Tracking: s.Value.Request.TrackingID, Found: ok, Record: found, At: now})
}

// follow sees how far Webex is with what it accepted.
func (d *Driver) follow(ctx context.Context, s subject) (time.Time, error) {
	asked := d.Service.Now()
	found, ok, err := s.webex.Subscriber(ctx, s.Value.WebexID)
	now := d.Service.Now()
	d.agenda.polled(s.stream, s.Value.Request.TrackingID, now)
	if err != nil {
		return d.unread(s, err)
	}
	d.lanes.answered(s.partner)
	return now, d.record(ctx, s, subscriber.RecordStatus{Found: ok, Record: found, At: asked})
}

// unread says when to read again after Webex could not be read.
func (d *Driver) unread(s subject, err error) (time.Time, error) {
	var e *WebexError
	if !errors.As(err, &e) {
		return time.Time{}, err
	}
	if e.later() {
		return d.Service.Now().Add(d.park(s, e)), nil
	}
	return time.Time{}, fmt.Errorf("read from Webex: %w", e)
}

// record records what became of a request, on top of whatever was recorded since.
func (d *Driver) record(ctx context.Context, s subject, c subscriber.Command) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	why := d.cause(s)
	why.Command = d.Service.NewID()
	for {
		_, err := transact(ctx, d.Service, s.stream, why, subscriber.Decider, c)
		if err == nil || domain.AsRejection(err) != nil || ctx.Err() != nil {
			return err
		}
		d.Log.Error("cannot record an outcome, trying again", "stream", s.stream, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
