// Package userstatus answers: who are our subscribers, how far are they, and what
// do they wait for? It is the rows that licences and activations are read from
// as well.
package userstatus

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Row is one subscriber in its current or last life.
type Row struct {
	ID       uuid.UUID
	Partner  string
	Version  int             // of the stream
	Position domain.Position // of the stream's last entry
	subscriber.State
}

// Stream returns the name of the subscriber's stream.
func (r Row) Stream() string { return domain.StreamOf(subscriber.Kind, r.ID) }

// Pending returns the requirement that somebody has to meet before it goes on;
// empty: none.
func (r Row) Pending() webex.Status {
	switch status := r.Status(); status {
	case webex.PendingEmailInput, webex.PendingEmailValidation, webex.PendingUserMigration:
		return status
	}
	return ""
}

// SelfActivated says whether the subscriber came by themselves.
func (r Row) SelfActivated() bool { return r.Flow == subscriber.SelfActivation }

// NextTry returns when the process will look at the subscriber again; open is
// false while only a person can bring it further.
func (r Row) NextTry() (at time.Time, open bool) { return activation.Due(r.State) }

// Class is how a subscriber counts for licences.
type Class int

// The classes.
const (
	Pending  Class = iota // onboarded, not yet at Webex
	Assigned              // holds the licences of its package
	Removed               // no longer at Webex
)

// Class returns how the subscriber counts. One that failed or is being removed
// holds its licences as long as a person exists at Webex.
func (r Row) Class() Class {
	switch r.Status() {
	case webex.Removed:
		return Removed
	case webex.Provisioned, webex.Updating:
		return Assigned
	case webex.Failed, webex.Removing:
		if r.PersonID != "" {
			return Assigned
		}
	}
	return Pending
}

// seq is the place of a row in the order of the list: when it was created, by the
// millisecond, then when that was recorded. One millisecond does not hold four
// million entries, so no two rows share a place.
func (r Row) seq(onboarded domain.Position) int64 {
	return firstSeq(r.Created) | int64(onboarded)&(1<<seqBits-1)
}

const seqBits = 22

var seqEpoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// firstSeq is the lowest place of a row created in the same millisecond as t.
func firstSeq(t time.Time) int64 {
	ms := t.UnixMilli() - seqEpoch.UnixMilli()
	return min(max(ms, 0), 1<<40-1) << seqBits
}
