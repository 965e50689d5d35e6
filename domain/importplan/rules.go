package importplan

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Command is something that an import can be asked.
type Command interface{ importCommand() }

// Plan records a plan.
type Plan struct{ Planned }

// Approve agrees to it.
type Approve struct {
	Kind ApprovalKind
	By   string // account
	Role string // acting as
	At   time.Time
}

// Start has it carried out.
type Start struct{ At time.Time }

// Progress tells that all rows up to one are done.
type Progress struct {
	Done Done
	Held []Held
	At   time.Time
}

// Pause stops it for now. Brake: for want of a second administrator's approval.
type Pause struct {
	Reason string
	Brake  bool
	At     time.Time
}

// Resume has it go on.
type Resume struct{ At time.Time }

// Cancel gives it up; what is done stays done.
type Cancel struct{ At time.Time }

// Finish tells that every row is done.
type Finish struct {
	Done Done
	At   time.Time
}

// Decider is the rules.
var Decider = domain.Decider[State, Command]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
func Decide(s State, c Command) ([]domain.Event, error) {
	if plan, ok := c.(Plan); ok {
		return plan.decide(s)
	}
	if s.At.IsZero() {
		return nil, ErrNotFound
	}
	switch c := c.(type) {
	case Approve:
		return approve(s, c)
	case Start:
		return start(s, c)
	case Progress:
		return progress(s, c), nil
	case Pause:
		return pause(s, c)
	case Resume:
		return resume(s, c)
	case Cancel:
		return cancel(s, c)
	case Finish:
		return finish(s, c)
	}
	panic(fmt.Sprintf("importplan: no rule for %T", c))
}

// MaxText is how many characters names and reasons may have.
const MaxText = 500

func (c Plan) decide(s State) ([]domain.Event, error) {
	if !s.At.IsZero() {
		return nil, nil
	}
	var f domain.Fields
	for field, text := range map[string]string{"fileName": c.FileName, "customer": c.Customer, "template": c.Template} {
		if utf8.RuneCountInString(text) > MaxText {
			f.Add(field, domain.TooLong, fmt.Sprintf("must have at most %d characters", MaxText))
		}
	}
	if c.Undoes == uuid.Nil && c.Behaviour != Merge && c.Behaviour != Sync {
		f.Add("behaviour", domain.Malformed, "must be one of merge, sync")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return []domain.Event{c.Planned}, nil
}

func approve(s State, c Approve) ([]domain.Event, error) {
	switch status := s.Status(c.At); {
	case s.Has(c.Kind):
		return nil, nil
	case status == Expired:
		return nil, ErrExpired
	case status == Ended || status == Given:
		return nil, ErrOver
	case c.Kind != Whole && c.Kind != Removals && c.Kind != Second:
		var f domain.Fields
		f.Add("kind", domain.Malformed, "must be one of plan, removals, second")
		return nil, f.Err()
	case !slices.Contains(s.Missing(), c.Kind):
		return nil, ErrNotNeeded
	case c.Kind == Second && c.Role != domain.RoleAdmin:
		return nil, ErrAdminNeeded
	case c.Kind == Second && s.tookPart(c.By), c.Kind != Second && s.second() == c.By:
		return nil, ErrSamePerson
	}
	return []domain.Event{Approved{Kind: c.Kind, By: c.By, At: c.At}}, nil
}

// tookPart says whether somebody planned or approved.
func (s State) tookPart(by string) bool {
	return s.By == by || slices.ContainsFunc(s.Approvals, func(a Approved) bool { return a.Kind != Second && a.By == by })
}

// second returns who approved as the second administrator; empty: nobody.
func (s State) second() string {
	for _, a := range s.Approvals {
		if a.Kind == Second {
			return a.By
		}
	}
	return ""
}

// unapproved says which approval is missing.
func (s State) unapproved() error {
	for _, kind := range s.Missing() {
		return map[ApprovalKind]error{Whole: ErrApproval, Removals: ErrRemovals, Second: ErrSecond}[kind]
	}
	return nil
}

func start(s State, c Start) ([]domain.Event, error) {
	switch {
	case !s.Started.IsZero():
		return nil, nil
	case !s.Cancelled.IsZero():
		return nil, ErrOver
	case s.Status(c.At) == Expired:
		return nil, ErrExpired
	}
	if err := s.unapproved(); err != nil {
		return nil, err
	}
	return []domain.Event{Started{At: c.At}}, nil
}

func progress(s State, c Progress) []domain.Event {
	if s.Started.IsZero() || !s.Finished.IsZero() || c.Done.Rows <= s.Done.Rows {
		return nil
	}
	return []domain.Event{Progressed{Done: c.Done, Held: c.Held, At: c.At}}
}

func (s State) over() bool { return !s.Finished.IsZero() || !s.Cancelled.IsZero() }

func pause(s State, c Pause) ([]domain.Event, error) {
	switch {
	case s.over():
		return nil, ErrOver
	case s.Started.IsZero():
		return nil, ErrNotStarted
	case s.Paused && (s.Brake || !c.Brake):
		return nil, nil
	case c.Brake && s.Has(Second):
		return nil, nil
	}
	return []domain.Event{Paused{Reason: c.Reason, Brake: c.Brake, At: c.At}}, nil
}

func resume(s State, c Resume) ([]domain.Event, error) {
	switch {
	case s.over():
		return nil, ErrOver
	case s.Started.IsZero():
		return nil, ErrNotStarted
	case !s.Paused:
		return nil, nil
	}
	if err := s.unapproved(); err != nil {
		return nil, err
	}
	return []domain.Event{Resumed{At: c.At}}, nil
}

func cancel(s State, c Cancel) ([]domain.Event, error) {
	switch {
	case !s.Cancelled.IsZero():
		return nil, nil
	case !s.Finished.IsZero():
		return nil, ErrOver
	}
	return []domain.Event{Cancelled{At: c.At}}, nil
}

func finish(s State, c Finish) ([]domain.Event, error) {
	switch {
	case !s.Finished.IsZero():
		return nil, nil
	case s.Started.IsZero():
		return nil, ErrNotStarted
	case !s.Cancelled.IsZero():
		return nil, ErrOver
	}
	return []domain.Event{Finished{Done: c.Done, At: c.At}}, nil
}

func (Plan) importCommand() {}

func (Approve) importCommand() {}

func (Start) importCommand() {}

func (Progress) importCommand() {}

func (Pause) importCommand() {}

func (Resume) importCommand() {}

func (Cancel) importCommand() {}

func (Finish) importCommand() {}
