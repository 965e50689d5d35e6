package simulation

import (
	"context"
	"errors"
	"time"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// webexBugs are in the client of Webex.
var webexBugs = []bug{
	{"repeat-post", oneRequest, "a request without a reply is sent again at once", func(p *program, _ *chance) {
		p.client(brokenWebex{write: func(call func() error) error {
			err := call()
			if is(err, commands.Unknown) {
				err = call()
			}
			return err
		}})
	}},
	{"repeat-429", noCallInRetryAfter, "a request that came too early is sent again at once", func(p *program, _ *chance) {
		p.client(brokenWebex{write: func(call func() error) error {
			err := call()
			if is(err, commands.NotDone) {
				err = call()
			}
			return err
		}})
	}},
	{"strip-retry-after", noCallInRetryAfter, "Retry-After is not read", func(p *program, _ *chance) {
		strip := func(call func() error) error {
			return altered(call(), func(e *commands.WebexError) { e.RetryAfter = 0 })
		}
		p.client(brokenWebex{write: strip, read: strip})
	}},
	{"lost-as-refused", noOrphan, "no reply counts as a refusal", func(p *program, _ *chance) {
		p.client(brokenWebex{write: func(call func() error) error {
			return altered(call(), func(e *commands.WebexError) {
				if e.Outcome == commands.Unknown {
					e.Outcome = commands.Refused
				}
			})
		}})
	}},
	{"lost-as-not-done", oneRecord, "no reply counts as not carried out", func(p *program, _ *chance) {
		p.client(brokenWebex{write: func(call func() error) error {
			return altered(call(), func(e *commands.WebexError) {
				if e.Outcome == commands.Unknown {
					e.Outcome = commands.NotDone
				}
			})
		}})
	}},
	{"lost-as-done", webexAgrees, "no reply counts as accepted", func(p *program, _ *chance) {
		p.client(brokenWebex{write: func(call func() error) error {
			err := call()
			if is(err, commands.Unknown) {
				return nil
			}
			return err
		}})
	}},
	{"keep-record", noOrphan, "a record is not removed at Webex, only here", func(p *program, _ *chance) {
		p.client(brokenWebex{remove: func() error { return nil }})
	}},
	{"lost-look-up", oneRecord, "a look-up without a reply counts as not found", func(p *program, _ *chance) {
		p.client(brokenWebex{find: func(look look, userID string) (webex.Subscriber, bool, error) {
			s, found, err := look(userID)
			if is(err, commands.Unknown) {
				err = nil
			}
			return s, found, err
		}})
	}},
	{"cached-look-up", oneRecord, "what was not found counts as not there for ten minutes", func(p *program, _ *chance) {
		absent := map[string]time.Time{}
		p.client(brokenWebex{find: func(look look, userID string) (webex.Subscriber, bool, error) {
			p.mu.Lock()
			at, known := absent[userID]
			p.mu.Unlock()
			if known && time.Since(at) < 10*time.Minute {
				return webex.Subscriber{}, false, nil
			}
			s, found, err := look(userID)
			if err == nil && !found {
				p.mu.Lock()
				defer p.mu.Unlock()
				absent[userID] = time.Now()
			}
			return s, found, err
		}})
	}},
	{"other-look-up", noOrphan, "another user than the one asked for is looked up", func(p *program, _ *chance) {
		var first string
		p.client(brokenWebex{find: func(look look, userID string) (webex.Subscriber, bool, error) {
			p.mu.Lock()
			if first == "" {
				first = userID
			}
			ask := first
			p.mu.Unlock()
			return look(ask)
		}})
	}},
	{"mixed-up-list", webexAgrees, "of two records in a list each is taken for the other", func(p *program, _ *chance) {
		p.client(brokenWebex{page: func(list list, f commands.WebexFilter, from string) (commands.WebexPage, error) {
			page, err := list(f, from)
			for i := 1; i < len(page.Records); i += 2 {
				a, b := &page.Records[i-1], &page.Records[i]
				a.ID, b.ID = b.ID, a.ID
			}
			return page, err
		}})
	}},
}

// list reads one page of a list.
type list func(commands.WebexFilter, string) (commands.WebexPage, error)

// look reads one record by its id or by a user id.
type look func(string) (webex.Subscriber, bool, error)

// client breaks the way to Webex.
func (p *program) client(broken brokenWebex) {
	honest := p.service.Webex
	p.service.Webex = func(partner string) commands.Webex {
		b := broken
		if b.Webex = honest(partner); b.Webex == nil {
			return nil
		}
		return b
	}
}

// brokenWebex is a client that does some things otherwise; what is nil it does as
// it should.
type brokenWebex struct {
	commands.Webex
	write     func(call func() error) error // something that changes
	read      func(call func() error) error
	remove    func() error
	find, get func(look, string) (webex.Subscriber, bool, error)
	page      func(list, commands.WebexFilter, string) (commands.WebexPage, error)
}

// Provision implements commands.Webex.
func (b brokenWebex) Provision(ctx context.Context, r webex.Request, tracking string) (s webex.Subscriber, receipt commands.Receipt, err error) {
	err = through(b.write, func() (err error) { s, receipt, err = b.Webex.Provision(ctx, r, tracking); return err })
	return s, receipt, err
}

// Update implements commands.Webex.
func (b brokenWebex) Update(ctx context.Context, id string, from, to webex.Profile, tracking string) (s webex.Subscriber, receipt commands.Receipt, err error) {
	err = through(b.write, func() (err error) { s, receipt, err = b.Webex.Update(ctx, id, from, to, tracking); return err })
	return s, receipt, err
}

// Remove implements commands.Webex.
func (b brokenWebex) Remove(ctx context.Context, id, tracking string) (receipt commands.Receipt, err error) {
	if b.remove != nil {
		return commands.Receipt{}, b.remove()
	}
	err = through(b.write, func() (err error) { receipt, err = b.Webex.Remove(ctx, id, tracking); return err })
	return receipt, err
}

// ResendConsent implements commands.Webex.
func (b brokenWebex) ResendConsent(ctx context.Context, id, tracking string) (receipt commands.Receipt, err error) {
	err = through(b.write, func() (err error) { receipt, err = b.Webex.ResendConsent(ctx, id, tracking); return err })
	return receipt, err
}

// Subscriber implements commands.Webex.
func (b brokenWebex) Subscriber(ctx context.Context, id string) (s webex.Subscriber, found bool, err error) {
	if b.get != nil {
		return b.get(func(id string) (webex.Subscriber, bool, error) { return b.Webex.Subscriber(ctx, id) }, id)
	}
	err = through(b.read, func() (err error) { s, found, err = b.Webex.Subscriber(ctx, id); return err })
	return s, found, err
}

// FindSubscriber implements commands.Webex.
func (b brokenWebex) FindSubscriber(ctx context.Context, userID string) (s webex.Subscriber, found bool, err error) {
	if b.find != nil {
		return b.find(func(id string) (webex.Subscriber, bool, error) { return b.Webex.FindSubscriber(ctx, id) }, userID)
	}
	err = through(b.read, func() (err error) { s, found, err = b.Webex.FindSubscriber(ctx, userID); return err })
	return s, found, err
}

// Page implements commands.Webex.
func (b brokenWebex) Page(ctx context.Context, f commands.WebexFilter, from string) (page commands.WebexPage, err error) {
	if b.page != nil {
		return b.page(func(f commands.WebexFilter, from string) (commands.WebexPage, error) {
			return b.Webex.Page(ctx, f, from)
		}, f, from)
	}
	err = through(b.read, func() (err error) { page, err = b.Webex.Page(ctx, f, from); return err })
	return page, err
}

func through(way func(func() error) error, call func() error) error {
	if way == nil {
		return call()
	}
	return way(call)
}

// is says whether an error has this outcome.
func is(err error, outcome commands.Outcome) bool {
	var e *commands.WebexError
	return errors.As(err, &e) && e.Outcome == outcome
}

// altered changes what Webex said, or did not say.
func altered(err error, change func(*commands.WebexError)) error {
	var e *commands.WebexError
	if errors.As(err, &e) {
		other := *e
		change(&other)
		return &other
	}
	return err
}
