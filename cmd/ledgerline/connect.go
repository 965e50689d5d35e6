package main

import (
	"cmp"
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
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/commands"
)

// connection is what the global flags say about where the data are.
type connection struct {
	data, server, tokenFile, reason string
	patience                        time.Duration // with a server that is only starting, a command that is at work, views that are held up
	damaged                         bool          // a damaged log is what is to be looked at
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
		if c.base = runningServer(ctx, o.data).URL; c.base != "" {
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

// damage says what to do about a damaged log.
func (o connection) damage(err *commands.DamagedError) error {
	return fmt.Errorf("the log in %s has a %w. It needs a backup; to list all damage: ledgerline verify --data %s", o.data, err, o.data)
}

// open opens the engine in this process.
func (c *client) open(ctx context.Context, o connection) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	e, err := openEngine(ctx, engineOptions{Data: o.data, Passive: true, Log: log})
	damage := (*commands.DamagedError)(nil)
	switch {
	case errors.As(err, &damage) && o.damaged:
		c.damagedLog = filepath.Join(o.data, "log.db")
		return nil
	case errors.As(err, &damage):
		return o.damage(damage)
	case err != nil:
		return err
	}
	c.http.Transport, c.base, c.local, c.close = inProcess{e.Handler}, "http://ledgerline", true, e.Close
	c.carryOutImports = sync.OnceFunc(func() { e.background(e.imports.Run, log, "imports") })
	err = e.caughtUp(ctx, o.patience)
	if errors.As(err, &damage) {
		if err = o.damage(damage); o.damaged {
			err = nil
		}
	}
	if err == nil {
		err = c.readToken(o.tokenFile)
	}
	if err != nil {
		err = errors.Join(err, e.Close())
	}
	return err
}

// caughtUp waits until the views show all of the log.
//
// Errors: *commands.DamagedError at once; whatever else has held the views up
// for as long as patience.
func (e *engine) caughtUp(ctx context.Context, patience time.Duration) error {
	head, err := e.log.Head(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { stop(e.heldUp(ctx, patience)) }()
	if err := e.views.Wait(ctx, head); err != nil {
		return context.Cause(ctx)
	}
	return nil
}

// heldUp returns why the views will not get on, or nil when ctx ends.
func (e *engine) heldUp(ctx context.Context, patience time.Duration) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for well := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-e.follow.ended:
			return cmp.Or(e.views.Err(), errors.New("the views are not kept up to date any more"))
		case now := <-again.C:
			err := e.views.Err()
			if damage := (*commands.DamagedError)(nil); errors.As(err, &damage) || err != nil && now.Sub(well) >= patience {
				return err
			}
			if err == nil {
				well = now
			}
		}
	}
}

// runningServer returns the server that works on a data directory; without URL:
// none does.
func runningServer(ctx context.Context, data string) running {
	text, err := os.ReadFile(serverFile(data))
	var s running
	if err != nil || json.Unmarshal(text, &s) != nil {
		return running{}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/healthz", nil)
	if err != nil {
		return running{}
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return running{}
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, 1<<16))
	if reply.StatusCode != http.StatusOK {
		return running{}
	}
	return s
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
