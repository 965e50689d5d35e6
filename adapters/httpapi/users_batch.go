package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// mostAtOnce is how many users one request may add; more of them are a file.
const mostAtOnce = 25

// addedUser is the verdict on one user of a batch, as on a row of a file.
type addedUser struct {
	importRow
	ID string `json:"id,omitempty"` // of a user who is there now
}

// addedUsers is the answer to a batch.
type addedUsers struct {
	importProgress
	Users []addedUser `json:"users"`
}

// addUsers serves POST /api/users/batch. Each user is a request of its own: what
// is wrong with one does not hold up the others.
func (a *api) addUsers(w http.ResponseWriter, c *call) error {
	var body struct {
		Users []jsontext.Value `json:"users"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	var f domain.Fields
	switch n := len(body.Users); {
	case n == 0:
		f.Add("users", domain.Missing, "is empty; name at least one user")
	case n > mostAtOnce:
		f.Add("users", domain.TooLong, fmt.Sprintf("has %d users, and one request takes at most %d; leave out users[%d] and those after it, or import all of them as a CSV file", n, mostAtOnce, mostAtOnce))
	}
	for i, text := range body.Users {
		if text.Kind() != '{' {
			f.Add(fmt.Sprintf("users[%d]", i), domain.Malformed, "must be an object")
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	answer := addedUsers{Users: make([]addedUser, 0, len(body.Users))}
	users := batch{api: a, c: c, why: why, seen: map[string]bool{}}
	var last domain.Position
	for i, text := range body.Users {
		added, at, err := users.add(i, text)
		if err != nil {
			return err
		}
		last = max(last, at)
		answer.importProgress.add(added.Verdict)
		answer.Users = append(answer.Users, added)
	}
	a.wait(w, c, last)
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// batch is users being added one after the other.
type batch struct {
	*api
	c    *call
	why  domain.Cause
	seen map[string]bool // user ids and addresses of those who are there
}

// add adds one user. In the same request again, each user is the same command.
func (b *batch) add(i int, text jsontext.Value) (added addedUser, at domain.Position, err error) {
	var body newUser
	err = parse(text, &body, true)
	req, err := b.asked(b.c, body, err)
	asked, repairs := body.onboard().Clean()
	added.Row, added.UserID, added.Repairs = i+1, asked.Profile.UserID, repairs
	if err == nil {
		err = b.unseen(asked)
	}
	var id uuid.UUID
	var r commands.Subscriber
	if err == nil {
		why := b.why
		if why.Command != uuid.Nil {
			why.Command = domain.NameID("batch", why.Command.String(), strconv.Itoa(i))
		}
		id, r, err = b.onboardFor(b.c, req, why)
	}
	switch no := domain.AsRejection(err); {
	case errors.Is(err, commands.ErrKeyReused), err != nil && no == nil:
		return added, 0, err
	case no != nil:
		added.Verdict, added.Reason, added.Repairs = commands.Reject, no.Error(), nil
		added.Fields = showFields(no.Fields, fmt.Sprintf("users[%d].", i))
		return added, 0, nil
	case r.Changed:
		added.Verdict = commands.Create
	default:
		added.Verdict = commands.Unchanged
	}
	added.ID = id.String()
	b.remember(asked)
	return added, r.Position, nil
}

// unseen refuses a user who comes for the second time, and an address that does.
func (b *batch) unseen(asked subscriber.Onboard) error {
	var f domain.Fields
	if b.seen["userId "+subscriber.FoldUserID(asked.Profile.UserID)] {
		f.Add("userId", domain.Malformed, "is the same as that of an earlier user; keep one of the two")
	}
	if b.seen["email "+subscriber.CanonicalEmail(asked.Email)] {
		f.Add("email", domain.Malformed, "is the same as that of an earlier user; every user needs an address of their own")
	}
	return f.Err()
}

func (b *batch) remember(asked subscriber.Onboard) {
	b.seen["userId "+subscriber.FoldUserID(asked.Profile.UserID)] = true
	if asked.Email != "" {
		b.seen["email "+subscriber.CanonicalEmail(asked.Email)] = true
	}
}
