package httpapi

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
)

func batchOf(users ...string) string { return `{"users":[` + strings.Join(users, ",") + `]}` }

// judged returns what became of each user of a batch, as "verdict reason".
func judged(body map[string]any) (all []string) {
	for _, item := range body["users"].([]any) {
		user := item.(map[string]any)
		reason, _ := user["reason"].(string)
		all = append(all, strings.TrimSpace(user["verdict"].(string)+" "+reason))
	}
	return all
}

func TestEveryUserOfABatchHasAVerdictOfItsOwn(t *testing.T) {
	w := newWorld(t).templates()
	w.send("write", "POST", "/api/users", values("there@sp.com", "")).as(201)
	body := w.send("write", "POST", "/api/users/batch", batchOf(
		values("new@sp.com", `,"email":"n@acme.com"`),
		values("there@sp.com", ""),
		strings.Replace(values("there@sp.com", ""), "John", "Jane", 1),
		`{"userId":"typed@sp.com","firstName":7,"nickname":"x"}`,
		values("NEW@sp.com", ""),
		values("other@sp.com", `,"email":"N@acme.com"`),
		strings.Replace(values("plus@sp.com", ""), "+1-240", "1-240", 1),
	)).as(200)
	got := judged(body)
	require.Equal(t, "create", got[0])
	require.Equal(t, "unchanged", got[1])
	require.Contains(t, got[2], "reject userId: is the same as that of an earlier user")
	require.Contains(t, got[3], "firstName: must be a text in quotes")
	require.Contains(t, got[3], "nickname: is not known here")
	require.Contains(t, got[3], "spEnterpriseId: is missing", "all mistakes of a user are told at once")
	require.Contains(t, got[4], "reject userId: is the same")
	require.Contains(t, got[5], "reject email: is the same")
	require.Equal(t, "create", got[6])
	for name, n := range map[string]int{"rows": 7, "created": 2, "unchanged": 1, "rejected": 4} {
		require.EqualValues(t, n, body[name], name)
	}
	users := body["users"].([]any)
	require.EqualValues(t, 7, users[6].(map[string]any)["row"])
	require.Len(t, users[6].(map[string]any)["repairs"], 1)
	require.Equal(t, "#/users/3/firstName", users[3].(map[string]any)["fields"].([]any)[0].(map[string]any)["pointer"])
	listed := w.send("read", "GET", "/api/users", "").as(200)
	require.Equal(t, []string{"there@sp.com", "new@sp.com", "plus@sp.com"}, userIDs(listed), "seen at once, rejected ones not at all")
	require.Equal(t, users[0].(map[string]any)["id"], listed["items"].([]any)[1].(map[string]any)["id"])
}

func TestTheTwentySixthUserOfABatchIsRefused(t *testing.T) {
	w := newWorld(t).templates()
	var users []string
	for i := range mostAtOnce + 1 {
		users = append(users, values(fmt.Sprintf("u%d@sp.com", i), ""))
	}
	body := w.send("write", "POST", "/api/users/batch", batchOf(users...)).as(400)
	field := body["errors"].([]any)[0].(map[string]any)
	require.Equal(t, "#/users", field["pointer"])
	require.Equal(t, "has 26 users, and one request takes at most 25", field["problem"])
	require.Contains(t, field["fix"], "leave out users[25] and those after it")
	require.Empty(t, w.send("read", "GET", "/api/users", "").as(200)["items"])
	require.EqualValues(t, 25, w.send("write", "POST", "/api/users/batch", batchOf(users[:25]...)).as(200)["created"])
}

func TestAUserWhoWasRenamedIsFoundByTheNewName(t *testing.T) {
	w := newWorld(t).templates()
	id := w.send("write", "POST", "/api/users", values("old@sp.com", "")).as(201)["id"]
	w.send("write", "PATCH", "/api/users/"+id.(string), `{"userId":"new@sp.com"}`).as(200)
	require.Equal(t, id, w.send("write", "POST", "/api/users", values("new@sp.com", "")).as(200)["id"])
	body := w.send("write", "POST", "/api/users/batch", batchOf(values("new@sp.com", ""))).as(200)
	require.Equal(t, "unchanged", member(body["users"].([]any)[0], "verdict"))
	require.Equal(t, id, member(body["users"].([]any)[0], "id"))
}

func TestABatchThatIsNoneIsRefused(t *testing.T) {
	w := newWorld(t).templates()
	for body, pointer := range map[string]string{
		`{}`:                        "#/users",
		`{"users":[]}`:              "#/users",
		`{"users":{}}`:              "#/users",
		`{"users":[{},"u@sp.com"]}`: "#/users/1",
		`{"people":[]}`:             "#/people",
	} {
		got := w.send("write", "POST", "/api/users/batch", body).as(400)
		require.Equal(t, pointer, got["errors"].([]any)[0].(map[string]any)["pointer"], body)
	}
}

func TestABatchUnderTheKeyOfAnotherRequestIsRefused(t *testing.T) {
	w := newWorld(t).templates()
	key := []string{"Idempotency-Key", "k"}
	w.send("write", "POST", "/api/users/batch", batchOf(values("a@sp.com", "")), key...).as(200)
	w.send("write", "POST", "/api/users/batch", batchOf(values("b@sp.com", ""), values("c@sp.com", "")), key...).as(422)
	require.Equal(t, []string{"a@sp.com"}, userIDs(w.send("read", "GET", "/api/users", "").as(200)))
}

// breaksOff is a log that fails once, after so many appends.
type breaksOff struct {
	commands.EventLog
	left int // negative: has failed, or is not to
}

func (l *breaksOff) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	l.left--
	if l.left == -1 {
		return 0, errBroken
	}
	return l.EventLog.Append(ctx, stream, expected, why, events...)
}

func TestABatchThatAnOutageCutShortGoesOnWhenItIsRepeated(t *testing.T) {
	var log *breaksOff
	w := newWorld(t, func(c *Config) {
		log = &breaksOff{EventLog: c.Service.Log, left: -1}
		service := *c.Service
		service.Log = log
		c.Service = &service
	}).templates()
	body := batchOf(values("a@sp.com", ""), values("b@sp.com", ""))
	log.left = 1
	w.send("write", "POST", "/api/users/batch", body, "Idempotency-Key", "k").as(500)
	require.Equal(t, []string{"create", "create"}, judged(w.send("write", "POST", "/api/users/batch", body, "Idempotency-Key", "k").as(200)))
	require.Equal(t, []string{"a@sp.com", "b@sp.com"}, userIDs(w.send("read", "GET", "/api/users", "").as(200)))
	require.Equal(t, []string{"unchanged", "unchanged"}, judged(w.send("write", "POST", "/api/users/batch", body).as(200)))
}
