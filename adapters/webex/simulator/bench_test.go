package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ledgerline/adapters/webex/simulator"
)

// large is a simulator with a file and 100,000 subscribers, behind a socket,
// and a function that sends it a request. Client and server share the cores.
func large(b *testing.B) (ask func(method, path, body string)) {
	knobs := simulator.DefaultKnobs()
	knobs.GrantedRate = 0
	sim, err := simulator.New(simulator.Options{Path: filepath.Join(b.TempDir(), "webex.db"), Knobs: &knobs})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { sim.Close() })
	for i := range 100_000 {
		r := httptest.NewRequest("POST", "/v1/broadworks/subscribers", strings.NewReader(requestOf(fmt.Sprint("old", i))))
		r.Header.Set("Authorization", "Bearer sim-north")
		r.Header.Set("Content-Type", "application/json")
		sim.ServeHTTP(httptest.NewRecorder(), r)
	}
	server := httptest.NewServer(sim)
	b.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.Cleanup(client.CloseIdleConnections)
	return func(method, path, body string) {
		req, _ := http.NewRequest(method, server.URL+"/v1/broadworks/subscribers"+path, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer sim-north")
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Errorf("%v %v", res, err)
			return
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

func requestOf(user string) string {
	return fmt.Sprintf(`{"provisioningId":"t","userId":%q,"spEnterpriseId":"e","firstName":"f","lastName":"l","package":"basic","email":"%s@acme.example"}`, user, user)
}

func BenchmarkWith100kSubscribers(b *testing.B) {
	ask := large(b)
	var n atomic.Int64
	since := time.Now()
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"provision", func() { ask("POST", "", requestOf(fmt.Sprint("new", n.Add(1)))) }},
		{"find by user", func() { ask("GET", fmt.Sprint("?userId=old", n.Add(1)%100_000), "") }},
		{"changes of the last seconds", func() {
			ask("GET", fmt.Sprint("?max=100&lastStatusChange=", time.Now().Add(-time.Second).UnixMilli()), "")
		}},
		{"all changes, deep page", func() {
			ask("GET", fmt.Sprint("?max=100&offset=90000&lastStatusChange=", since.Add(-time.Hour).UnixMilli()), "")
		}},
		{"everything, deep page", func() { ask("GET", "?max=100&offset=90000", "") }},
		{"rare status", func() { ask("GET", "?max=100&status=error", "") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c.do()
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
