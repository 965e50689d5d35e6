package customer_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/domaintest"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	anna = uuid.MustParse("6970e6bb-7439-4ffb-ad34-d3ff0167ddad")
	bo   = uuid.MustParse("f5b36187-c8dd-4727-8b2f-f9c447f29046")

	designated = customer.AdministratorDesignated{Subscriber: anna, At: noon}
	activated  = customer.AdministratorActivated{At: noon}
	withdrawn  = customer.AdministratorWithdrawn{At: noon}
)

type cases = []domaintest.Case[customer.Command]

func TestDesignate(t *testing.T) {
	domaintest.Run(t, customer.Decider, cases{
		{
			Name: "the first subscriber becomes the administrator",
			When: customer.Designate{Subscriber: anna, At: noon},
			Then: []domain.Event{designated},
		},
		{
			Name:  "the second does not",
			Given: []domain.Event{designated},
			When:  customer.Designate{Subscriber: bo, At: noon},
		},
		{
			Name:  "nor does anybody once the administrator is active",
			Given: []domain.Event{designated, activated},
			When:  customer.Designate{Subscriber: bo, At: noon},
		},
		{
			Name:  "another takes the place of one who left",
			Given: []domain.Event{designated, withdrawn},
			When:  customer.Designate{Subscriber: bo, At: noon},
			Then:  []domain.Event{customer.AdministratorDesignated{Subscriber: bo, At: noon}},
		},
		{
			Name: "nobody cannot be designated",
			When: customer.Designate{At: noon},
		},
	})
}

func TestActivate(t *testing.T) {
	domaintest.Run(t, customer.Decider, cases{
		{
			Name:  "the designated administrator becomes active",
			Given: []domain.Event{designated},
			When:  customer.Activate{Subscriber: anna, At: noon},
			Then:  []domain.Event{activated},
		},
		{
			Name:  "somebody else's activation is nothing to the customer",
			Given: []domain.Event{designated},
			When:  customer.Activate{Subscriber: bo, At: noon},
		},
		{
			Name: "where nobody is designated nobody becomes active",
			When: customer.Activate{At: noon},
		},
	})
}

func TestWithdraw(t *testing.T) {
	domaintest.Run(t, customer.Decider, cases{
		{
			Name:  "an administrator who leaves before being active makes room",
			Given: []domain.Event{designated},
			When:  customer.Withdraw{Subscriber: anna, At: noon},
			Then:  []domain.Event{withdrawn},
		},
		{
			Name:  "one who was active does not: the customer has had its first",
			Given: []domain.Event{designated, activated},
			When:  customer.Withdraw{Subscriber: anna, At: noon},
		},
		{
			Name:  "somebody else's leaving is nothing to the customer",
			Given: []domain.Event{designated},
			When:  customer.Withdraw{Subscriber: bo, At: noon},
		},
		{
			Name: "where nobody is designated nobody is withdrawn",
			When: customer.Withdraw{At: noon},
		},
	})
}

func TestOthersWaitUntilTheAdministratorIsActive(t *testing.T) {
	for _, c := range []struct {
		name     string
		given    []domain.Event
		anna, bo bool
	}{
		{"nobody goes before one is designated", nil, false, false},
		{"the designated one goes first", []domain.Event{designated}, true, false},
		{"once it is active everybody goes", []domain.Event{designated, activated}, true, true},
		{"once it has left nobody goes", []domain.Event{designated, withdrawn}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := domaintest.Fold(customer.Decider, c.given)
			require.Equal(t, c.anna, s.Lets(anna))
			require.Equal(t, c.bo, s.Lets(bo))
		})
	}
}

func TestEnterprisesOfTwoPartnersAreTwoCustomers(t *testing.T) {
	require.Equal(t, customer.Stream("nordic", "SP1+acme"), customer.Stream("nordic", "SP1+acme"))
	require.NotEqual(t, customer.Stream("nordic", "SP1+acme"), customer.Stream("baltic", "SP1+acme"))
	require.NotEqual(t, customer.Stream("nordic", "SP1+acme"), customer.Stream("nordicSP1", "+acme"))
}

func TestACommandWithoutARuleIsAProgrammersMistake(t *testing.T) {
	require.Panics(t, func() { _, _ = customer.Decide(customer.State{}, struct{ customer.Command }{}) })
}

func TestStoredEventsAreReadAsEver(t *testing.T) {
	domaintest.Golden(t, customer.Events, designated, activated, withdrawn)
}

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) { domaintest.Personal(t, customer.Events) }
