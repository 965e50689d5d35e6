package drift

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Verdict is what a comparison came to.
type Verdict int

// The verdicts.
const (
	Same      Verdict = iota // nothing differs
	InMotion                 // something is under way, here or there: not to be judged
	Different                // see the finding
)

// Compared is the user that a comparison is about.
type Compared struct {
	ID      uuid.UUID
	Version int // of its stream
	subscriber.State
}

func (c Compared) finding(kind Kind, webexID string) Finding {
	return Finding{Kind: kind, Subscriber: c.ID, Version: c.Version, WebexID: webexID, Propose: kind.Actions()[0]}
}

// Own compares a user with its own record at Webex. The values of one that is
// stopped are not compared: its failed try may have left either.
func Own(c Compared, r webex.Subscriber) (Finding, Verdict) {
	settling := r.Status == webex.Provisioning || r.Status == webex.Updating
	if c.WebexID != r.ID || !c.AtRest() || settling || !slices.Contains(webex.Statuses, r.Status) {
		return Finding{}, InMotion
	}
	fields := c.DiffersFrom(r)
	var f Finding
	switch {
	case !c.Expects(r.Status):
		f = c.finding(Status, r.ID)
		fields = []string{"status"}
	case c.Stage == subscriber.Stopped || len(fields) == 0:
		return Finding{}, Same
	case slices.Equal(fields, []string{"package"}):
		f = c.finding(Package, r.ID)
	default:
		f = c.finding(Details, r.ID)
	}
	f.Fields, f.Here, f.There = fields, Here(c.State), There(r)
	return f, Different
}

// Stranger judges a record that is not known here, by the user whose BroadWorks
// user id it shows. gone says that the record of that user, if it has one, is not
// at Webex any more.
func Stranger(c Compared, r webex.Subscriber, gone bool) (Finding, Verdict) {
	if c.WebexID != "" && !c.AtRest() {
		return Finding{}, InMotion
	}
	f := c.finding(Unknown, r.ID)
	f.There = There(r)
	if c.Here() {
		f.Here = Here(c.State)
	}
	if gone {
		f.Replaces = c.WebexID
	}
	_, err := subscriber.Decide(c.State, subscriber.Adopt{Record: r, Replaces: f.Replaces})
	switch {
	case errors.Is(err, subscriber.ErrNotAtRest), errors.Is(err, subscriber.ErrClaimed):
		return Finding{}, InMotion
	case errors.Is(err, subscriber.ErrOtherRecord):
		f.Kind = Duplicate
		f.Propose = Ignore
	case err != nil:
		f.Propose = Ignore
	}
	return f, Different
}

// Absent judges a user whose record is not at Webex.
func Absent(c Compared) (Finding, Verdict) {
	switch {
	case !c.AtRest():
		return Finding{}, InMotion
	case !c.AtWebex():
		return Finding{}, Same // what a failed try left is not missed
	}
	f := c.finding(Missing, c.WebexID)
	f.Here = Here(c.State)
	return f, Different
}

// leastExpected is how many users must be expected before a list without a single
// one of them is taken for the list of somebody else.
const leastExpected = 10

// Foreign says whether a list is taken for that of another organisation, because
// it has none of the users that are expected in it.
func Foreign(expected, seen int) bool { return seen == 0 && expected >= leastExpected }
