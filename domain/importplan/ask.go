package importplan

import (
	"time"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Same says whether a subscriber is wanted as it was: how far the engine has come
// with it meanwhile does not matter, what anybody asked for does.
func Same(a, b subscriber.State) bool {
	return a.Here() == b.Here() && a.Lives == b.Lives && a.Profile == b.Profile && a.Email == b.Email &&
		a.SPEnterpriseID == b.SPEnterpriseID && a.ProvisioningID == b.ProvisioningID && a.Language == b.Language
}

// Command is what the row asks of its subscriber, by the terms of its template as
// they are now; nil: nothing.
func (r Row) Command(terms *subscriber.Terms, at time.Time) subscriber.Command {
	switch r.Verdict {
	case Create:
		c := subscriber.Onboard{Flow: subscriber.API, Terms: terms, At: at}
		for _, change := range r.Changes {
			*valueOf(&c, change.Field) = change.New
		}
		c.Profile.Package = r.To
		return c
	case Change, ChangePackage:
		return r.change(at)
	case Delete:
		return subscriber.Delete{At: at}
	}
	return nil
}

func (r Row) change(at time.Time) subscriber.Command {
	details := subscriber.ChangeDetails{At: at}
	var more subscriber.All
	for _, change := range r.Changes {
		switch change.Field {
		case "firstName":
			details.FirstName = &change.New
		case "lastName":
			details.LastName = &change.New
		case "primaryPhoneNumber":
			details.PrimaryPhoneNumber = &change.New
		case "mobilePhoneNumber":
			details.MobilePhoneNumber = &change.New
		case "extension":
			details.Extension = &change.New
		case "timezone":
			details.Timezone = &change.New
		case "package":
			more = append(more, subscriber.ChangePackage{Package: webex.Package(change.New), At: at})
		case "email":
			more = append(more, subscriber.RetryActivation{Email: change.New, At: at})
		}
	}
	return append(subscriber.All{details}, more...)
}
