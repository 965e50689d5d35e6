package commands

import (
	"context"
	"hash/maphash"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"ledgerline/domain/drift"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// own compares a user with its own record.
func (s *scanning) own(ctx context.Context, c drift.Compared, changed bool, r webex.Subscriber) error {
	f, verdict := drift.Own(c, r)
	return s.judged(ctx, f, verdict, changed)
}

// stranger judges a record that the ledger does not know.
func (s *scanning) stranger(ctx context.Context, r webex.Subscriber) error {
	if subscriber.FoldUserID(r.UserID) == "" || r.ID == "" {
		s.counts.Unreadable++
		return nil
	}
	c, changed, err := s.user(ctx, subscriber.ID(s.partner, r.UserID))
	if err == nil && c.Claimed != uuid.Nil {
		c, changed, err = s.user(ctx, c.Claimed)
	}
	if err != nil {
		return err
	}
	if c.WebexID == r.ID {
		return s.own(ctx, c, changed, r) // of another template or customer, as far as the ledger knows
	}
	gone := false
	if c.WebexID != "" && !changed && c.AtRest() {
		_, there, err := s.lookUp(ctx, c.WebexID)
		if err != nil {
			return err
		}
		if gone = !there; gone {
			s.saw(c)
		}
	}
	f, verdict := drift.Stranger(c, r, gone)
	if _, twice := s.unknown[c.ID]; twice && verdict == drift.Different {
		f.Kind, f.Propose = drift.Duplicate, drift.Ignore
	}
	if verdict == drift.Different && !changed {
		s.unknown[c.ID] = struct{}{}
	}
	return s.judged(ctx, f, verdict, changed)
}

// saw notes that a user's own record need not be looked for any more.
func (s *scanning) saw(c drift.Compared) {
	hash := maphash.String(s.seed, c.WebexID)
	for i := range s.known {
		if s.known[i].hash == hash && s.known[i].user == c.ID {
			s.known[i].seen = true
		}
	}
}

func (s *scanning) confirm(ctx context.Context, user uuid.UUID) error {
	c, changed, err := s.user(ctx, user)
	if err != nil {
		return err
	}
	if changed || !c.AtRest() {
		s.counts.InMotion++
		return nil
	}
	r, there, err := s.lookUp(ctx, c.WebexID)
	if err != nil {
		return err
	}
	if there {
		s.counts.Records++
		return s.own(ctx, c, changed, r)
	}
	f, verdict := drift.Absent(c)
	if verdict == drift.Different {
		err = s.ask(ctx, func(w WebexReads) (err error) {
			r, there, err = w.FindSubscriber(ctx, c.Applied.UserID)
			return err
		})
		if err != nil {
			return err
		}
		switch {
		case there && r.ID == c.WebexID:
			verdict = drift.InMotion
		case there && !s.strangers[maphash.String(s.seed, r.ID)]:
			s.counts.Records++
			f, verdict = drift.Stranger(c, r, true)
		}
	}
	// What was recorded while Webex was asked speaks against the answer.
	if c, changed, err = s.user(ctx, user); err != nil {
		return err
	}
	return s.judged(ctx, f, verdict, changed)
}

// lookUp reads one record.
func (s *scanning) lookUp(ctx context.Context, webexID string) (r webex.Subscriber, there bool, err error) {
	s.looked++
	err = s.ask(ctx, func(w WebexReads) (err error) {
		r, there, err = w.Subscriber(ctx, webexID)
		return err
	})
	return r, there, err
}

// user reads a subscriber, and whether something was recorded of it since the
// scan began.
func (s *scanning) user(ctx context.Context, id uuid.UUID) (c drift.Compared, changed bool, err error) {
	r, err := read(ctx, s.Service, s.partner, streamOf(id), subscriber.Decider)
	return drift.Compared{ID: id, Version: r.Version, State: r.Value}, r.Position > s.from, err
}

// judged counts a verdict and keeps the finding.
func (s *scanning) judged(ctx context.Context, f drift.Finding, verdict drift.Verdict, changed bool) error {
	switch {
	case changed || verdict == drift.InMotion:
		s.counts.InMotion++
		return nil
	case verdict == drift.Same:
		return nil
	}
	body, err := jsonv2.Marshal(f)
	if err != nil {
		return err
	}
	if len(body) > batchBytes {
		s.counts.Unreadable++
		return nil
	}
	if len(s.found) == batchFindings || s.size+len(body) > batchBytes {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	s.found, s.size = append(s.found, f), s.size+len(body)
	return nil
}
