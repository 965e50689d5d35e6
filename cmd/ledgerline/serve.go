package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/adapters/httpapi"
)

// running is what server.json in the data directory says about a server.
type running struct {
	URL       string `json:"url"`
	PID       int    `json:"pid"`
	Simulator string `json:"simulator,omitempty"` // URL of the simulator of Webex; empty: Webex is the real one
}

func serverFile(data string) string { return filepath.Join(data, "server.json") }

func serveCommand() *cobra.Command {
	var addr string
	var o engineOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the engine and its HTTP API",
		Example: `  ledgerline serve
  ledgerline serve --addr 127.0.0.1:9000 --data /var/lib/ledgerline`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Data, _ = c.Flags().GetString("data")
			if o.Drift < 0 {
				return usageError{errors.New("--drift-every must not be negative; 0 means never")}
			}
			o.Log = slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
			return serve(c.Context(), addr, o)
		},
	}
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "HOST:PORT to listen on")
	c.Flags().StringVar(&o.Webex, "webex", "", "file with Webex credentials (default: webex.json in the data directory; without it, a simulator)")
	c.Flags().StringSliceVar(&o.Partners, "partner", nil, `partner to serve beside those with credentials, repeatable (default "main")`)
	c.Flags().DurationVar(&o.Drift, "drift-every", 24*time.Hour, "time between comparisons of Webex with the ledger; 0: none but those asked for")
	c.Flags().StringVar(&o.BaseURL, "base-url", "", "address under which clients reach this server, for links")
	return c
}

// serve runs an engine and its API until ctx ends.
func serve(ctx context.Context, addr string, o engineOptions) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --addr", err)
	}
	defer listener.Close()
	if o.Portal = o.BaseURL; o.Portal == "" {
		o.Portal = "http://" + listener.Addr().String()
	}
	e, err := openEngine(ctx, o)
	if err != nil {
		return err
	}
	server := httpapi.Server(addr, e.Handler)
	text, _ := json.Marshal(running{URL: "http://" + listener.Addr().String(), PID: os.Getpid(), Simulator: e.Simulator})
	if err := writeFile(serverFile(o.Data), text); err != nil {
		return errors.Join(err, e.Close())
	}
	defer os.Remove(serverFile(o.Data))
	fmt.Fprintf(os.Stderr, "Webex is %s.\n", e.Webex)
	fmt.Fprintf(os.Stderr, "Ledgerline serves http://%s with the data in %s. Stop it with Ctrl-C.\n", listener.Addr(), o.Data)

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			err = server.Close()
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, e.Close())
}
