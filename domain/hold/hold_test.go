package hold_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/hold"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	acme   = hold.Scope{Kind: hold.Customer, Name: "SP1+acme"}
	place  = hold.Place{Scope: acme, Reason: " The provisioning account is wrong. ", Fingerprint: "v1-0123456789abcdef", Failures: 10, At: noon}
	placed = hold.Placed{Scope: acme, Reason: "The provisioning account is wrong.", Fingerprint: "v1-0123456789abcdef", Failures: 10, At: noon}
	lifted = hold.Lifted{At: noon.Add(time.Hour)}
)

type cases = []domaintest.Case[hold.Command]

func TestPlace(t *testing.T) {
	domaintest.Run(t, hold.Decider, cases{
		{Name: "requests of a customer are held, with a reason", When: place, Then: []domain.Event{placed}},
		{Name: "of a held one they are already", Given: []domain.Event{placed}, When: hold.Place{Scope: acme, Reason: "again", At: noon}},
		{Name: "and may be again after they went on", Given: []domain.Event{placed, lifted}, When: place, Then: []domain.Event{placed}},
		{
			Name: "of a whole partner, by hand", When: hold.Place{Scope: hold.Scope{Kind: hold.Partner}, Reason: "Webex is in maintenance", At: noon},
			Then: []domain.Event{hold.Placed{Scope: hold.Scope{Kind: hold.Partner}, Reason: "Webex is in maintenance", At: noon}},
		},
	})
}

func TestWhatIsWrongWithAHoldIsSaidFieldByField(t *testing.T) {
	for field, c := range map[string]hold.Place{
		"reason":   {Scope: acme},
		"reason ":  {Scope: acme, Reason: strings.Repeat("x", hold.MaxText+1)},
		"name":     {Scope: hold.Scope{Kind: hold.Template}, Reason: "x"},
		"name ":    {Scope: hold.Scope{Kind: hold.Partner, Name: "main"}, Reason: "x"},
		"reason  ": {Scope: acme, Reason: "x\x1b[2J"},
		"name   ":  {Scope: hold.Scope{Kind: hold.Customer, Name: "a\nb"}, Reason: "x"},
		"name  ":   {Scope: hold.Scope{Kind: hold.Customer, Name: strings.Repeat("x", hold.MaxText+1)}, Reason: "x"},
		"kind":     {Scope: hold.Scope{Kind: "lane"}, Reason: "x"},
	} {
		_, err := hold.Decide(hold.State{}, c)
		no := domain.AsRejection(err)
		require.NotNil(t, no, field)
		require.Equal(t, domain.Invalid, no.Kind)
		require.Equal(t, strings.TrimSpace(field), no.Fields[0].Field)
	}
}

func TestLift(t *testing.T) {
	domaintest.Run(t, hold.Decider, cases{
		{Name: "requests go on", Given: []domain.Event{placed}, When: hold.Lift{At: lifted.At}, Then: []domain.Event{lifted}},
		{Name: "where none are held they do already", When: hold.Lift{At: noon}},
	})
}

func TestScopesOfTwoPartnersAreTwo(t *testing.T) {
	require.NotEqual(t, hold.Stream("nordic", acme), hold.Stream("baltic", acme))
	require.NotEqual(t, hold.Stream("nordic", acme), hold.Stream("nordic", hold.Scope{Kind: hold.Template, Name: acme.Name}))
}

func TestACommandWithoutARuleIsAProgrammersMistake(t *testing.T) {
	require.Panics(t, func() { _, _ = hold.Decide(hold.State{}, struct{ hold.Command }{}) })
}

func TestStoredEventsAreReadAsEver(t *testing.T) { domaintest.Golden(t, hold.Events, placed, lifted) }

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) { domaintest.Personal(t, hold.Events) }
