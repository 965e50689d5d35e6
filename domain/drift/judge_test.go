package drift_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/drift"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func profile() webex.Profile {
	return webex.Profile{UserID: "anna@as0.example", FirstName: "Anna", LastName: "Öberg", PrimaryPhoneNumber: "+46701234567", Extension: "1000", Package: "basic"}
}

// live is a user at Webex.
func live(changes ...func(*subscriber.State)) drift.Compared {
	p := profile()
	s := subscriber.State{Stage: subscriber.Live, Lives: 1, Email: "anna@ent.example", EmailTrusted: true, SPEnterpriseID: "SP1+acme", ProvisioningID: "NmMwZTFkNDA",
		Profile: p, Sent: p, Applied: p, WebexID: "webex-1", PersonID: "person-1"}
	for _, change := range changes {
		change(&s)
	}
	return drift.Compared{ID: anna, Version: 4, State: s}
}

func record(changes ...func(*webex.Subscriber)) webex.Subscriber {
	r := webex.Subscriber{ID: "webex-1", PersonID: "person-1", Status: webex.Provisioned,
		Request: webex.Request{Profile: profile(), ProvisioningID: "NmMwZTFkNDA=", SPEnterpriseID: "SP1+acme", Email: "Anna@ent.example"}}
	for _, change := range changes {
		change(&r)
	}
	return r
}

func in(status webex.Status) func(*webex.Subscriber) {
	return func(r *webex.Subscriber) { r.Status = status }
}

func TestAUserIsComparedWithItsOwnRecord(t *testing.T) {
	stopped := func(stale bool) func(*subscriber.State) {
		return func(s *subscriber.State) { s.Stage, s.Stale = subscriber.Stopped, stale }
	}
	for name, c := range map[string]struct {
		user   drift.Compared
		record webex.Subscriber
		kind   drift.Kind // empty: none
		fields []string
		motion bool
	}{
		"alike":                     {user: live(), record: record()},
		"written otherwise":         {user: live(), record: record(func(r *webex.Subscriber) { r.PrimaryPhoneNumber, r.UserID = "+46 70-123 45 67", "ANNA@as0.example" })},
		"another package":           {user: live(), record: record(func(r *webex.Subscriber) { r.Package = "premium" }), kind: drift.Package, fields: []string{"package"}},
		"another name":              {user: live(), record: record(func(r *webex.Subscriber) { r.LastName = "Berg" }), kind: drift.Details, fields: []string{"lastName"}},
		"another number":            {user: live(), record: record(func(r *webex.Subscriber) { r.PrimaryPhoneNumber = "+46700000000" }), kind: drift.Details, fields: []string{"primaryPhoneNumber"}},
		"another user id":           {user: live(), record: record(func(r *webex.Subscriber) { r.UserID = "b@as0.example" }), kind: drift.Details, fields: []string{"userId"}},
		"package and extension":     {user: live(), record: record(func(r *webex.Subscriber) { r.Package, r.Extension = "premium", "" }), kind: drift.Details, fields: []string{"package", "extension"}},
		"another customer":          {user: live(), record: record(func(r *webex.Subscriber) { r.SPEnterpriseID = "SP2" }), kind: drift.Details, fields: []string{"spEnterpriseId"}},
		"failed there":              {user: live(), record: record(in(webex.Failed)), kind: drift.Status, fields: []string{"status"}},
		"waiting there":             {user: live(), record: record(in(webex.PendingUserMigration)), kind: drift.Status, fields: []string{"status"}},
		"changing there":            {user: live(), record: record(in(webex.Updating)), motion: true},
		"in a status nobody knows":  {user: live(), record: record(in("resting")), motion: true},
		"another record":            {user: live(), record: record(func(r *webex.Subscriber) { r.ID = "webex-9" }), motion: true},
		"an update due":             {user: live(func(s *subscriber.State) { s.Profile.Package = "premium" }), record: record(), motion: true},
		"leaving":                   {user: live(func(s *subscriber.State) { s.Stage = subscriber.Leaving }), record: record(), motion: true},
		"stopped and failed there":  {user: live(stopped(true)), record: record(in(webex.Failed))},
		"stopped and mended there":  {user: live(stopped(true)), record: record(), kind: drift.Status, fields: []string{"status"}},
		"stopped by a refusal":      {user: live(stopped(false)), record: record(func(r *webex.Subscriber) { r.Package = "premium" })},
		"a request that is awaited": {user: live(func(s *subscriber.State) { s.Request.Phase = subscriber.Accepted }), record: record(), motion: true},
	} {
		t.Run(name, func(t *testing.T) {
			f, verdict := drift.Own(c.user, c.record)
			switch {
			case c.motion:
				require.Equal(t, drift.InMotion, verdict)
			case c.kind == "":
				require.Equal(t, drift.Same, verdict)
			default:
				require.Equal(t, drift.Different, verdict)
				require.Equal(t, drift.Finding{Kind: c.kind, Subscriber: anna, Version: 4, WebexID: "webex-1", Fields: c.fields,
					Here: drift.Here(c.user.State), There: drift.There(c.record), Propose: c.kind.Actions()[0]}, f)
			}
		})
	}
}

