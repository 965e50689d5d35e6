package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/adapters/eventlog/sqlite"
)

// connection is what the global flags say about where the data are.
type connection struct {
	data, server, tokenFile, reason string
	patience                        time.Duration // with a server that is only starting, or a command that is at work
}

// startsWithin is how long a server may take from its hold on the log until it
// answers.
const startsWithin = 10 * time.Second

func connectionFlags(c *cobra.Command) (o connection) {
	text := func(name string) string {
		value, _ := c.Flags().GetString(name)
		return value
	}
	return connection{data: text("data"), server: text("server"), tokenFile: text("token-file"), reason: text("reason"), patience: startsWithin}
}

// connect finds the server that works on the data, or opens the engine in this
// process as soon as no other does. With begin, an empty data directory is not a
// mistake: a ledger is begun there.
func connect(ctx context.Context, o connection, begin bool) (*client, error) {
	c := &client{http: &http.Client{}, reason: o.reason, close: func() error { return nil }}
	if o.server != "" {
		if o.tokenFile == "" {
			return nil, usageError{errors.New("--server needs --token-file: the file with the access token for that server")}
		}
		c.base = strings.TrimSuffix(o.server, "/")
		return c, c.readToken(o.tokenFile)
	}
	if o.tokenFile == "" {
		o.tokenFile = filepath.Join(o.data, "admin-token")
	}
	patience := time.NewTimer(o.patience)
	defer patience.Stop()
	for {
		if c.base = runningServer(ctx, o.data); c.base != "" {
			return c, c.readToken(o.tokenFile)
		}
		if !begin && !exists(filepath.Join(o.data, "log.db")) {
			return nil, notFound("There is no ledger in " + o.data + ". Name its directory with --data, or begin one with: ledgerline serve --data " + o.data)
		}
		err := c.open(ctx, o)
		if !errors.Is(err, sqlite.ErrInUse) {
			return c, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-patience.C:
			return nil, fmt.Errorf("another program works on %s and does not answer: %w", o.data, err)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// open opens the engine in this process.
func (c *client) open(ctx context.Context, o connection) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	e, err := openEngine(ctx, engineOptions{Data: o.data, Log: log})
	if err != nil {
		return err
	}
	c.http.Transport, c.base, c.local, c.close = inProcess{e.Handler}, "http://ledgerline", true, e.Close
	head, err := e.log.Head(ctx)
	if err == nil {
		err = e.views.Wait(ctx, head)
	}
	if err == nil {
		err = c.readToken(o.tokenFile)
	}
	if err != nil {
		err = errors.Join(err, e.Close())
	}
	return err
}

// runningServer returns the URL of the server that works on a data directory;
// empty: none does.
func runningServer(ctx context.Context, data string) string {
	text, err := os.ReadFile(serverFile(data))
	var s running
	if err != nil || json.Unmarshal(text, &s) != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/healthz", nil)
	if err != nil {
		return ""
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return ""
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, 1<<16))
	if reply.StatusCode != http.StatusOK {
		return ""
	}
	return s.URL
}

func (c *client) readToken(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the access token cannot be read: %w", err)
	}
	if c.token = strings.TrimSpace(string(text)); c.token == "" {
		return fmt.Errorf("the access token cannot be read: %s is empty", path)
	}
	return nil
}
