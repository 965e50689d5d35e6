package explain

import "ledgerline/domain/subscriber"

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
	return []Step{
		check, send,
		{Name: Reply, Verdict: Skipped, What: "What Webex replies is known only when the request is sent. Without a reply Webex is asked for the user before anything is repeated."},
		{
			Name: Following, Verdict: Skipped,
			What:   "The list of the template, which is read for all its users together, would show when Webex says provisioned, asks for consent, or gives up; the record is read alone if the list does not show it, or if the user waits at the portal.",
			Output: values("writes", "1"),
		},
	}
}
