package causes_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections/causes"
	"ledgerline/projections/projectionstest"
)

// story is a made-up history in which all that is recorded was decided by the rules.
type story struct {
	*projectionstest.Writer
	pick   func(n int) int
	states map[uuid.UUID]subscriber.State
}

// tell makes a history of some steps.
func tell(steps int, pick func(n int) int) *story {
	s := &story{Writer: projectionstest.NewWriter("acme"), pick: pick, states: map[uuid.UUID]subscriber.State{}}
	for range steps {
		s.step()
	}
	return s
}

func (s *story) step() {
	user := fmt.Sprintf("user%d@x", s.pick(12))
	id := subscriber.ID("acme", user)
	state := s.states[id]
	tracking := state.Request.TrackingID
	failed := webex.Subscriber{ID: state.WebexID, Status: webex.Failed, Errors: []webex.Error{{Code: 1 + s.pick(2), Description: "Trouble of " + user + "@y.example"}}}
	done := webex.Subscriber{ID: state.WebexID, Status: webex.Provisioned, PersonID: "p"}
	commands := []subscriber.Command{
		subscriber.Onboard{
			Flow: subscriber.API, Email: user + ".example", SPEnterpriseID: fmt.Sprint("ent", s.pick(2)), ProvisioningID: fmt.Sprint("tpl", s.pick(2)),
			Profile: webex.Profile{UserID: user, FirstName: "A", LastName: "B", Extension: "12", Package: "basic"}, Terms: &subscriber.Terms{}, At: s.At,
		},
		subscriber.StartRequest{Kind: state.Wants(), Tracking: fmt.Sprint("t", len(s.Entries)), At: s.At},
		subscriber.RecordAccepted{Tracking: tracking, Record: webex.Subscriber{ID: "w", Status: webex.Provisioning}, At: s.At},
		subscriber.RecordRefused{Tracking: tracking, Status: 400, Errors: failed.Errors, At: s.At},
		subscriber.RecordStatus{Found: true, Record: failed, At: s.At},
		subscriber.RecordStatus{Found: true, Record: done, At: s.At},
		subscriber.RecordStatus{Found: true, Record: done, At: s.At},
		subscriber.RecordStatus{Found: false, Record: webex.Subscriber{ID: state.WebexID}, At: s.At},
		subscriber.RetryActivation{Email: user + ".example", At: s.At},
		subscriber.SubmitEmail{Email: "new@y.example", At: s.At},
		subscriber.ChangePackage{Package: webex.Packages[s.pick(4)], At: s.At},
		subscriber.Delete{At: s.At},
	}
	command := commands[s.pick(len(commands))]
	if _, leave := command.(subscriber.Delete); leave && s.pick(8) > 0 {
		return
	}
	if _, start := command.(subscriber.StartRequest); start && state.Wants() == "" {
		return
	}
	events, err := subscriber.Decide(state, command)
	if err != nil {
		return
	}
	for _, e := range events {
		state = subscriber.Evolve(state, e)
	}
	s.states[id] = state
	s.Add(domain.StreamOf(subscriber.Kind, id), events...)
}

// stopped returns whom each cause stops, by the rules.
func (s *story) stopped() map[cause.Fingerprint][]uuid.UUID {
	by := map[cause.Fingerprint][]uuid.UUID{}
	for id, state := range s.states {
		if state.Stage == subscriber.Stopped {
			f := cause.Of(state.Errors, state.ProvisioningID)
			by[f] = append(by[f], id)
		}
	}
	for _, ids := range by {
		slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	}
	return by
}

func TestCausesKeepTheLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	s := tell(3000, r.IntN)
	require.NotEmpty(t, s.stopped())
	projectionstest.Laws(t, causes.Model, s.Entries)
}

func TestWhoIsStoppedIsWhatTheRulesSay(t *testing.T) {
	stopped := 0
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := tell(1500, rand.New(rand.NewPCG(seed, 1)).IntN)
			q := causes.New(projectionstest.Views(t, causes.Model, projectionstest.NewLog(s.Entries...)))
			list, err := q.List(t.Context(), "acme", causes.Filter{Past: true})
			require.NoError(t, err)
			want := s.stopped()
			stopped += len(want)
			for _, c := range list.Causes {
				requireCause(t, q, c, want[c.Fingerprint])
				delete(want, c.Fingerprint)
			}
			require.Empty(t, want)
		})
	}
	require.Greater(t, stopped, 10)
}

