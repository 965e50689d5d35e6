package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
)

// logBugs are in what is recorded, and in what is read of it.
var logBugs = []bug{
	{"acknowledge-first", acknowledgedIsRecorded, "a command is acknowledged before it is recorded", func(p *program, c *chance) {
		p.usersLog(brokenLog{append: func(ctx context.Context, l commands.EventLog, a appending) (domain.Position, error) {
			p.w.clock.after(c.between(time.Millisecond, 5*time.Second), func() { _, _ = a.to(context.WithoutCancel(ctx), l) })
			return domain.Position(len(p.w.known()) + len(a.events)), nil
		}})
	}},
	{"drop-append", acknowledgedIsRecorded, "one append in twenty is acknowledged and dropped", func(p *program, c *chance) {
		p.usersLog(brokenLog{append: func(ctx context.Context, l commands.EventLog, a appending) (domain.Position, error) {
			if c.in(0.05) {
				return domain.Position(len(p.w.known()) + len(a.events)), nil
			}
			return a.to(ctx, l)
		}})
	}},
	{"torn-append", answersAgree, "of several events only the first is recorded", func(p *program, _ *chance) {
		p.usersLog(brokenLog{append: func(ctx context.Context, l commands.EventLog, a appending) (domain.Position, error) {
			a.events = a.events[:1]
			return a.to(ctx, l)
		}})
	}},
	{"blind-append", oneRequest, "what was decided is recorded on top of what others recorded since", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{append: func(ctx context.Context, l commands.EventLog, a appending) (domain.Position, error) {
			for {
				at, err := a.to(ctx, l)
				if !errors.Is(err, commands.ErrStale) {
					return at, err
				}
				a.expected++
			}
		}})
	}},
	{"lose-claim", intentFirst, "a request is sent although somebody else was faster to record something", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{append: func(ctx context.Context, l commands.EventLog, a appending) (domain.Position, error) {
			at, err := a.to(ctx, l)
			if a.isRequest() && errors.Is(err, commands.ErrStale) {
				return 1, nil
			}
			return at, err
		}})
	}},
	{"no-intent", intentFirst, "a request is sent although the log refused its intent", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{append: func(ctx context.Context, l commands.EventLog, a appending) (domain.Position, error) {
			at, err := a.to(ctx, l)
			if a.isRequest() && !errors.Is(err, commands.ErrStale) {
				return 1, nil
			}
			return at, err
		}})
	}},
	{"forget-commands", repeatIsHarmless, "a command that is recorded is not recognised when it is repeated", func(p *program, _ *chance) {
		p.usersLog(brokenLog{read: func(entries []domain.Entry) {
			for i := range entries {
				entries[i].ID = uuid.Nil
			}
		}})
	}},
	{"no-settle-time", oneRecord, "a lost request is looked up at once, and what is not there yet counts as absent", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(e subscriber.RequestLost) domain.Event {
			e.At = e.At.Add(-activation.SettleTime)
			return e
		})})
	}},
	{"no-look-up", oneRecord, "a lost request counts as absent", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(e subscriber.RequestLost) domain.Event {
			return subscriber.RequestAbsent{Kind: e.Kind, At: e.At}
		})})
	}},
	{"early-retry", retryAsPlanned, "a planned retry is started at once", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(e subscriber.RetryPlanned) domain.Event {
			e.Until = e.At
			return e
		})})
	}},
	{"forget-tries", retryAsPlanned, "planned retries are not counted", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(e subscriber.RetryPlanned) domain.Event {
			e.Try = 0
			return e
		})})
	}},
	{"forget-cancel", retryAsPlanned, "that a retry was cancelled is not seen", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(subscriber.RetryCancelled) domain.Event { return hold.Lifted{} })})
	}},
	{"forget-plan", comesToRest, "that a retry is planned is not seen", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(subscriber.RetryPlanned) domain.Event { return hold.Lifted{} })})
	}},
	{"forget-hold", holdIsHeeded, "that a hold was placed is not seen", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(hold.Placed) domain.Event { return hold.Lifted{} })})
	}},
	{"forget-lifting", comesToRest, "that a hold was lifted is not seen", func(p *program, _ *chance) {
		p.enginesLog(brokenLog{read: rewrite(func(e hold.Lifted) domain.Event { return hold.Placed{} })})
	}},
	{"any-outcome", oneRequest, "an outcome is recorded whatever request it is of", func(p *program, _ *chance) {
		sent := map[string]string{} // tracking id of the last request that this program sent, by stream
		p.enginesLog(brokenLog{
			append: func(ctx context.Context, l commands.EventLog, a appending) (domain.Position, error) {
				at, err := a.to(ctx, l)
				if err == nil && a.isRequest() {
					p.mu.Lock()
					defer p.mu.Unlock()
					sent[a.stream] = a.events[0].(subscriber.RequestStarted).TrackingID
				}
				return at, err
			},
			read: func(entries []domain.Entry) {
				p.mu.Lock()
				defer p.mu.Unlock()
				for i, e := range entries {
					if started, ok := e.Event.(subscriber.RequestStarted); ok && sent[e.Stream] != "" {
						started.TrackingID = sent[e.Stream]
						entries[i].Event = started
					}
				}
			},
		})
	}},
}

// usersLog breaks the log of what users and administrators ask for.
func (p *program) usersLog(broken brokenLog) {
	broken.EventLog = p.service.Log
	service := *p.service
	service.Log = broken
	p.service = &service
}

// enginesLog breaks the log of the driver.
func (p *program) enginesLog(broken brokenLog) {
	broken.EventLog = p.driver.Service.Log
	service := *p.driver.Service
	service.Log = broken
	p.driver.Service = &service
}

// brokenLog is a log that appends otherwise, or shows other entries than it has.
type brokenLog struct {
	commands.EventLog
	append func(context.Context, commands.EventLog, appending) (domain.Position, error) // nil: as it should
	read   func([]domain.Entry)                                                         // nil: as it should
}

// appending is one append.
type appending struct {
	stream   string
	expected int
	why      domain.Cause
	events   []domain.Event
}

func (a appending) to(ctx context.Context, l commands.EventLog) (domain.Position, error) {
	return l.Append(ctx, a.stream, a.expected, a.why, a.events...)
}

// isRequest says whether it records that a request is about to be sent.
func (a appending) isRequest() bool {
	_, ok := a.events[0].(subscriber.RequestStarted)
	return ok
}

// Append implements commands.EventLog.
func (l brokenLog) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	a := appending{stream, expected, why, events}
	if l.append == nil {
		return a.to(ctx, l.EventLog)
	}
	return l.append(ctx, l.EventLog, a)
}

// ReadStream implements commands.EventLog.
func (l brokenLog) ReadStream(ctx context.Context, stream string) ([]domain.Entry, error) {
	entries, err := l.EventLog.ReadStream(ctx, stream)
	if err == nil && l.read != nil {
		l.read(entries)
	}
	return entries, err
}

// rewrite shows events of one type as others.
func rewrite[E domain.Event](as func(E) domain.Event) func([]domain.Entry) {
	return func(entries []domain.Entry) {
		for i := range entries {
			if e, ok := entries[i].Event.(E); ok {
				entries[i].Event = as(e)
			}
		}
	}
}
