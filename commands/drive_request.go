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

// noAccess says whether Webex refused our credentials rather than the request.
func (e *WebexError) noAccess() bool {
	return e.Status == http.StatusUnauthorized ||
		e.Outcome == NotDone && e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusLocked
}

// recordWithin is how long the driver tries to record what became of a request,
// whatever else happens. Beyond that the request counts as interrupted.
const recordWithin = 30 * time.Second

// send records the intent, makes the request, records what became of it. The
// intent is appended to exactly the version that was judged, so of several who
// judge alike one sends.
func (d *Driver) send(ctx context.Context, s subject, kind subscriber.RequestKind, t *turn) (time.Time, error) {
	why := d.causeOf(s)
	start := subscriber.StartRequest{Kind: kind, Tracking: "LEDGERLINE_" + why.Command.String(), At: d.Service.Now()}
	r, err := record(ctx, d.Service, s.stream, s.Subscriber, why, subscriber.Decider, subscriber.Command(start))
	if err != nil {
		return time.Time{}, err
	}
	s.Subscriber = r
	now := d.Service.Now()
	until, left := d.Service.Lanes.parked(t.lane.of), activation.CallTime-10*time.Second-now.Sub(start.At)
	if !until.IsZero() || left <= 0 {
		// While the intent was recorded Webex asked for a pause, or others took the
		// request for lost.
		return now, d.record(ctx, s, subscriber.RecordPostponed{Tracking: start.Tracking, Until: now.Add(time.Until(until)), At: now})
	}
	callCtx, cancel := context.WithTimeout(ctx, left)
	reply, receipt, err := s.call(callCtx, kind, start.Tracking)
	cancel()
	pause := t.answered(err)
	return d.Service.Now(), d.record(ctx, s, d.whatCame(s, start.Tracking, reply, receipt, err, pause))
}

func (s subject) call(ctx context.Context, kind subscriber.RequestKind, tracking string) (reply webex.Subscriber, receipt Receipt, err error) {
	v := s.Value
	switch kind {
	case subscriber.Provision:
		reply, receipt, err = s.webex.Provision(ctx, v.Wanted(), tracking)
		if err == nil && reply.ID == "" {
			err = &WebexError{Outcome: Unknown, Status: http.StatusOK, Message: "the reply has no subscriber id", TrackingID: receipt.TrackingID}
		}
	case subscriber.Update:
		reply, receipt, err = s.webex.Update(ctx, v.WebexID, v.UpdateFrom(), v.Profile, tracking)
	case subscriber.Remove:
		receipt, err = s.webex.Remove(ctx, v.WebexID, tracking)
	case subscriber.ResendConsent:
		receipt, err = s.webex.ResendConsent(ctx, v.WebexID, tracking)
	default:
		panic(fmt.Sprintf("activation: no request %q", kind))
	}
	return reply, receipt, err
}

// whatCame turns what a call returned into what is to be recorded. pause is how long
// everybody is to stay away.
func (d *Driver) whatCame(s subject, tracking string, reply webex.Subscriber, receipt Receipt, err error, pause time.Duration) subscriber.Command {
	now := d.Service.Now()
	if err == nil {
		return subscriber.RecordAccepted{Tracking: tracking, Record: reply, WebexSays: receipt.TrackingID, At: now}
	}
	d.complain(s.partner, err)
	var e *WebexError
	if !errors.As(err, &e) {
		return subscriber.RecordLost{Tracking: tracking, Why: err.Error(), At: now}
	}
	switch {
	case e.Outcome == NotDone || e.noAccess():
		return subscriber.RecordPostponed{Tracking: tracking, Status: e.Status, Until: now.Add(pause + d.jitter()), WebexSays: e.TrackingID, At: now}
	case e.Outcome == Refused:
		return subscriber.RecordRefused{Tracking: tracking, Status: e.Status, Errors: e.details(), WebexSays: e.TrackingID, At: now}
	}
	return subscriber.RecordLost{Tracking: tracking, Status: e.Status, Why: e.details()[0].Description, WebexSays: e.TrackingID, At: now}
}