// requireCause checks one cause against whom the rules say it stops, and its
// numbers against each other.
func requireCause(t *testing.T, q *causes.Queries, c causes.Cause, stopped []uuid.UUID) {
	t.Helper()
	var ids []uuid.UUID
	for id, err := range q.All(t.Context(), "acme", c.Fingerprint, "") {
		require.NoError(t, err)
		ids = append(ids, id)
	}
	require.Equal(t, stopped, ids)
	require.Equal(t, len(stopped), c.Stopped)
	got, customers, err := q.Get(t.Context(), "acme", c.Fingerprint)
	require.NoError(t, err)
	require.Equal(t, c, got)
	var now, ever int
	for _, u := range customers {
		now, ever = now+u.Stopped, ever+u.Ever
	}
	require.Equal(t, []int{c.Stopped, c.Ever}, []int{now, ever})
	require.GreaterOrEqual(t, c.Ever, c.Stopped+c.Through)
	require.GreaterOrEqual(t, c.Through, c.Recovered)
}

// fleet is subscribers of two templates who fail.
type fleet struct{ *projectionstest.Writer }

func newFleet() fleet { return fleet{projectionstest.NewWriter("acme")} }

func stream(user string) string    { return subscriber.Stream("acme", user) }
func userID(user string) uuid.UUID { return subscriber.ID("acme", user) }

func (f fleet) onboard(template, customer string, users ...string) fleet {
	for _, user := range users {
		f.Add(stream(user), subscriber.Onboarded{UserID: domain.Personal(user), ProvisioningID: template, SPEnterpriseID: customer, EmailTrusted: true, Email: "a@x.example", At: f.At})
	}
	return f
}

func (f fleet) fail(code int, users ...string) fleet {
	for _, user := range users {
		f.Add(stream(user), subscriber.ProvisioningFailed{Errors: []webex.Error{{Code: code, Description: "No room for " + user + "@x.example"}}, At: f.At})
	}
	return f
}

func (f fleet) retry(users ...string) fleet {
	for _, user := range users {
		f.Add(stream(user), subscriber.ActivationRetried{Email: "a@x.example", At: f.At})
	}
	return f
}

func (f fleet) provision(users ...string) fleet {
	for _, user := range users {
		f.Add(stream(user), subscriber.Provisioned{PersonID: "p", At: f.At})
	}
	return f
}

func (f fleet) queries(t *testing.T) *causes.Queries {
	return causes.New(projectionstest.Views(t, causes.Model, projectionstest.NewLog(f.Entries...)))
}

func of(code int, template string) cause.Fingerprint {
	return cause.Of([]webex.Error{{Code: code, Description: "No room for z@x.example"}}, template)
}

func at(second int) time.Time { return projectionstest.Start.Add(time.Duration(second) * time.Second) }

func TestACauseCountsWhomItStopsAndWhoCameThrough(t *testing.T) {
	f := newFleet().onboard("t1", "c1", "a", "b", "c").onboard("t1", "c2", "d").fail(900500, "a", "b", "c", "d"). // 4 to 7
															retry("a", "b").provision("a", "b") // 8 to 11
	c, customers, err := f.queries(t).Get(t.Context(), "acme", of(900500, "t1"))
	require.NoError(t, err)
	require.Equal(t, causes.Cause{
		Fingerprint: of(900500, "t1"), Code: 900500, Text: "no room for *", ProvisioningID: "t1",
		Entry:   cause.Find([]webex.Error{{Code: 900500}}),
		Stopped: 2, Ever: 4, Through: 2, Recovered: 2, Came: at(11), First: at(4), Last: at(7),
	}, c)
	require.Equal(t, []causes.Customer{{SPEnterpriseID: "c1", Stopped: 1, Ever: 3}, {SPEnterpriseID: "c2", Stopped: 1, Ever: 1}}, customers)
	s, ok := c.Suggest()
	require.True(t, ok)
	require.Equal(t, causes.Suggestion{Through: 2, Since: at(7), Retry: 2}, s)

	t.Run("a new failure takes the suggestion back", func(t *testing.T) {
		f := fleet{&projectionstest.Writer{}}
		*f.Writer = *newFleet().onboard("t1", "c1", "a", "b").fail(900500, "a", "b").retry("a").provision("a").fail(900500, "a").Writer
		c, _, err := f.queries(t).Get(t.Context(), "acme", of(900500, "t1"))
		require.NoError(t, err)
		require.Equal(t, []int{2, 2, 0, 0}, []int{c.Stopped, c.Ever, c.Through, c.Recovered})
		_, ok := c.Suggest()
		require.False(t, ok)
	})
	t.Run("nothing is suggested where nobody is left or everybody has their own trouble", func(t *testing.T) {
		q := newFleet().onboard("t1", "c1", "a", "b", "c").fail(900500, "a").fail(10022, "b", "c").retry("a", "b").provision("a", "b").queries(t)
		for _, code := range []int{900500, 10022} {
			c, _, err := q.Get(t.Context(), "acme", of(code, "t1"))
			require.NoError(t, err)
			require.Equal(t, 1, c.Recovered)
			_, ok := c.Suggest()
			require.False(t, ok)
		}
	})
}

