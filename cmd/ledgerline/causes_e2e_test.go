package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// onboard imports users of one template, who reach Webex by themselves.
func (s served) onboard(users ...string) {
	s.t.Helper()
	template := `{"provisioningId":"dA","name":"T","region":"EU","emailLanguage":"en","cluster":"as0","defaultPackage":"basic","emails":"trusted"}`
	require.Equal(s.t, exitDone, typed(s.t.Context(), template, "templates", "apply", "-", "--data", s.data).code)
	rows := "userId,spEnterpriseId,provisioningId,firstName,lastName,email,extension,package\n"
	for i, user := range users {
		rows += fmt.Sprintf("%s@as0.example,SP1+c%d,dA,Anna,Lind,%s@mail.example,%d,basic\n", user, i%2, user, 1000+i)
	}
	file := filepath.Join(s.t.TempDir(), "users.csv")
	require.NoError(s.t, os.WriteFile(file, []byte(rows), 0o600))
	s.ledgerline("import", file, "--yes")
}

// causes returns the causes once what is awaited of them holds.
func (s served) causes(until func([]causeItem) bool) (items []causeItem) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		items = nil
		for line := range strings.Lines(s.ledgerline("causes", "list", "--past", "--json").out) {
			var item causeItem
			require.NoError(s.t, json.Unmarshal([]byte(line), &item))
			items = append(items, item)
		}
		return until(items)
	}, 60*time.Second, 20*time.Millisecond)
	return items
}

func TestUsersWhoFailAlikeComeThroughOnceTheirCauseIsMended(t *testing.T) {
	const quick = `"provision":{"min":"0s","max":"0s"},"firstOfEnterprise":{"min":"0s","max":"0s"}`
	for name, c := range map[string]struct{ broken, mended, title string }{
		"refused at once":        {`{"templates":["other"],` + quick + `}`, `{"templates":[]}`, "Onboarding template is unknown at Webex"},
		"late in the background": {`{"backgroundFailure":1,` + quick + `}`, `{"backgroundFailure":0}`, "Webex could not finish the work"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServed(t)
			s.knobs(c.broken)
			s.onboard("u1", "u2", "u3", "u4", "u5", "u6")
			stopped := s.causes(func(items []causeItem) bool { return len(items) == 1 && items[0].Stopped == 6 })[0]
			require.Equal(t, c.title, stopped.Title)
			require.Nil(t, stopped.Suggestion)
			got := s.ledgerline("users", "show", "u1@as0.example")
			require.Contains(t, got.out, c.title)
			require.Contains(t, got.talk, "ledgerline causes show "+stopped.Fingerprint)

			s.knobs(c.mended)
			s.ledgerline("users", "retry", "u1@as0.example")
			s.causes(func(items []causeItem) bool { return items[0].Suggestion != nil })
			require.Contains(t, s.ledgerline("causes", "list").talk, "retry the other 5 with\n  ledgerline causes retry "+stopped.Fingerprint)
			require.Contains(t, s.ledgerline("causes", "show", stopped.Fingerprint).talk, "1 user with the cause")

			got = s.ledgerline("causes", "retry", stopped.Fingerprint, "--customer", "SP1+c1", "--yes")
			require.Equal(t, "3 users retried, 0 skipped.\n", got.out)
			got = s.ledgerline("causes", "retry", stopped.Fingerprint, "--yes", "--reason", "it is mended")
			require.Equal(t, "2 users retried, 0 skipped.\n", got.out)
			after := s.causes(func(items []causeItem) bool { return items[0].Through == 6 })
			require.Len(t, after, 1)
			require.Zero(t, after[0].Stopped)
			require.Nil(t, after[0].Suggestion)
			require.Equal(t, 6, strings.Count(s.ledgerline("users", "list", "--status", "provisioned", "--json").out, "\n"))
			require.Contains(t, s.ledgerline("audit", "u3@as0.example").out, "through bulk: it is mended")
		})
	}
}

func TestWhoRetriesAHeldUserIsToldOfTheHold(t *testing.T) {
	t.Parallel()
	s := startServed(t)
	s.knobs(`{"templates":["other"]}`)
	s.onboard("u1")
	s.causes(func(items []causeItem) bool { return len(items) == 1 && items[0].Stopped == 1 })
	require.NotContains(t, s.ledgerline("users", "retry", "u1@as0.example").talk, "held")
	s.causes(func(items []causeItem) bool { return items[0].Stopped == 1 })
	s.ledgerline("holds", "place", "partner", "--reason", "maintenance until 6")
	talk := s.ledgerline("users", "retry", "u1@as0.example").talk
	require.Contains(t, talk, "It is held: maintenance until 6")
	require.Contains(t, talk, "ledgerline holds lift ")
}
