package explain_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/explain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

const (
	partner    = "nordic"
	templateID = "NmMwZTFkNDA"
	enterprise = "SP1+acme"
	email      = "anna@ent.example"
	webexID    = "webex-1"
)

var (
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	me    = subscriber.ID(partner, "anna@as0.example")
	first = subscriber.ID(partner, "first@as0.example")
	taken = []webex.Error{{Code: 10022, Description: "The email address is already associated with an existing user"}}
)

// story is a log of one user, written by the rules alone.
type story struct {
	t         *testing.T
	state     subscriber.State
	entries   []domain.Entry
	templates []domain.Entry
	customer  []domain.Entry
	position  domain.Position
	now       time.Time
	cause     domain.Cause
	settings  template.Settings
	requests  int
}

func newStory(t *testing.T, change ...func(*template.Settings)) *story {
	s := &story{t: t, now: noon}
	s.as("token:7f3a", domain.RoleAdmin, domain.SurfaceAPI, "")
	s.settings = template.Settings{
		Name: "Trusted", Region: "EU", EmailLanguage: "sv", Cluster: "as0", DefaultPackage: "standard", Emails: template.Trusted, FlowThrough: true,
	}
	for _, c := range change {
		c(&s.settings)
	}
	s.append(&s.templates, template.Created{ProvisioningID: templateID, Settings: s.settings, At: s.now})
	return s
}

func untrusted(s *template.Settings) {
	s.Name, s.Emails, s.AllowSelfActivation = "Untrusted", template.Untrusted, true
}
func adminFirst(s *template.Settings) {
	untrusted(s)
	s.ProvisionAdminFirst = true
}

func (s *story) as(actor, role, surface, reason string) *story {
	s.cause = domain.Cause{Partner: partner, Actor: actor, Role: role, Surface: surface, Reason: reason}
	return s
}

func (s *story) engine() *story { return s.as("engine", domain.RoleEngine, domain.SurfaceEngine, "") }

func (s *story) append(to *[]domain.Entry, e domain.Event) {
	s.position++
	id := domain.NameID("event", s.position.String())
	*to = append(*to, domain.Entry{Position: s.position, Version: len(*to) + 1, ID: id, At: s.now, Cause: s.cause, Event: e})
}

// do carries out a command by the rules, ten seconds after what was before.
func (s *story) do(make func(at time.Time) subscriber.Command) *story {
	s.t.Helper()
	s.now = s.now.Add(10 * time.Second)
	events, err := subscriber.Decide(s.state, make(s.now))
	require.NoError(s.t, err)
	require.NotEmpty(s.t, events, "nothing came of it")
	for _, e := range events {
		s.state = subscriber.Evolve(s.state, e)
		s.append(&s.entries, e)
	}
	return s
}

func (s *story) later(d time.Duration) *story { s.now = s.now.Add(d); return s }

func (s *story) onboard(changes ...func(*subscriber.Onboard)) *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		c := subscriber.Onboard{
			Flow: subscriber.API, ProvisioningID: templateID, SPEnterpriseID: enterprise, Email: email, At: at, Terms: terms(s.settings),
			Profile: webex.Profile{UserID: "anna@as0.example", FirstName: "Anna", LastName: "Öberg", Extension: "1000"},
		}
		for _, change := range changes {
			change(&c)
		}
		return c
	})
}

func terms(t template.Settings) *subscriber.Terms {
	return &subscriber.Terms{
		ProvisioningID: templateID, DefaultPackage: t.DefaultPackage, TrustedEmails: t.Emails == template.Trusted,
		FlowThrough: t.FlowThrough, SelfActivation: t.AllowSelfActivation, AdminFirst: t.ProvisionAdminFirst,
	}
}

func (s *story) start(kind subscriber.RequestKind) *story {
	s.t.Helper()
	s.requests++
	return s.engine().do(func(at time.Time) subscriber.Command {
		return subscriber.StartRequest{Kind: kind, Tracking: fmt.Sprintf("LEDGERLINE_%d", s.requests), At: at}
	})
}

func (s *story) theirs() string { return fmt.Sprintf("ROUTER_%d", s.requests) }

func (s *story) accept(status webex.Status) *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		return subscriber.RecordAccepted{Tracking: s.state.Request.TrackingID, Record: s.record(status), WebexSays: s.theirs(), At: at}
	})
}

func (s *story) accepted() *story { s.t.Helper(); return s.accept(webex.Provisioning) }

func (s *story) lose(status int) *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		why := "bad gateway"
		if status == http.StatusConflict {
			why = "A subscriber with this userId exists already."
		}
		return subscriber.RecordLost{Tracking: s.state.Request.TrackingID, Status: status, Why: why, WebexSays: s.theirs(), At: at}
	})
}

func (s *story) refuse(status int) *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		return subscriber.RecordRefused{Tracking: s.state.Request.TrackingID, Status: status, Errors: taken, WebexSays: s.theirs(), At: at}
	})
}

