package csvfile_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/adapters/csvfile"
	"ledgerline/commands"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// anybody draws users whom the rules accept, with all that spreadsheets do not
// like.
var anybody = rapid.Custom(func(t *rapid.T) webex.Request {
	name := rapid.OneOf(
		rapid.StringMatching(`['=+\-@]{0,3}[a-zA-Zåäöéж;,"'=+\-@ ]{1,12}`),
		rapid.SampledFrom([]string{"=1+1", "+46701234567", `="0042"`, "'=x", "''", `"`, "Мария", "0042", "-1", "@SUM(A1)", "x", "O'Brien", "Müller; von", `=HYPERLINK("x")`}),
		rapid.StringN(1, 20, 40),
	)
	return webex.Request{
		ProvisioningID: "p1", SPEnterpriseID: name.Draw(t, "enterprise"),
		Email:    rapid.SampledFrom([]string{"", "+a@x.example", "=a@x.example", "-å@x.example"}).Draw(t, "email"),
		Language: rapid.SampledFrom([]string{"", "sv", "bg_BG"}).Draw(t, "language"),
		Profile: webex.Profile{
			FirstName: name.Draw(t, "first"), LastName: name.Draw(t, "last"),
			PrimaryPhoneNumber: rapid.SampledFrom([]string{"", "+46701234567", "+359700000001"}).Draw(t, "number"),
			Extension:          rapid.StringMatching(`0{0,3}[0-9]{1,5}`).Draw(t, "extension"),
			Timezone:           rapid.SampledFrom([]string{"", "Europe/Sofia"}).Draw(t, "timezone"),
			Package:            rapid.SampledFrom(webex.Packages).Draw(t, "package"),
		},
	}
})

func TestImportOfAnExportChangesNothing(t *testing.T) {
	s := empty()
	_, err := s.CreateTemplate(t.Context(), commands.SaveTemplate{ProvisioningID: "p1", Settings: template.Settings{
		Name: "A", Region: "EU", EmailLanguage: "sv", Cluster: "C1", DefaultPackage: "basic", Emails: template.Untrusted, FlowThrough: true}}, why)
	require.NoError(t, err)
	const users = 15_000
	asked := func(yield func(commands.ImportRow) bool) {
		for i := range users {
			r := anybody.Example(i)
			r.UserID = fmt.Sprintf("%s%d@x", []string{"u", "+", "=", "'", `"`, "ж"}[i%6], i)
			if r.Email != "" {
				r.Email = fmt.Sprintf("%s%d%s", r.Email[:1], i, r.Email[1:])
			}
			if !yield(commands.ImportRow{Number: i + 2, Subscriber: commands.OnboardSubscriber{Request: r}}) {
				return
			}
		}
	}
	var there []webex.Subscriber
	first, err := s.ImportSubscribers(t.Context(), asked, false, why, func(r commands.RowResult) {
		if r.Verdict == commands.Create {
			there = append(there, stored(t, s, r.UserID))
		}
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, first.Created, 10_000, "the others have control characters in their names")

	var export bytes.Buffer
	require.NoError(t, csvfile.WriteUsers(&export, each(there)))
	results, again := bring(t, s, export.Bytes(), false)
	require.Equal(t, first.Created, again.Unchanged, "%v", slices.DeleteFunc(results, func(r commands.RowResult) bool { return r.Verdict == commands.Unchanged }))
	require.Equal(t, again.Rows, again.Unchanged)
	require.Zero(t, again.Repaired)
}

// stored is a user as the log has it.
func stored(t *testing.T, s *commands.Service, userID string) webex.Subscriber {
	entries, err := s.Log.ReadStream(t.Context(), subscriber.Stream(why.Partner, userID))
	require.NoError(t, err)
	var state subscriber.State
	for _, e := range entries {
		state = subscriber.Evolve(state, e.Event)
	}
	return webex.Subscriber{Status: state.Status(), Created: state.Created, Request: webex.Request{
		Profile: state.Profile, ProvisioningID: state.ProvisioningID, SPEnterpriseID: state.SPEnterpriseID, Email: state.Email, Language: state.Language}}
}
