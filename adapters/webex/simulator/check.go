package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"ledgerline/domain/webex"
)

const year = 365 * 24 * time.Hour

// check says which knob is out of range, by its name in JSON.
func (k Knobs) check() error {
	for _, check := range []func() error{k.checkChances, k.checkTimes, k.checkNumbers, k.checkMixes, k.checkChoices} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (k Knobs) checkChances() error {
	for _, p := range []struct {
		name  string
		value float64
	}{
		{"throttle", k.Throttle}, {"lock", k.Lock}, {"serverError", k.ServerError}, {"lostReply", k.LostReply},
		{"backgroundFailure", k.BackgroundFailure}, {"lateFailure", k.LateFailure}, {"relapse", k.Relapse},
		{"pageSkip", k.PageSkip}, {"pageRepeat", k.PageRepeat},
	} {
		if !(p.value >= 0 && p.value <= 1) {
			return fmt.Errorf("%s is a probability, from 0 to 1, not %v", p.name, p.value)
		}
	}
	return nil
}

func (k Knobs) checkTimes() error {
	for _, d := range []struct {
		name string
		Delay
	}{
		{"provision", k.Provision}, {"firstOfEnterprise", k.FirstOfEnterprise}, {"update", k.Update}, {"consentAfter", k.ConsentAfter},
		{"latency", k.Latency}, {"readLatency", k.ReadLatency}, {"writeLatency", k.WriteLatency}, {"listLatency", k.ListLatency},
		{"hang", k.Hang}, {"lateAfter", k.LateAfter}, {"relapseAfter", k.RelapseAfter}, {"listLag", k.ListLag}, {"listNewLag", k.ListNewLag},
	} {
		if d.Min < 0 || d.Max < d.Min || d.Max > year {
			return fmt.Errorf("%s is a delay from min to max, between 0s and a year, not %v", d.name, d.Delay)
		}
	}
	for _, d := range []struct {
		name      string
		value     Duration
		low, high time.Duration
	}{
		{"clockSkew", k.ClockSkew, -year, year}, {"window", k.Window, 0, 24 * time.Hour}, {"timeStep", k.TimeStep, 0, time.Hour},
	} {
		if value := time.Duration(d.value); value < d.low || value > d.high || value%time.Millisecond != 0 {
			return fmt.Errorf("%s is in whole milliseconds from %v to %v, not %v", d.name, d.low, d.high, value)
		}
	}
	return nil
}

func (k Knobs) checkNumbers() error {
	if !(k.GrantedRate >= 0 && k.GrantedRate <= 1e6) {
		return fmt.Errorf("grantedRate is from 0 to 1000000 requests per second, not %v", k.GrantedRate)
	}
	if k.Window > 0 && k.GrantedRate > 0 && k.allowance() < 1 {
		return fmt.Errorf("window of %v with grantedRate %v would grant nothing, ever; make one of them larger", time.Duration(k.Window), k.GrantedRate)
	}
	for _, n := range []struct {
		name       string
		value, low int
	}{{"burst", k.Burst, 0}, {"retryAfter", k.RetryAfter, 0}, {"tokenSeconds", k.TokenSeconds, 1}} {
		if n.value < n.low || n.value > 1e9 {
			return fmt.Errorf("%s is from %d to 1000000000, not %d", n.name, n.low, n.value)
		}
	}
	return nil
}

func (k Knobs) checkMixes() error {
	for _, m := range []struct {
		name string
		Mix
		known func(kind string) bool
		kinds string
	}{
		{"retryAfterMix", k.RetryAfterMix, func(kind string) bool { return slices.Contains(retryAfterForms, kind) }, "seconds, date, none, year, negative and text"},
		{"serverErrorMix", k.ServerErrorMix, isMishap, "500 to 599, reset and hang"},
		{"lostReplyMix", k.LostReplyMix, isMishap, "500 to 599, reset and hang"},
	} {
		sum := 0.0
		for kind, weight := range m.Mix {
			if !m.known(kind) {
				return fmt.Errorf("%s: there is no %q; there are %s", m.name, kind, m.kinds)
			}
			if !(weight >= 0 && weight <= 1e6) {
				return fmt.Errorf("%s: a weight is from 0 to 1000000, not %v", m.name, weight)
			}
			sum += weight
		}
		if len(m.Mix) > 0 && sum == 0 {
			return fmt.Errorf("%s: at least one weight is more than 0", m.name)
		}
	}
	for i, p := range k.BackgroundErrors {
		if !(p.Weight > 0 && p.Weight <= 1e6) || p.Description == "" {
			return fmt.Errorf("backgroundErrors: number %d needs a description, and a weight of more than 0", i+1)
		}
	}
	return nil
}

func (k Knobs) checkChoices() error {
	switch {
	case !isMishap(strconv.Itoa(k.ServerStatus)):
		return fmt.Errorf("serverStatus is from 500 to 599, not %d", k.ServerStatus)
	case k.LostReplyStatus != 0 && !isMishap(strconv.Itoa(k.LostReplyStatus)):
		return fmt.Errorf("lostReplyStatus is 0, or from 500 to 599, not %d", k.LostReplyStatus)
	case !slices.Contains([]int{400, 403, 404}, k.UnknownTemplateStatus):
		return fmt.Errorf("unknownTemplateStatus is 400, 403 or 404, not %d", k.UnknownTemplateStatus)
	case k.DuplicateUserStatus != 0 && k.DuplicateUserStatus != 409:
		return fmt.Errorf("duplicateUserStatus is 0 or 409, not %d", k.DuplicateUserStatus)
	}
	for _, status := range k.UpdateStatuses {
		if !slices.Contains(webex.Statuses, webex.Status(status)) {
			return fmt.Errorf("updateStatuses: there is no status %q", status)
		}
	}
	return nil
}
