package effects

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/webex"
)

// naive is a client as one writes it with a common library: a request that failed
// is sent again. It retries as hashicorp/go-retryablehttp does by default, whatever
// the method: 5xx, 429 and no reply, four times, after 1 to 30 seconds or what
// Retry-After says.
type naive struct {
	http  *http.Client
	calls chan struct{} // as many as may be under way at once

	mu    sync.Mutex
	named map[string]string // id of the record by user id, of jobs that it believes done
	late  int
}

const (
	naiveRetries  = 4
	naiveTimeout  = 30 * time.Second
	naivePoll     = 2 * time.Second
	naivePolls    = 100
	naiveAttempts = 5 // to provision one user, each after a late error of the one before
)

// call sends a request, again and again where that may help; status 0: in vain.
func (c *naive) call(method, path string, body any, into any) (status int) {
	text, _ := json.Marshal(body)
	for try := 0; ; try++ {
		status, wait := c.once(method, path, text, into)
		if status != 0 && status < 500 && status != http.StatusTooManyRequests || try == naiveRetries {
			return status
		}
		if wait == 0 {
			wait = min(time.Second<<try, 30*time.Second)
		}
		time.Sleep(wait)
	}
}

func (c *naive) once(method, path string, body []byte, into any) (status int, wait time.Duration) {
	c.calls <- struct{}{}
	defer func() { <-c.calls }()
	r, _ := http.NewRequestWithContext(context.Background(), method, "http://webex.example/v1"+path, bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer sim-"+partner)
	r.Header.Set("Content-Type", "application/json")
	reply, err := c.http.Do(r)
	if err != nil {
		return 0, 0
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	if reply.StatusCode == http.StatusOK && json.Unmarshal(text, into) != nil {
		return 0, 0
	}
	seconds, _ := strconv.Atoi(reply.Header.Get("Retry-After"))
	return reply.StatusCode, time.Duration(seconds) * time.Second
}

// provision does one job: POST, GET until it is over, and after a late error
// DELETE and once more from the start.
func (c *naive) provision(r webex.Request) {
	for range naiveAttempts {
		var record struct {
			ID     string
			Status webex.Status
		}
		if status := c.call(http.MethodPost, "/broadworks/subscribers", naiveBody(r), &record); status != http.StatusOK {
			continue
		}
		for range naivePolls {
			time.Sleep(naivePoll)
			c.call(http.MethodGet, "/broadworks/subscribers/"+record.ID, nil, &record)
			if record.Status != webex.Provisioning {
				break
			}
		}
		if c.over(r.UserID, record.ID, record.Status) {
			return
		}
		c.call(http.MethodDelete, "/broadworks/subscribers/"+record.ID, nil, &record)
	}
}

// over notes how a job stands and says whether it is done.
func (c *naive) over(user, id string, status webex.Status) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if status == webex.Provisioned {
		c.named[user] = id
		return true
	}
	c.late++
	return false
}

func naiveBody(r webex.Request) any {
	return map[string]string{
		"userId": r.UserID, "firstName": r.FirstName, "lastName": r.LastName, "extension": r.Extension, "package": string(r.Package),
		"provisioningId": r.ProvisioningID, "spEnterpriseId": r.SPEnterpriseID, "email": r.Email,
	}
}

// byNaiveClient provisions users through a naive client, as many at once as the
// engine is given.
func byNaiveClient(t *testing.T, n int) outcome {
	o, began := outcome{client: "naive", jobs: n}, time.Now()
	synctest.Test(t, func(t *testing.T) {
		w, start := webexWith(t, bad()), time.Now()
		c := &naive{http: &http.Client{Transport: w, Timeout: naiveTimeout}, calls: make(chan struct{}, 64), named: map[string]string{}}
		due := make(chan webex.Request)
		var working sync.WaitGroup
		for range *atOnce {
			working.Go(func() {
				for r := range due {
					c.provision(r)
				}
			})
		}
		for i := range n {
			due <- newcomer("acme", trusted, i)
		}
		close(due)
		working.Wait()
		o.virtual, o.late = time.Since(start), c.late
		o.judge(t, w, c.named)
	})
	o.real = time.Since(began)
	require.NotZero(t, o.requests)
	return o
}