func TestListsAreNarrowedAndOrderedByWhomTheyStop(t *testing.T) {
	f := newFleet().onboard("t1", "c1", "a", "b").onboard("t1", "c2", "c").onboard("t2", "c1", "d").
		fail(1, "a", "b").fail(2, "c").fail(1, "d").retry("d").provision("d")
	f.Cause.Partner = "beta"
	f.Add(subscriber.Stream("beta", "a"), subscriber.Onboarded{ProvisioningID: "t1", SPEnterpriseID: "c1", At: f.At})
	f.Add(subscriber.Stream("beta", "a"), subscriber.ProvisioningFailed{Errors: []webex.Error{{Code: 9, Description: "theirs"}}, At: f.At})
	q := f.queries(t)
	for name, c := range map[string]struct {
		filter causes.Filter
		want   []cause.Fingerprint
		all    int
	}{
		"now":             {causes.Filter{}, []cause.Fingerprint{of(1, "t1"), of(2, "t1")}, 2},
		"past":            {causes.Filter{Past: true}, []cause.Fingerprint{of(1, "t1"), of(2, "t1"), of(1, "t2")}, 3},
		"template":        {causes.Filter{Past: true, ProvisioningID: "t2"}, []cause.Fingerprint{of(1, "t2")}, 1},
		"customer":        {causes.Filter{SPEnterpriseID: "c1"}, []cause.Fingerprint{of(1, "t1")}, 1},
		"customer's past": {causes.Filter{SPEnterpriseID: "c1", Past: true}, []cause.Fingerprint{of(1, "t1"), of(1, "t2")}, 2},
		"the first":       {causes.Filter{Limit: 1}, []cause.Fingerprint{of(1, "t1")}, 2},
		"nobody's":        {causes.Filter{SPEnterpriseID: "c9"}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := q.List(t.Context(), "acme", c.filter)
			require.NoError(t, err)
			var got []cause.Fingerprint
			for _, c := range list.Causes {
				got = append(got, c.Fingerprint)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.all, list.All)
		})
	}
	for _, f := range []cause.Fingerprint{cause.Of([]webex.Error{{Code: 9, Description: "theirs"}}, "t1"), "", "v1-0000000000000000"} {
		_, _, err := q.Get(t.Context(), "acme", f)
		require.ErrorIs(t, err, causes.ErrNotFound)
		_, _, err = q.Subscribers(t.Context(), "acme", f, "", causes.Page{})
		require.ErrorIs(t, err, causes.ErrNotFound)
	}
}

func TestPagesOfTheStoppedFollowOneAnother(t *testing.T) {
	f := newFleet()
	var want []uuid.UUID
	for i := range 7 {
		user := fmt.Sprint("u", i)
		f.onboard("t1", "c1", user).fail(1, user)
		want = append(want, userID(user))
	}
	f.onboard("t1", "c2", "other").fail(1, "other")
	slices.SortFunc(want, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	q := f.queries(t)
	var got []uuid.UUID
	page, more := causes.Page{Limit: 3}, true
	for more {
		var found []causes.Stopped
		var err error
		found, more, err = q.Subscribers(t.Context(), "acme", of(1, "t1"), "c1", page)
		require.NoError(t, err)
		for _, s := range found {
			require.Equal(t, "c1", s.SPEnterpriseID)
			require.False(t, s.At.IsZero())
			got = append(got, s.ID)
		}
		page.After = got[len(got)-1]
	}
	require.Equal(t, want, got)
}

func TestTheStoppedAreThoseOfThisLife(t *testing.T) {
	f := newFleet().onboard("t1", "c1", "a", "b", "c").fail(1, "a", "b", "c")
	f.Add(stream("a"), subscriber.DeletionRequested{At: f.At}, subscriber.RequestRefused{Kind: subscriber.Provision, Status: 400, Errors: []webex.Error{{Description: "late"}}, At: f.At})
	f.Add(stream("b"), subscriber.DeletionRequested{At: f.At}, subscriber.Removed{At: f.At})
	f.onboard("t2", "c2", "b").fail(1, "b")
	f.Add(stream("c"), subscriber.DeletionRequested{At: f.At}, subscriber.RequestRefused{Kind: subscriber.Remove, Status: 403, Errors: []webex.Error{{Description: "not allowed"}}, At: f.At})
	list, err := f.queries(t).List(t.Context(), "acme", causes.Filter{Past: true})
	require.NoError(t, err)
	stopped := map[cause.Fingerprint]int{}
	for _, c := range list.Causes {
		stopped[c.Fingerprint] = c.Stopped
	}
	require.Equal(t, map[cause.Fingerprint]int{
		of(1, "t1"): 0, of(1, "t2"): 1, cause.Of([]webex.Error{{Description: "not allowed"}}, "t1"): 1,
	}, stopped)
}
