package explain

import (
	"strconv"
	"time"

	"ledgerline/domain/activation"
	"ledgerline/domain/subscriber"
)

// effects are the steps that only an onboarding takes: what Webex says before,
// what it would be sent, and what would follow.
func (p Plan) effects(after subscriber.State, waits Awaited) []Step {
	check := Step{Name: Precheck, Verdict: Skipped, What: "Webex can be asked only with an e-mail address."}
	if p.Precheck != nil {
		check = precheck(after.Wanted(), *p.Precheck)
	}
	send := Step{Name: Request, Verdict: OK, What: "This would be sent to Webex, once.", Attempt: 1, Input: callValues(after.Call(subscriber.Provision))}
	switch {
	case check.Verdict == Stopped:
		send.Verdict, send.What = Unknown, "This would be sent to Webex all the same, and probably be refused."
	case waits.From == TheUser:
		send.Verdict, send.What = Waiting, "This would be sent to Webex, once, when the address is there."
	case waits.From == CustomerAdmin:
		send.Verdict, send.What = Waiting, "This would be sent to Webex, once, when the customer's administrator is active."
	}
	reads, then := looks(after)
	return []Step{
		check, send,
		{Name: Reply, Verdict: Skipped, What: "What Webex replies is known only when the request is sent. Without a reply Webex is asked for the user before anything is repeated."},
		{
			Name: Following, Verdict: Skipped, What: "The record would be read until Webex says provisioned, asks for consent, or gives up.",
			Output: values("writes", "1", "readsInTheFirstMinute", strconv.Itoa(reads), "thenEvery", then.String()),
		},
	}
}

// looks says how often the process looks at an accepted request in its first
// minute, and how often in the long run.
func looks(s subscriber.State) (first int, then time.Duration) {
	began := time.Unix(0, 0)
	s.Stage, s.Stale = subscriber.Ready, false
	s.Request = subscriber.RequestState{Kind: subscriber.Provision, Phase: subscriber.Accepted, At: began}
	k := activation.Known{Now: began, AdminActive: true}
	for k.Polls < 32 {
		switch step := activation.Next(s, k).(type) {
		case activation.Wait:
			k.Now = step.Until
		case activation.Follow:
			then = k.Now.Sub(k.LastPoll)
			if k.Polls, k.LastPoll = k.Polls+1, k.Now; k.Now.Sub(began) <= time.Minute {
				first++
			}
		default:
			return first, then
		}
	}
	return first, then
}
