package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/pace"
)

func TestUsersAreHeldAndLetGoFromTheCommandLine(t *testing.T) {
	ledgerline := startServed(t).typed
	template := `{"provisioningId":"dW50cnVzdGVk","name":"T","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"untrusted"}`
	require.Equal(t, exitDone, ledgerline(template, "templates", "apply", "-").code)
	const header = "userId,spEnterpriseId,provisioningId,firstName,lastName,extension,email\n"

	got := ledgerline("", "import", fileOfUsers(t, header+"u1@sp.com,SP1+a,dW50cnVzdGVk,Ann,Berg,11,\n"), "--yes", "--wait")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, "1 user onboarded, 0 unchanged, 0 rejected.\nUsers onboarded while it ran: 1 pending_email_input.\n", got.out)

	require.Equal(t, exitDone, ledgerline("", "holds", "place", "customer", "SP1+a", "--reason", "wrong account").code)
	got = ledgerline("", "import", fileOfUsers(t, header+"u2@sp.com,SP1+a,dW50cnVzdGVk,Bo,Ek,12,bo@a.example\n"), "--yes")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.out, "Webex: 1 user to go, about ")
	require.Regexp(t, `(?m)^Next: +when the hold is lifted\nHeld: +wrong account$`, ledgerline("", "users", "show", "u2@sp.com").out)
	require.Equal(t, exitRefused, ledgerline("", "users", "cancel-retry", "u2@sp.com").code)

	var h heldRequests
	require.NoError(t, json.Unmarshal([]byte(ledgerline("", "holds", "list", "--json").out), &h))
	require.Equal(t, 1, h.Waiting)
	require.Equal(t, exitDone, ledgerline("", "holds", "lift", h.ID).code)
	require.Contains(t, ledgerline("", "holds", "list", "--all").out, "customer SP1+a  lifted ")
	require.Equal(t, exitNotFound, ledgerline("", "holds", "lift", "00000000-0000-0000-0000-000000000000").code)
	require.Equal(t, exitDone, ledgerline("", "webex", "lanes").code)
}

func TestTheLogTellsWhenWebexIsNotAskedAnyMoreAndWhenItIsAgain(t *testing.T) {
	var log bytes.Buffer
	report := reportCircuit(slog.New(slog.NewTextHandler(&log, nil)))
	of := commands.Lane{Partner: "main", Family: commands.Subscribers}
	report(of, pace.State{Circuit: pace.Open, NextProbe: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)})
	require.Contains(t, log.String(), `level=WARN msg="Webex does not answer`)
	require.Contains(t, log.String(), "partner=main family=subscribers next=2026-03-01T12:00:00.000Z")
	log.Reset()
	report(of, pace.State{})
	require.Contains(t, log.String(), `level=INFO msg="Webex answers again`)

	require.NotNil(t, startServed(t).engine.service.Lanes.Report, "the engine asks to be told")
}
