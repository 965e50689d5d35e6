package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const addedTemplate = `{"provisioningId":"bmV3","name":"New","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"untrusted"}`

// newcomer is a user as JSON; more is put before the closing brace.
func newcomer(id, more string) string {
	return fmt.Sprintf(`{"userId":%q,"provisioningId":"bmV3","spEnterpriseId":"SP1+ent8","firstName":"Anna","lastName":"Lind","extension":"1000"%s}`, id, more)
}

func TestUsersAreAddedByFlagsAndByJSON(t *testing.T) {
	s := startServed(t)
	require.Equal(t, exitDone, s.typed(addedTemplate, "templates", "apply", "-").code)

	got := s.ledgerline("users", "add", "--user-id", "a@as0.example", "--template", "bmV3", "--customer", "SP1+ent8",
		"--first-name", "Anna", "--last-name", "Lind", "--extension", "1000")
	require.Equal(t, "a@as0.example: onboarded\n", got.out)
	got = s.typed("", "users", "add", "--user-id", "b@as0.example", "--template", "bmV3")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.out, "b@as0.example: rejected: spEnterpriseId: is missing")

	got = s.typed("["+newcomer("a@as0.example", "")+","+newcomer("c@as0.example", `,"email":"none"`)+","+newcomer("d@as0.example", `,"mobilePhoneNumber":"46701234567"`)+"]", "users", "add", "-")
	require.Equal(t, exitSome, got.code, got.talk)
	require.Equal(t, "a@as0.example: unchanged\nc@as0.example: rejected: email: must be an address like name@example.com\nd@as0.example: onboarded\n"+
		"  mobilePhoneNumber: the + was missing; 46701234567 is taken as +46701234567\n", got.out)

	got = s.typed(newcomer("e@as0.example", ""), "users", "add", "-", "--json")
	var added struct{ Users []importRow }
	require.NoError(t, json.Unmarshal([]byte(got.out), &added))
	require.Equal(t, []importRow{{Row: 1, UserID: "e@as0.example", Verdict: "create"}}, added.Users)
	require.Contains(t, s.ledgerline("audit", "e@as0.example").out, "through cli")
}

func TestMoreUsersThanOneRequestTakesAreRefused(t *testing.T) {
	s := startServed(t)
	var users []string
	for i := range 26 {
		users = append(users, newcomer(fmt.Sprintf("u%d@as0.example", i), ""))
	}
	got := s.typed(strings.Join(users, "\n"), "users", "add", "-")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "has 26 users, and one request takes at most 25")
}

func TestWhomToAddIsSaidOnce(t *testing.T) {
	for _, args := range [][]string{{"users", "add"}, {"users", "add", "x.json", "--user-id", "a@as0.example"}} {
		got := typed(t.Context(), "", args...)
		require.Equal(t, exitUsage, got.code)
		require.Contains(t, got.talk, "one of the two")
	}
	f := newFake(t, nil)
	got := typed(t.Context(), "[]", append([]string{"users", "add", "-"}, f.flags...)...)
	require.Equal(t, exitRefused, got.code)
	require.Empty(t, f.asked)
}