func TestARecordThatIsNotKnownIsJudgedByWhoseItWouldBe(t *testing.T) {
	theirs := record(func(r *webex.Subscriber) { r.ID = "webex-9" })
	nobody := drift.Compared{ID: anna}
	f, verdict := drift.Stranger(nobody, theirs, false)
	require.Equal(t, drift.Different, verdict)
	require.Equal(t, drift.Finding{Kind: drift.Unknown, Subscriber: anna, WebexID: "webex-9", There: drift.There(theirs), Propose: drift.Adopt}, f)

	f, _ = drift.Stranger(nobody, record(in(webex.PendingEmailInput)), false)
	require.Equal(t, drift.Ignore, f.Propose, "it still waits for its subscriber")

	f, _ = drift.Stranger(live(), theirs, false)
	require.Equal(t, drift.Duplicate, f.Kind)
	require.Equal(t, drift.Ignore, f.Propose)

	f, _ = drift.Stranger(live(), theirs, true)
	require.Equal(t, drift.Unknown, f.Kind)
	require.Equal(t, "webex-1", f.Replaces)
	require.Equal(t, drift.Here(live().State), f.Here)

	f, _ = drift.Stranger(live(func(s *subscriber.State) { s.Profile.UserID, s.Applied.UserID = "b@as0.example", "b@as0.example" }), theirs, true)
	require.Equal(t, drift.Ignore, f.Propose, "the name is somebody else's by now")

	for _, busy := range []func(*subscriber.State){
		func(s *subscriber.State) { s.Profile.Package = "premium" },
		func(s *subscriber.State) { s.Stage, s.WebexID = subscriber.Ready, "" },
		func(s *subscriber.State) { s.Claimed = bo },
		func(s *subscriber.State) { s.WebexID, s.Request.Phase = "", subscriber.Started },
	} {
		_, verdict = drift.Stranger(live(busy), theirs, false)
		require.Equal(t, drift.InMotion, verdict)
	}
}

func TestWhoIsNotAtWebexIsMissedIfItWasProvisioned(t *testing.T) {
	f, verdict := drift.Absent(live())
	require.Equal(t, drift.Different, verdict)
	require.Equal(t, drift.Finding{Kind: drift.Missing, Subscriber: anna, Version: 4, WebexID: "webex-1", Here: drift.Here(live().State), Propose: drift.Recreate}, f)
	_, verdict = drift.Absent(live(func(s *subscriber.State) { s.Stage, s.Stale, s.Applied = subscriber.Stopped, true, webex.Profile{} }))
	require.Equal(t, drift.Same, verdict, "what a failed try left")
	_, verdict = drift.Absent(live(func(s *subscriber.State) { s.Stage = subscriber.Leaving }))
	require.Equal(t, drift.InMotion, verdict)
}

func TestAListWithoutAnybodyExpectedIsTakenForSomebodyElses(t *testing.T) {
	require.True(t, drift.Foreign(10, 0))
	require.False(t, drift.Foreign(10, 1))
	require.False(t, drift.Foreign(9, 0), "so few may really be gone")
}

func TestValuesAreTheSameOnlyIfNothingChanged(t *testing.T) {
	r := record(in(webex.Failed))
	r.Errors = []webex.Error{{Code: 1, Description: "x"}}
	require.True(t, drift.There(r).Same(r))
	changed := r
	changed.Errors = []webex.Error{{Code: 2, Description: "x"}}
	require.False(t, drift.There(r).Same(changed))
	changed = r
	changed.LastName = "Berg"
	require.False(t, drift.There(r).Same(changed))
}
