package simulation

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
)

// plumbingBugs are in clocks, ids, wake-ups, views, and in who believes to be alone.
var plumbingBugs = []bug{
	{"two-soles", oneRequest, "of two programs, killed every few minutes, each takes what the other sends for interrupted", func(p *program, c *chance) {
		p.driver.Sole = true
		p.w.clock.after(c.between(0, 4*time.Minute), func() {
			if p.w.bad() {
				p.kill()
			}
		})
	}},
	{"clock-ahead", oneRequest, "clocks of two programs are two minutes apart", func(p *program, _ *chance) {
		p.skew += time.Duration(p.n%2) * 2 * time.Minute
	}},
	{"clock-backwards", resolvedIn15m, "the clock runs backwards", func(p *program, _ *chance) {
		began := time.Now()
		p.service.Now = func() time.Time { return began.Add(-time.Since(began)).UTC().Truncate(time.Millisecond) }
	}},
	{"same-ids", repeatIsHarmless, "each program starts counting its ids at one", func(p *program, _ *chance) {
		var last uint64
		p.service.NewID = func() (id uuid.UUID) {
			p.mu.Lock()
			defer p.mu.Unlock()
			last++
			binary.BigEndian.PutUint64(id[:], last)
			return id
		}
	}},
	{"drop-wake-up", comesToRest, "every other wake-up is lost", func(p *program, c *chance) {
		wake := p.wake
		p.wake = func(stream string) {
			if c.in(0.5) {
				wake(stream)
			}
		}
	}},
	{"drop-hold", holdIsHeeded, "nobody is told that a hold was placed or lifted", func(p *program, _ *chance) {
		wake := p.wake
		p.wake = func(stream string) {
			if kind, _, _ := domain.SplitStream(stream); kind != hold.Kind {
				wake(stream)
			}
		}
	}},
	{"forget-accepted", comesToRest, "an accepted request is not followed after a restart", func(p *program, _ *chance) {
		open := p.driver.Open
		p.driver.Open = func(ctx context.Context, yield func(string)) error {
			return open(ctx, func(stream string) {
				if p.w.views.phase(stream) != subscriber.Accepted {
					yield(stream)
				}
			})
		}
	}},
	{"early-checkpoint", viewsEqualRebuild, "a view's checkpoint is stored before its rows, and a program that starts skips an entry", func(p *program, _ *chance) {
		p.w.views.move(+1)
	}},
	{"late-checkpoint", viewsEqualRebuild, "a view's checkpoint is lost, and a program that starts applies an entry again", func(p *program, _ *chance) {
		p.w.views.move(-1)
	}},
}

// phase is what the views know of a subscriber's last request.
func (v *views) phase(stream string) subscriber.Phase {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r := v.rows[stream]; r != nil {
		return r.Request.Phase
	}
	return subscriber.Idle
}

// move moves the checkpoint, within the log.
func (v *views) move(by int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.applied = min(max(0, v.applied+by), len(v.log))
}