func (s *story) find(found bool, change ...func(*webex.Subscriber)) *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		r := s.record(webex.Provisioning)
		for _, c := range change {
			c(&r)
		}
		return subscriber.RecordFound{Tracking: s.state.Request.TrackingID, Found: found, Record: r, At: at}
	})
}

// breaks has Webex give up in the background, for a reason that passes by itself.
func (s *story) breaks() *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		r := s.record(webex.Failed)
		r.Errors = []webex.Error{{Code: 2560, Description: "The service is in maintenance."}}
		return subscriber.RecordStatus{Found: true, Record: r, At: at}
	})
}

func (s *story) shows(status webex.Status) *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		return subscriber.RecordStatus{Found: true, Record: s.record(status), At: at}
	})
}

// record is the user's record as Webex has it.
func (s *story) record(status webex.Status) webex.Subscriber {
	r := webex.Subscriber{ID: webexID, Request: s.state.Wanted(), Status: status, LastStatusChange: noon}
	switch status {
	case webex.Provisioned:
		r.PersonID = "person-1"
	case webex.Failed:
		r.Errors = taken
	}
	return r
}

func (s *story) provisioned() *story {
	s.t.Helper()
	return s.onboard().start(subscriber.Provision).accepted().shows(webex.Provisioned)
}

func (s *story) customerSays(e domain.Event) *story {
	s.engine().append(&s.customer, e)
	return s
}

func (s *story) facts() explain.Facts {
	return explain.Facts{
		ID: me, Entries: s.entries, Templates: map[string][]domain.Entry{templateID: s.templates}, Customer: s.customer, Now: s.now,
	}
}

func (s *story) explain() explain.Explanation { return explain.Recorded(s.facts()) }

var marks = map[explain.Verdict]string{explain.OK: "✓", explain.Stopped: "✗", explain.Waiting: "…", explain.Unknown: "?", explain.Skipped: "-"}

// text is an explanation for people.
func text(x explain.Explanation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", marks[x.Verdict], x.What)
	fmt.Fprintf(&b, "  status %s, lives %d, awaited from %s: %s%s\n", x.Status, x.Lives, x.Awaited.From, x.Awaited.What, clock(" next ", x.Awaited.Next))
	for _, s := range x.Steps {
		fmt.Fprintf(&b, "\n%s %s%s%s: %s\n", marks[s.Verdict], s.Name, clock(" ", s.At), took(s.Took), s.What)
		for _, v := range s.Input {
			fmt.Fprintf(&b, "    > %s = %s\n", v.Name, v.Value)
		}
		for _, v := range s.Output {
			fmt.Fprintf(&b, "    < %s = %s\n", v.Name, v.Value)
		}
		for _, d := range s.Differences {
			fmt.Fprintf(&b, "    ! %s: ledger %q, webex %q\n", d.Field, d.Ledger, d.Webex)
		}
		if s.OurTracking+s.WebexTracking != "" {
			fmt.Fprintf(&b, "    tracking %s / %s, attempt %d\n", s.OurTracking, s.WebexTracking, s.Attempt)
		}
		for _, p := range s.Proof {
			fmt.Fprintf(&b, "    proof %d %s\n", p.Position, p.Type)
		}
	}
	return b.String()
}

func clock(before string, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return before + at.Format("15:04:05")
}

func took(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return " (" + d.String() + ")"
}

// golden compares with a file that people can read. UPDATE_GOLDEN=1 rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// lawful checks what holds for every explanation of a story.
func (s *story) lawful(x explain.Explanation) {
	s.t.Helper()
	have := map[uuid.UUID]domain.Entry{}
	for _, e := range slices.Concat(s.entries, s.templates, s.customer) {
		have[e.ID] = e
	}
	require.NotEmpty(s.t, x.What)
	require.NotEmpty(s.t, x.Awaited.From)
	require.Equal(s.t, x.Awaited.From == explain.Nobody, x.Awaited.What == "")
	told := map[domain.Position]bool{}
	for _, step := range x.Steps {
		require.Contains(s.t, explain.Names, step.Name)
		require.NotEmpty(s.t, marks[step.Verdict], step.Name)
		require.NotEmpty(s.t, step.What, step.Name)
		for _, secret := range []string{"anna", "Anna", "Öberg", "1000"} {
			require.NotContains(s.t, step.What, secret, "sentences name nobody")
		}
		for _, p := range step.Proof {
			require.Equal(s.t, have[p.ID].Position, p.Position)
			require.Equal(s.t, have[p.ID].Event.EventType(), p.Type)
			told[p.Position] = true
		}
		require.Equal(s.t, len(step.Proof) == 0, step.Verdict == explain.Skipped, "what happened is proved: %s", step.Name)
	}
	for _, e := range s.entries {
		require.Equal(s.t, e.Position >= s.lastLife(), told[e.Position], "each event of the present life is told: %s", e.Event.EventType())
	}
}

// lastLife returns where the present, or last, life begins.
func (s *story) lastLife() (at domain.Position) {
	var state subscriber.State
	for _, e := range s.entries {
		lives := state.Lives
		if state = subscriber.Evolve(state, e.Event); state.Lives > lives {
			at = e.Position
		}
	}
	return at
}
