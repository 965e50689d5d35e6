package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/rest"
	"ledgerline/commands"
)

// office hands out tokens "a1", "a2", ... and says which one is good.
type office struct {
	issued atomic.Int64
	asked  atomic.Int64
	good   atomic.Value // string
	status atomic.Int64 // of the token endpoint; 0: 200
	now    atomic.Value // time.Time
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/v1/access_token" {
		if status := o.status.Load(); status != 0 {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(int(status))
			return
		}
		if r.PostFormValue("grant_type") != "refresh_token" || r.PostFormValue("client_id") != "id" || r.PostFormValue("client_secret") != "s" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		token := fmt.Sprintf("a%d", o.issued.Add(1))
		o.good.CompareAndSwap("any", token)
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600,"refresh_token":"r2","token_type":"Bearer"}`, token)
		return
	}
	o.asked.Add(1)
	if good := o.good.Load(); good != "" && r.Header.Get("Authorization") != "Bearer "+good.(string) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func newOffice(t *testing.T, config rest.Config) (*office, *rest.Client) {
	o := &office{}
	o.good.Store("")
	o.now.Store(noon)
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	config.BaseURL = server.URL + "/v1"
	config.ClientID, config.ClientSecret, config.RefreshToken = "id", "s", "r1"
	config.Now = func() time.Time { return o.now.Load().(time.Time) }
	return o, client(t, config)
}

func TestARefusedTokenIsReplacedOnceForAll(t *testing.T) {
	var kept atomic.Value
	o, api := newOffice(t, rest.Config{AccessToken: "old", RefreshTokenChanged: func(token string) { kept.Store(token) }})
	o.good.Store("any")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := api.Remove(t.Context(), "id", "T_1")
			assert.NoError(t, err)
		})
	}
	all.Wait()
	require.EqualValues(t, 1, o.issued.Load())
	require.LessOrEqual(t, o.asked.Load(), int64(40))
	require.Equal(t, "r2", kept.Load())
}

func TestATokenThatIsRefusedWhenNewIsNotReplacedAgain(t *testing.T) {
	o, api := newOffice(t, rest.Config{})
	o.good.Store("never")
	_, err := api.Remove(t.Context(), "id", "T_1")
	require.Equal(t, 401, failure(t, err, commands.Refused).Status)
	require.EqualValues(t, 2, o.asked.Load())
	require.EqualValues(t, 2, o.issued.Load())
}

func TestATokenIsReplacedBeforeItExpires(t *testing.T) {
	o, api := newOffice(t, rest.Config{})
	for _, after := range []time.Duration{0, 58 * time.Minute, 59*time.Minute + time.Second} {
		o.now.Store(noon.Add(after))
		_, err := api.Remove(t.Context(), "id", "T_1")
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, o.issued.Load())
	require.EqualValues(t, 3, o.asked.Load())
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	for _, status := range []int64{400, 401, 429, 500, 503} {
		o, api := newOffice(t, rest.Config{})
		o.status.Store(status)
		_, err := api.Remove(t.Context(), "id", "T_1")
		got := failure(t, err, commands.NotDone)
		require.EqualValues(t, status, got.Status)
		require.Equal(t, 3*time.Second, got.RetryAfter)
		require.Zero(t, o.asked.Load())
	}
}

func TestAStaticTokenThatIsRefusedIsRefused(t *testing.T) {
	server, api := answering(t, rest.Config{}, answer{status: 401})
	_, err := api.Remove(t.Context(), "id", "T_1")
	failure(t, err, commands.Refused)
	require.Equal(t, 1, server.count())
}
