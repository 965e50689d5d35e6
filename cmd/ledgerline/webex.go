package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"ledgerline/adapters/webex/rest"
	"ledgerline/adapters/webex/simulator"
	"ledgerline/commands"
)

// credentials is the form of webex.json: how to reach Webex for each partner.
type credentials struct {
	Partners map[string]rest.Config `json:"partners"`
}

// openWebex fills in a client for each partner: of the real Webex where there are
// credentials, otherwise of a simulator in this process, over a real socket.
// known are the partners that the data directory knows already.
func (e *engine) openWebex(o engineOptions, known []string, clients map[string]commands.Webex) error {
	path := o.Webex
	if path == "" {
		path = filepath.Join(o.Data, "webex.json")
	}
	switch {
	case o.Passive:
		e.Partners = partners(known)
		return nil
	case o.Webex == "" && !exists(path):
		e.Partners = partners(slices.Concat(o.Partners, known))
		return e.simulate(o, clients)
	}
	c, err := readCredentials(path)
	if err != nil {
		return err
	}
	for partner, config := range c.Partners {
		config.RefreshTokenChanged = func(token string) { keepRefreshToken(path, partner, token, o) }
		clients[partner] = newClient(config)
	}
	for _, partner := range o.Partners {
		if clients[partner] == nil {
			return fmt.Errorf("partner %q has no credentials in %s, so its users could never reach Webex; add them there, or leave out --partner %s", partner, path, partner)
		}
	}
	for _, partner := range known {
		if clients[partner] == nil {
			o.Log.Error("a partner with data here has no credentials; its users wait until it has", "partner", partner, "file", path)
		}
	}
	e.Webex = "the real Webex, with the credentials of " + path
	if e.Simulator = c.simulator(); e.Simulator != "" {
		e.Webex = "at " + e.Simulator + " on this machine, as " + path + " says"
	}
	e.Partners = partners(slices.Collect(maps.Keys(c.Partners)))
	return nil
}

func readCredentials(path string) (c credentials, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if len(c.Partners) == 0 {
		return c, fmt.Errorf(`%s: "partners" names nobody; it needs credentials for each partner`, path)
	}
	for partner, config := range c.Partners {
		if err := config.Check(); err != nil {
			return c, fmt.Errorf("%s: partner %q: %w", path, partner, err)
		}
	}
	return c, nil
}

// simulator returns the address that the credentials name on this machine, where
// the real Webex is not; empty: they name none.
func (c credentials) simulator() string {
	for _, partner := range slices.Sorted(maps.Keys(c.Partners)) {
		u, err := url.Parse(c.Partners[partner].BaseURL)
		if err == nil && net.ParseIP(u.Hostname()).IsLoopback() {
			return u.Scheme + "://" + u.Host
		}
	}
	return ""
}

// simulate starts a simulator on a loopback port of its own.
func (e *engine) simulate(o engineOptions, clients map[string]commands.Webex) error {
	sim, err := simulator.New(simulator.Options{Path: filepath.Join(o.Data, "webex-simulator.db")})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: sim}
	go server.Serve(listener)
	e.closers = append(e.closers, sim.Close, server.Close)
	address := "http://" + listener.Addr().String()
	e.Simulated, e.Simulator = true, address
	e.Webex = "a simulator at " + address + " (no credentials in " + filepath.Join(o.Data, "webex.json") + "); nothing leaves this machine"
	for _, partner := range e.Partners {
		clients[partner] = newClient(rest.Config{BaseURL: address + "/v1", AccessToken: "sim-" + partner})
	}
	return nil
}

// newClient leaves all repeating to the driver, which knows the pace.
func newClient(c rest.Config) commands.Webex {
	c.ReadAttempts = 1
	return rest.New(c)
}

func partners(names []string) []string {
	if len(names) == 0 {
		return []string{"main"}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keepRefreshToken writes the token that Webex handed out back to the file it
// came from, so that the next start can use it.
func keepRefreshToken(path, partner, token string, o engineOptions) {
	err := func() error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var c credentials
		if err := json.Unmarshal(text, &c); err != nil {
			return err
		}
		config := c.Partners[partner]
		config.RefreshToken = token
		c.Partners[partner] = config
		if text, err = json.MarshalIndent(c, "", "  "); err != nil {
			return err
		}
		return writeFile(path, text)
	}()
	if err != nil {
		o.Log.Error("cannot keep the new refresh token of Webex; the next start may need a new one", "partner", partner, "error", err)
	}
}

// halfWritten is the name of files that writeFile has not finished. One that a
// killed program left behind is removed at the next start.
const halfWritten = ".half-written-*"

func removeHalfWritten(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, halfWritten))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// writeFile replaces a file that only its owner may read, all or nothing.
func writeFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), halfWritten)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
