package commands

import (
	"context"
	"errors"
	"time"

	"ledgerline/domain/pace"
)

// How often a read that Webex does not answer is repeated.
const (
	readTries      = 10
	firstReadPause = 5 * time.Second // after the first try; it doubles
	longestPause   = time.Minute     // between tries, unless Webex asks for more
)

// patiently repeats a read that Webex did not answer, a bounded number of times.
func patiently(ctx context.Context, do func() error) error {
	pause := firstReadPause
	for try := 1; ; try++ {
		err := do()
		var e *WebexError
		if !errors.As(err, &e) || e.Outcome == Refused && !e.noAccess() || try == readTries || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(min(max(pause, e.RetryAfter), pace.LongestRetryAfter))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		pause = min(2*pause, longestPause)
	}
}