// complain logs that Webex refuses the credentials of a partner, once a minute.
func (d *Driver) complain(partner string, err error) {
	var e *WebexError
	if !errors.As(err, &e) || !e.noAccess() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); now.Sub(d.refused[partner]) >= time.Minute {
		if d.refused == nil {
			d.refused = map[string]time.Time{}
		}
		d.refused[partner] = now
		d.Log.Error("Webex does not accept the credentials of a partner; nothing is asked for a minute", "partner", partner, "status", e.Status, "message", e.Message)
	}
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
func (d *Driver) lookUp(ctx context.Context, s subject, t *turn) (time.Time, error) {
	var found webex.Subscriber
	var ok bool
	var err error
	if s.Value.Request.Kind == subscriber.Provision {
		found, ok, err = s.webex.FindSubscriber(ctx, s.Value.Sent.UserID)
	} else {
		found, ok, err = s.webex.Subscriber(ctx, s.Value.WebexID)
	}
	t.answered(err)
	if err != nil {
		return d.unread(s, err)
	}
	now := d.Service.Now()
	return now, d.record(ctx, s, subscriber.RecordFound{Tracking: s.Value.Request.TrackingID, Found: ok, Record: found, At: now})
}

// poll sees how far Webex is with what it accepted from one subscriber.
func (d *Driver) poll(ctx context.Context, s subject, t *turn) (time.Time, error) {
	asked := d.Service.Now()
	found, ok, err := s.webex.Subscriber(ctx, s.Value.WebexID)
	now := d.Service.Now()
	t.answered(err)
	if err != nil {
		return d.unread(s, err)
	}
	d.agenda.polled(s.stream, s.Value.Request.TrackingID, now)
	return now, d.record(ctx, s, subscriber.RecordStatus{Found: ok, Record: found, At: asked})
}

// unread says when to read again after Webex could not be read: in the next turn
// that the lane gives, if it is the lane that is held up.
func (d *Driver) unread(s subject, err error) (time.Time, error) {
	d.complain(s.partner, err)
	var e *WebexError
	if !errors.As(err, &e) {
		return time.Time{}, err
	}
	if e.Outcome == NotDone || e.Outcome == Unknown || e.noAccess() {
		return d.Service.Now().Add(time.Second + d.jitter()), nil
	}
	return time.Time{}, fmt.Errorf("read from Webex: %w", e)
}

// observe notes what a list showed of a subscriber and has it looked at.
func (d *Driver) observe(stream string, o observation) {
	d.mu.Lock()
	if d.seen == nil {
		d.seen = map[string]observation{}
	}
	d.seen[stream] = o
	d.mu.Unlock()
	d.agenda.wake(stream)
}

// recordSeen records what a list showed, if it did.
func (d *Driver) recordSeen(ctx context.Context, s subject) (Subscriber, error) {
	d.mu.Lock()
	seen, ok := d.seen[s.stream]
	delete(d.seen, s.stream)
	d.mu.Unlock()
	if !ok || s.Value.Request.Phase != subscriber.Accepted || seen.record.ID != s.Value.WebexID {
		return s.Subscriber, nil
	}
	c := subscriber.Command(subscriber.RecordStatus{Found: true, Record: seen.record, At: seen.asked})
	r, err := record(ctx, d.Service, s.stream, s.Subscriber, d.causeOf(s), subscriber.Decider, c)
	if err == nil {
		err = d.outcome(ctx, s, s.Value, r.Value)
	}
	return r, err
}

// followOn has the reader of its template follow a subscriber, or not any more.
func (d *Driver) followOn(s subject) {
	v := s.Value
	if v.Request.Phase == subscriber.Accepted && activation.Follows(v) {
		d.followers.await(s.list(), v.WebexID, awaited{
			stream: s.stream, tracking: v.Request.TrackingID, since: v.Request.At, urgent: s.class < Import,
		})
		return
	}
	d.followers.forget(s.stream, v.Request.Phase == subscriber.Idle)
}

func (s subject) list() list { return list{s.partner, s.Value.ProvisioningID} }

// record records what became of a request, on top of whatever was recorded since.
func (d *Driver) record(ctx context.Context, s subject, c subscriber.Command) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	why := d.causeOf(s)
	for {
		r, err := transact(ctx, d.Service, s.stream, why, subscriber.Decider, c)
		if err == nil {
			return d.outcome(ctx, s, s.Value, r.Value)
		}
		if domain.AsRejection(err) != nil || ctx.Err() != nil {
			return err
		}
		d.Log.Error("cannot record an outcome, trying again", "stream", s.stream, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
