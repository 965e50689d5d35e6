package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/rest"
	"ledgerline/commands"
	"ledgerline/domain/webex"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// canned answers every request with the next of its replies, the last for ever.
type canned struct {
	mu      sync.Mutex
	replies []answer
	got     []*http.Request
}

type answer struct {
	status int
	header map[string]string
	body   string
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	reply := c.replies[min(len(c.got), len(c.replies)-1)]
	c.got = append(c.got, r)
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	for name, value := range reply.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(reply.status)
	w.Write([]byte(reply.body))
}

func (c *canned) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// answering is a server with canned replies and a client of it.
func answering(t *testing.T, config rest.Config, replies ...answer) (*canned, *rest.Client) {
	c := &canned{replies: replies}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	config.BaseURL = server.URL + "/v1"
	return c, client(t, config)
}

// client has a token and neither a clock of its own nor patience.
func client(t *testing.T, config rest.Config) *rest.Client {
	if config.AccessToken == "" && config.RefreshToken == "" {
		config.AccessToken = "secret"
	}
	if config.Now == nil {
		config.Now = func() time.Time { return noon }
	}
	if config.Wait == nil {
		config.Wait = func(context.Context, time.Duration) error { return nil }
	}
	api := rest.New(config)
	t.Cleanup(api.Close)
	return api
}

// writes are the calls that change something.
var writes = map[string]func(context.Context, *rest.Client) error{
	"POST": func(ctx context.Context, c *rest.Client) error {
		_, _, err := c.Provision(ctx, somebody, "T_1")
		return err
	},
	"PUT": func(ctx context.Context, c *rest.Client) error {
		_, _, err := c.Update(ctx, "id", webex.Profile{}, somebody.Profile, "T_1")
		return err
	},
	"DELETE": func(ctx context.Context, c *rest.Client) error {
		_, err := c.Remove(ctx, "id", "T_1")
		return err
	},
	"POST without body": func(ctx context.Context, c *rest.Client) error {
		_, err := c.ResendConsent(ctx, "id", "T_1")
		return err
	},
}

var somebody = webex.Request{
	Profile:        webex.Profile{UserID: "95547321@sp.example", FirstName: "John", LastName: "Andersen", Extension: "1212", Package: "standard"},
	ProvisioningID: "template",
	SPEnterpriseID: "SP1+acme",
	Email:          "john+1@acme.example",
}

func failure(t *testing.T, err error, want commands.Outcome) *commands.WebexError {
	t.Helper()
	var failure *commands.WebexError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, want, failure.Outcome, "%v", err)
	return failure
}
