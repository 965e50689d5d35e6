package importplan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

var (
	terms = &subscriber.Terms{ProvisioningID: "dHJ1c3RlZA", DefaultPackage: "basic", TrustedEmails: true}
	anna  = subscriber.Onboarded{
		Flow: subscriber.API, UserID: "anna@as0.example", SPEnterpriseID: "SP1+acme", ProvisioningID: "dHJ1c3RlZA", Package: "standard",
		FirstName: "Anna", LastName: "Öberg", Email: "anna@ent.example", EmailTrusted: true, PrimaryPhoneNumber: "+46701234567", Language: "sv_SE", At: noon,
	}
	waits     = with(func(e *subscriber.Onboarded) { e.Email, e.EmailTrusted = "", false })
	atWebex   = []domain.Event{anna, subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "t1", At: noon}, subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "w1", At: noon}, subscriber.Provisioned{PersonID: "p1", At: noon}}
	leaving   = append(atWebex[:4:4], subscriber.DeletionRequested{At: noon})
	gone      = append(leaving[:5:5], subscriber.Removed{At: noon})
	renamed   = append(atWebex[:4:4], subscriber.UserIDChanged{UserID: "anna.holm@as0.example", At: noon})
	onlyNames = webex.Profile{UserID: "anna@as0.example"}
)

func with(change func(*subscriber.Onboarded)) []domain.Event {
	e := anna
	change(&e)
	return []domain.Event{e}
}

func state(events []domain.Event) (s subscriber.State) {
	for _, e := range events {
		s = subscriber.Evolve(s, e)
	}
	return s
}

// row is what a file asks: nothing but what change sets.
func row(change func(*subscriber.Onboard)) subscriber.Onboard {
	c := subscriber.Onboard{Flow: subscriber.API, Profile: onlyNames, At: noon}
	change(&c)
	return c
}

// whole is a row that would onboard Anna.
func full() subscriber.Onboard {
	return row(func(c *subscriber.Onboard) {
		c.Terms, c.ProvisioningID, c.SPEnterpriseID, c.Email = terms, "dHJ1c3RlZA", "SP1+acme", "anna@ent.example"
		c.Profile.FirstName, c.Profile.LastName, c.Profile.PrimaryPhoneNumber = "Anna", "Öberg", "+46701234567"
	})
}

