package httpapi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheAuditLogIsReadNewestFirstPageByPage(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Joan"}`, "X-Reason", "typo", "TrackingID", "T1").as(200)
	actor := w.send("write", "GET", "/api/whoami", "").as(200)["actor"].(string)
	types := func(query string) (all []string) {
		for target := "/api/audit?limit=1" + query; target != ""; {
			a := w.send("read", "GET", target, "")
			for _, item := range a.as(200)["items"].([]any) {
				all = append(all, item.(map[string]any)["type"].(string))
			}
			target = strings.TrimSuffix(strings.TrimPrefix(a.Header().Get("Link"), "<https://ledgerline.example"), `>; rel="next"`)
		}
		return all
	}
	users := []string{"subscriber.details_changed.v1", "subscriber.onboarded.v1"}
	require.Equal(t, users, types("&user="+id))
	require.Equal(t, users, types("&user="+apiID(t, id)))
	require.Equal(t, append(users, "template.created.v1", "template.created.v1"), types("&actor="+actor))
	require.Equal(t, users[:1], types("&request=T1"))
	require.Equal(t, users[1:], types("&surface=v1&role=admin"))
	require.Equal(t, users[1:], types("&type=subscriber.onboarded.v1"))
	require.Empty(t, types("&until=2026-03-01T12:00:00Z"))
	require.Empty(t, types("&type=hold.placed.v1"))
	require.Empty(t, types("&from=2027-01-01"))
}

func TestTheStoryOfAUserShowsValuesBeforeAndAfter(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Joan"}`, "X-Reason", "typo").as(200)
	items := w.send("read", "GET", "/api/users/"+id+"/audit", "").as(200)["items"].([]any)
	require.Len(t, items, 2)
	last := items[1].(map[string]any)
	require.Equal(t, "typo", last["cause"].(map[string]any)["reason"])
	require.Contains(t, last["changes"], map[string]any{"field": "firstName", "old": "John", "new": "Joan"})
	w.send("read", "GET", "/api/users/x/audit", "").as(404)
}
