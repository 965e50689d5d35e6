package httpapi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLicencesAreCountedPerPackageAndPerLicence(t *testing.T) {
	w := newWorld(t).templates()
	w.provision(w.onboard("a@sp.com", `,"email":"a@acme.com"`))
	w.onboard("b@sp.com", "")
	w.send("write", "POST", "/api/users", strings.Replace(values("c@sp.com", ""), "SP1+acme", "SP2+bolt", 1)).as(201)
	w.send("write", "DELETE", "/api/users/"+w.onboard("d@sp.com", ""), "").as(202)

	body := w.send("read", "GET", "/api/licences", "").as(200)
	require.Equal(t, map[string]any{"assigned": 1.0, "pending": 2.0, "removed": 1.0}, body["total"])
	require.Equal(t, map[string]any{"package": "basic", "assigned": 1.0, "pending": 2.0, "removed": 1.0}, body["packages"].([]any)[0])
	require.Equal(t, map[string]any{"licence": "Calling", "assigned": 1.0, "pending": 2.0, "removed": 1.0}, body["licences"].([]any)[0])
	require.NotContains(t, body, "groups")

	w.send("write", "PUT", "/api/users/"+w.onboard("e@sp.com", "")+"/package", `{"package":"softphone"}`).as(200)
	packages := w.send("read", "GET", "/api/licences", "").as(200)["packages"].([]any)
	require.Equal(t, "softphone", packages[0].(map[string]any)["package"])
	require.Equal(t, "basic", packages[1].(map[string]any)["package"])

	one := w.send("read", "GET", "/api/licences?customer=SP2%2Bbolt&package=basic&template="+untrusted, "").as(200)
	require.Equal(t, map[string]any{"assigned": 0.0, "pending": 1.0, "removed": 0.0}, one["total"])

	groups := w.send("read", "GET", "/api/licences?groupBy=customer", "").as(200)["groups"].([]any)
	require.Len(t, groups, 2)
	require.Equal(t, "SP2+bolt", groups[1].(map[string]any)["customer"])
	groups = w.send("read", "GET", "/api/licences?groupBy=template", "").as(200)["groups"].([]any)
	require.Equal(t, untrusted, groups[0].(map[string]any)["template"])
}

func TestTheLicenceTableIsEditedByAdministrators(t *testing.T) {
	w := newWorld(t).templates()
	w.onboard("a@sp.com", "")
	before := w.send("read", "GET", "/api/licences/table", "").as(200)["packages"].([]any)
	require.Len(t, before, 4)
	w.send("write", "PUT", "/api/licences/table/basic", `{"licences":["Fax"]}`).as(403)
	after := w.send("admin", "PUT", "/api/licences/table/basic", `{"licences":["Fax"]}`).as(200)["packages"].([]any)
	w.send("admin", "PUT", "/api/licences/table/basic", `{"licences":["Telex"]}`, "If-Match", `"0"`).as(412)
	require.Equal(t, `"1"`, w.send("read", "GET", "/api/licences/table", "").Header().Get("ETag"))
	require.Equal(t, []any{"Fax"}, after[1].(map[string]any)["licences"])
	require.Equal(t, "Fax", w.send("read", "GET", "/api/licences", "").as(200)["licences"].([]any)[0].(map[string]any)["licence"])
	require.Empty(t, w.send("admin", "PUT", "/api/licences/table/basic", `{"licences":[]}`).as(200)["packages"].([]any)[1].(map[string]any)["licences"])
	for _, body := range []string{`{}`, `{"licences":["a","a"]}`, `{"licences":[""]}`, `{"licences":"a"}`, `{"licences":[1]}`} {
		w.send("admin", "PUT", "/api/licences/table/basic", body).as(400)
	}
	w.send("admin", "PUT", "/api/licences/table/gold", `{"licences":[]}`).as(404)
}