func TestJudge(t *testing.T) {
	nothing := func(*subscriber.Onboard) {}
	change := func(field, from, to string) []importplan.FieldChange {
		return []importplan.FieldChange{{Field: field, Old: from, New: to}}
	}
	for _, c := range []struct {
		name    string
		given   []domain.Event
		asked   subscriber.Onboard
		remove  bool
		want    importplan.Verdict
		changes []importplan.FieldChange
		problem string // field, or a part of the reason
	}{
		{name: "who is unknown is onboarded", asked: full(), want: importplan.Create},
		{name: "who was removed too", given: gone, asked: full(), want: importplan.Create},
		{name: "not without what a user needs", asked: row(nothing), want: importplan.Reject, problem: "firstName"},
		{name: "nor while the removal is under way", given: leaving, asked: full(), want: importplan.Reject, problem: "being removed"},
		{name: "who is there is left as is", given: atWebex, asked: full(), want: importplan.Unchanged},
		{name: "empty cells ask for nothing", given: atWebex, asked: row(nothing), want: importplan.Unchanged},
		{
			name: "a value is changed", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Profile.LastName = "Holm" }),
			want: importplan.Change, changes: change("lastName", "Öberg", "Holm"),
		},
		{
			name: "a number is compared by what it means", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Profile.PrimaryPhoneNumber = "+46 70 123 45 67" }),
			want: importplan.Unchanged,
		},
		{
			name: "a value is removed", given: with(func(e *subscriber.Onboarded) { e.Extension = "1000" }),
			asked: row(func(c *subscriber.Onboard) { c.Profile.Extension = importplan.None }), want: importplan.Change, changes: change("extension", "1000", ""),
		},
		{
			name: "but not the last number", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Profile.PrimaryPhoneNumber = importplan.None }),
			want: importplan.Reject, problem: "primary phone number or an extension",
		},
		{
			name: "the package is changed", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Profile.Package = "premium" }),
			want: importplan.ChangePackage, changes: change("package", "standard", "premium"),
		},
		{name: "to one that there is", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Profile.Package = "gold" }), want: importplan.Reject, problem: "package"},
		{
			name: "an address that is awaited is entered", given: waits, asked: row(func(c *subscriber.Onboard) { c.Email = "anna@ent.example" }),
			want: importplan.Change, changes: change("email", "", "anna@ent.example"),
		},
		{name: "that of a provisioned user stays", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Email = "new@ent.example" }), want: importplan.Reject, problem: "email"},
		{name: "in another case it is the same", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Email = "Anna@Ent.example" }), want: importplan.Unchanged},
		{name: "the customer stays", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.SPEnterpriseID = "SP1+other" }), want: importplan.Reject, problem: "spEnterpriseId"},
		{name: "so does the template", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.ProvisioningID = "b3RoZXI" }), want: importplan.Reject, problem: "provisioningId"},
		{name: "and the language", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.Language = "en_GB" }), want: importplan.Reject, problem: "language"},
		{name: "who has another user id now is not meant", given: renamed, asked: row(nothing), want: importplan.Reject, problem: "under another one"},
		{name: "who is there is removed", given: atWebex, asked: row(nothing), remove: true, want: importplan.Delete},
		{name: "of the customer that was said", given: atWebex, asked: row(func(c *subscriber.Onboard) { c.SPEnterpriseID = "SP1+other" }), remove: true, want: importplan.Reject, problem: "spEnterpriseId"},
		{name: "who is leaving already is", given: leaving, asked: row(nothing), remove: true, want: importplan.Unchanged},
		{name: "and who never came", asked: row(nothing), remove: true, want: importplan.Unchanged},
		{name: "a row without a user is none", asked: row(func(c *subscriber.Onboard) { c.Profile.UserID = "" }), want: importplan.Reject, problem: "userId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := importplan.Judge(c.asked, c.remove, state(c.given))
			require.Equal(t, c.want, got.Verdict, got.Reason)
			if c.want != importplan.Create {
				require.Equal(t, c.changes, got.Changes)
			}
			if c.problem != "" {
				require.Contains(t, got.Reason, c.problem)
			}
			if got.Verdict == importplan.Reject {
				require.Nil(t, got.Command(terms, noon))
				return
			}
			command := got.Command(terms, noon)
			require.Equal(t, got.Verdict == importplan.Unchanged, command == nil)
			if command == nil {
				return
			}
			s := state(c.given)
			events, err := subscriber.Decide(s, command)
			require.NoError(t, err)
			require.NotEmpty(t, events, "carrying out what was said changes something")
			for _, e := range events {
				s = subscriber.Evolve(s, e)
			}
			if got.Verdict == importplan.Delete {
				require.False(t, s.Here())
				return
			}
			require.Equal(t, importplan.Unchanged, importplan.Judge(c.asked, c.remove, s).Verdict, "once it is carried out, there is nothing left to do")
		})
	}
}

func TestWhatUndoingCannotBringBackIsSaid(t *testing.T) {
	did := func(v importplan.Verdict, changes ...importplan.FieldChange) importplan.Row {
		return importplan.Row{Number: 2, UserID: "anna@as0.example", Verdict: v, Customer: "SP1+acme", Changes: changes}
	}
	email := importplan.FieldChange{Field: "email", New: "anna@ent.example"}
	name := importplan.FieldChange{Field: "lastName", Old: "Holm", New: "Öberg"}
	before, after := state(waits), state([]domain.Event{waits[0], subscriber.ActivationRetried{Email: "anna@ent.example", At: noon}})

	row := importplan.Undo(did(importplan.Change, email), before, after, after, terms)
	require.Equal(t, importplan.Reject, row.Verdict, "an address is not taken away")
	row = importplan.Undo(did(importplan.Change, email, name), before, after, after, terms)
	require.Equal(t, importplan.Change, row.Verdict)
	require.Len(t, row.Notes, 1, "the rest is")
	require.Equal(t, []importplan.FieldChange{{Field: "lastName", Old: "Öberg", New: "Holm"}}, row.Changes)

	live := state(atWebex)
	row = importplan.Undo(did(importplan.Create), subscriber.State{}, state(atWebex[:1]), live, terms)
	require.Equal(t, importplan.Delete, row.Verdict)
	require.Len(t, row.Notes, 1)
	row = importplan.Undo(did(importplan.Delete), live, state(leaving), state(leaving), terms)
	require.Equal(t, importplan.ErrStillLeaving.Text, row.Reason)
	row = importplan.Undo(did(importplan.Delete), live, state(leaving), state(gone), terms)
	require.Equal(t, importplan.Create, row.Verdict)
	require.Len(t, row.Notes, 1)
	row = importplan.Undo(did(importplan.Create), subscriber.State{}, state(atWebex[:1]), state(renamed), terms)
	require.Equal(t, importplan.ErrChangedSince.Text, row.Reason)
}
