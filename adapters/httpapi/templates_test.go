package httpapi

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATemplateIsReadEditedAndSentBack(t *testing.T) {
	w := newWorld(t).templates()
	target := "/api/templates/" + untrusted
	a := w.send("read", "GET", target, "")
	body := a.as(200)
	require.Equal(t, `"1"`, a.Header().Get("ETag"))
	body["defaultPackage"] = "premium"
	text, err := json.Marshal(body)
	require.NoError(t, err)
	changed := w.send("write", "PUT", target, string(text), "If-Match", `"1"`)
	require.Equal(t, "premium", changed.as(200)["defaultPackage"])
	require.Equal(t, `"2"`, changed.Header().Get("ETag"))
	w.send("write", "PUT", target, string(text), "If-Match", `"1"`).as(412)
	require.Equal(t, `"2"`, w.send("write", "PUT", target, string(text)).Header().Get("ETag"))
	items := w.send("read", "GET", "/api/templates", "").as(200)["items"].([]any)
	require.Len(t, items, 2)
	require.Equal(t, "premium", items[1].(map[string]any)["defaultPackage"])
}

func TestTemplatesAreCreatedOnce(t *testing.T) {
	w := newWorld(t)
	body := `{"provisioningId":" bmV3 ","name":"New","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"untrusted"}`
	a := w.send("write", "POST", "/api/templates", body)
	require.Equal(t, "bmV3", a.as(201)["provisioningId"])
	require.Equal(t, "/api/templates/bmV3", a.Header().Get("Location"))
	w.send("write", "POST", "/api/templates", body).as(200)
	w.send("write", "POST", "/api/templates", `{"provisioningId":"bmV3","name":"Else","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"untrusted"}`).as(409)
	w.send("write", "POST", "/api/templates", `{"provisioningId":"bmV3"}`).as(400)
	w.send("write", "PUT", "/api/templates/bmV3", `{"provisioningId":"b3RoZXI"}`).as(400)
	w.send("write", "PUT", "/api/templates/b3RoZXI", body[:1]+body[len(`{"provisioningId":" bmV3 ",`):]).as(404)
}

func TestTheCheckNamesWhatSelfActivationLacks(t *testing.T) {
	w := newWorld(t).templates()
	ready := w.send("read", "GET", "/api/templates/"+untrusted+"/check", "").as(200)
	require.Equal(t, true, ready["ok"])
	require.Empty(t, ready["findings"])
	require.Equal(t, "https://portal.example/activate/"+untrusted, ready["activationLink"])
	lacking := w.send("read", "GET", "/api/templates/"+trusted+"/check", "").as(200)
	require.Equal(t, false, lacking["ok"])
	require.Len(t, lacking["findings"], 2)
	w.send("read", "GET", "/api/templates/bm9uZQ/check", "").as(404)
}
