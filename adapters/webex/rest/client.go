package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// Client asks Webex in the name of one partner. It implements commands.Webex
// and is safe for concurrent use; how many calls run at once is the caller's
// business.
//
// Reads are repeated after passing failures (Config.ReadAttempts); what changes
// something is sent once, or twice where the first was answered 401.
type Client struct {
	config  Config
	http    *http.Client
	tokens  *tokens
	invalid error // from Config.Check; every call fails with it, unsent
}

var _ commands.Webex = (*Client)(nil)

// New returns a client. Nothing is sent before the first call; a configuration
// that does not pass Check makes every call fail, unsent.
func New(config Config) *Client {
	invalid := config.Check()
	config = config.withDefaults()
	client := config.httpClient()
	return &Client{config: config, http: client, tokens: newTokens(config, client), invalid: invalid}
}

// Close gives back idle connections. Calls under way go on.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Provision sends POST /broadworks/subscribers.
func (c *Client) Provision(ctx context.Context, r webex.Request, tracking string) (webex.Subscriber, commands.Receipt, error) {
	return c.put(ctx, webex.ProvisionCall(r), tracking)
}

// Update sends PUT /broadworks/subscribers/{id} with the fields that differ.
// Where none does it reads the record and changes nothing.
func (c *Client) Update(ctx context.Context, id string, from, to webex.Profile, tracking string) (webex.Subscriber, commands.Receipt, error) {
	if call := webex.UpdateCall(id, from, to); call.Fields != nil {
		return c.put(ctx, call, tracking)
	}
	s, r, err := c.get(ctx, id)
	return s, r.receipt(), err
}

// Remove sends DELETE /broadworks/subscribers/{id}; 404 is success.
func (c *Client) Remove(ctx context.Context, id, tracking string) (commands.Receipt, error) {
	r, err := c.ask(ctx, c.request(webex.RemoveCall(id), tracking))
	if absent(err) {
		err = nil
	}
	return receiptOf(r, err), err
}

// ResendConsent sends POST /subscribers/{id}/emails/consentMove.
//
// Errors: a *WebexError with outcome Conflict when no consent is awaited.
func (c *Client) ResendConsent(ctx context.Context, id, tracking string) (commands.Receipt, error) {
	r, err := c.ask(ctx, c.request(webex.ConsentCall(id), tracking))
	return receiptOf(r, err), err
}

// Validate sends POST /broadworks/subscribers/validate. What it would refuse
// comes as a *WebexError.
func (c *Client) Validate(ctx context.Context, r webex.Request, tracking string) (commands.Receipt, error) {
	res, err := c.ask(ctx, c.request(webex.ValidateCall(r), tracking))
	if err == nil {
		err = understood(res, &struct{}{})
	}
	return receiptOf(res, err), err
}

// Subscriber sends GET /broadworks/subscribers/{id}.
func (c *Client) Subscriber(ctx context.Context, id string) (webex.Subscriber, bool, error) {
	s, _, err := c.get(ctx, id)
	if absent(err) {
		return webex.Subscriber{}, false, nil
	}
	return s, err == nil, err
}

func (c *Client) get(ctx context.Context, id string) (webex.Subscriber, reply, error) {
	r, err := c.read(ctx, c.at("broadworks", "subscribers", id))
	if err != nil {
		return webex.Subscriber{}, r, err
	}
	s, err := subscriberIn(r)
	return s, r, err
}

// put sends a body and reads back a subscriber.
func (c *Client) put(ctx context.Context, call webex.Call, tracking string) (webex.Subscriber, commands.Receipt, error) {
	r, err := c.ask(ctx, c.request(call, tracking))
	if err != nil {
		return webex.Subscriber{}, receiptOf(r, err), err
	}
	s, err := subscriberIn(r)
	return s, receiptOf(r, err), err
}

func (c *Client) request(call webex.Call, tracking string) request {
	return request{method: call.Method, url: c.at(call.Path...), body: call.Body(), tracking: tracking}
}

// at returns the address of a resource; empty where a part is, or would lead to
// another resource: a DELETE without id must not reach the list.
func (c *Client) at(parts ...string) string {
	address := c.config.BaseURL
	for _, p := range parts {
		if strings.Trim(p, ".") == "" {
			return ""
		}
		address += "/" + url.PathEscape(p)
	}
	return address
}

func subscriberIn(r reply) (webex.Subscriber, error) {
	var body record
	if err := understood(r, &body); err != nil {
		return webex.Subscriber{}, err
	}
	if body.ID == "" {
		return webex.Subscriber{}, unreadable(r, errors.New("a subscriber without id"))
	}
	return body.subscriber(), nil
}

// understood decodes the body of a reply that says success.
func understood(r reply, into any) error {
	switch {
	case r.broken != nil:
		return unreadable(r, r.broken)
	case !isJSON(r.header):
		return unreadable(r, errors.New("not JSON"))
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return unreadable(r, err)
	}
	return nil
}

func absent(err error) bool {
	var failure *commands.WebexError
	return errors.As(err, &failure) && failure.Status == http.StatusNotFound
}

// receiptOf names the tracking id of a reply, or of the error that it became.
func receiptOf(r reply, err error) commands.Receipt {
	var failure *commands.WebexError
	if errors.As(err, &failure) {
		return commands.Receipt{TrackingID: failure.TrackingID}
	}
	return r.receipt()
}
