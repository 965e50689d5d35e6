package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"ledgerline/commands"
)

// fromViews makes a handler answer only while the views hold all that it may ask
// them for. That they are a little behind is no reason to refuse.
func fromViews(serve func(*api, http.ResponseWriter, *call) error) func(*api, http.ResponseWriter, *call) error {
	return func(a *api, w http.ResponseWriter, c *call) error {
		if err := a.whole(c); err != nil {
			return err
		}
		return serve(a, w, c)
	}
}

// whole says why the views must not be asked: they stopped, or are being built.
// A build that is nearly done is waited for.
func (a *api) whole(c *call) error {
	if err := a.stopped(c); err != nil {
		return err
	}
	if !a.building() {
		return nil
	}
	l, err := a.lag(c.Context())
	if err != nil {
		return err
	}
	if l.Behind <= soonBuilt && a.caughtUp(c, 0) == nil {
		return nil
	}
	return &refusal{
		status: http.StatusServiceUnavailable, name: "building", title: "Views are being built", retry: 5,
		detail: fmt.Sprintf("Views are being built, %d of %d positions of the log. Lists are served once they are complete. Try again.", l.Applied, l.Head),
	}
}

// soonBuilt is how many positions a build may be behind to be worth waiting for.
const soonBuilt = 10_000

func (a *api) building() bool {
	for _, m := range a.Views.Status() {
		if m.Building {
			return true
		}
	}
	return false
}

// stopped says why the views do not get on. An error that keeps nothing from them
// does not count: it is forgotten with the next entry.
func (a *api) stopped(c *call) error {
	err := a.Views.Err()
	if err == nil {
		return nil
	}
	var damaged *commands.DamagedError
	if errors.As(err, &damaged) {
		return &refusal{
			status: http.StatusServiceUnavailable, name: "damaged", title: "Damaged record", retry: 60,
			detail: "The views stopped before the record at position " + damaged.Position.String() + " of the log, which is damaged, so lists are not served. Restore the log from a backup.",
		}
	}
	l, lagErr := a.lag(c.Context())
	switch {
	case lagErr != nil:
		return lagErr
	case l.Behind == 0:
		return nil
	case noRoom(err):
		return errFull
	}
	return &refusal{
		status: http.StatusServiceUnavailable, name: "stopped", title: "Views do not get on", retry: 5,
		detail: fmt.Sprintf("The views are held up at position %d of %d of the log by an error, which is in the program's own log, so lists are not served. Try again.", l.Applied, l.Head),
	}
}
