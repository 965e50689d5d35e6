package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"ledgerline/adapters/webex/rest"
	"ledgerline/adapters/webex/simulator"
)

func simServeCommand() *cobra.Command {
	var addr, file, profile string
	var seed uint64
	var partners []string
	serve := &cobra.Command{
		Use: "serve", Short: "Run a simulator on its own",
		Long: `Run a simulator on its own, until Ctrl-C. What to put into webex.json in the data
directory of a server, so that it uses this simulator, is printed on standard
output. Whoever reaches the address can turn the simulator: no token is asked for.`,
		Example: `  ledgerline sim webex serve > data/webex.json
  ledgerline sim webex serve --addr 127.0.0.1:9100 --file load-test.db --profile storm --seed 7`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			knobs := simulator.DefaultKnobs()
			knobs.Seed = seed
			if profile != "" {
				var err error
				if knobs, err = knobs.Profile(profile); err != nil {
					return notFound("--profile: " + err.Error())
				}
			}
			return serveSimulator(c.Context(), c, addr, partners, simulator.Options{Path: file, Knobs: &knobs})
		},
	}
	f := serve.Flags()
	f.StringVar(&addr, "addr", "127.0.0.1:8180", "HOST:PORT to listen on")
	f.StringVar(&file, "file", "webex-simulator.db", `file to keep everything in, except knobs; "" keeps nothing`)
	f.StringVar(&profile, "profile", "", "profile to begin with")
	f.Uint64Var(&seed, "seed", 1, "of all chance")
	f.StringSliceVar(&partners, "partner", []string{"main"}, "partner for whom to print credentials, repeatable")
	return serve
}

// serveSimulator runs a simulator until ctx ends.
func serveSimulator(ctx context.Context, c *cobra.Command, addr string, partners []string, o simulator.Options) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --addr", err)
	}
	defer listener.Close()
	sim, err := simulator.New(o)
	if err != nil {
		return err
	}
	address := "http://" + listener.Addr().String()
	fmt.Fprint(c.OutOrStdout(), credentialsFor(address, partners))
	where := "in " + o.Path
	if o.Path == "" {
		where = "in memory"
	}
	fmt.Fprintf(c.ErrOrStderr(), "A simulator of Webex serves %s and keeps everything %s. Stop it with Ctrl-C.\nTurn it with: ledgerline sim webex set NAME=VALUE... --url %s\n", address, where, address)
	server := &http.Server{Handler: sim}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err = server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, sim.Close())
}

// credentialsFor is what webex.json holds to reach a simulator.
func credentialsFor(address string, partners []string) string {
	c := credentials{Partners: map[string]rest.Config{}}
	for _, partner := range partners {
		c.Partners[partner] = rest.Config{BaseURL: address + "/v1", AccessToken: "sim-" + partner}
	}
	text, _ := json.MarshalIndent(c, "", "  ")
	return string(text) + "\n"
}
