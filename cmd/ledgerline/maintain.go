package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/adapters/httpapi"
)

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check the log and recount every view",
		Long: `Check every record of the log (checksums, order, gaps, ids), build all views anew
beside those that are served, and compare them row by row. Nothing is changed.
The exit code is 1 if anything is not as it should be.`,
		Args: arguments(cobra.NoArgs),
		RunE: damageVerb(func(c *cli, _ []string) error {
			if c.damagedLog != "" {
				return verifyDamaged(c)
			}
			return maintain(c, "/api/verify")
		}),
	}
}

func rebuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: "Build all views anew and put them in place",
		Long: `Build all views anew from the log, beside those that are served, report what
differs, and put the new ones in place. Readers never see a gap. A difference
means that the old views were wrong; it is reported, and mended by this.`,
		Args: arguments(cobra.NoArgs),
		RunE: verb(func(c *cli, _ []string) error { return maintain(c, "/api/rebuild") }),
	}
}

// verifyDamaged checks a log whose damage keeps the engine from being opened.
func verifyDamaged(c *cli) error {
	log, err := sqlite.Open(c.damagedLog, eventlog.NewCodec(events...), sqlite.Options{})
	if err != nil {
		return err
	}
	defer log.Close()
	r, err := verifyLog(c.ctx, log, func(httpapi.MaintenanceProgress) {})
	if err != nil {
		return err
	}
	return c.printReport(r)
}

// maintain has long work done and shows how far it is.
func maintain(c *cli, path string) error {
	reply, err := c.do(c.ctx, http.MethodPost, path, nil, nil, "")
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	var bar *progress
	step := ""
	for lines := json.NewDecoder(bufio.NewReader(reply.Body)); ; {
		var line struct {
			Progress *httpapi.MaintenanceProgress `json:"progress"`
			Report   *httpapi.MaintenanceReport   `json:"report"`
			Error    *problemError                `json:"error"`
		}
		switch err := lines.Decode(&line); {
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case err == io.EOF:
			return errors.New("the server broke off before the end")
		case err != nil:
			return fmt.Errorf("the server broke off before the end: %w", err)
		case line.Error != nil:
			return line.Error
		case line.Report != nil:
			if bar != nil {
				bar.end()
			}
			return c.printReport(*line.Report)
		case line.Progress != nil && line.Progress.All > 0:
			if step != line.Progress.Step {
				if bar != nil {
					bar.end()
				}
				step = line.Progress.Step
				bar = newProgress(c.talk, step, int(line.Progress.All))
			}
			bar.show(int(line.Progress.Done))
		}
	}
}

// printReport tells what was found; anything that is not as it should be makes
// it an error.
func (c *cli) printReport(r httpapi.MaintenanceReport) error {
	if c.json {
		if err := c.line(r); err != nil {
			return err
		}
	} else {
		for _, p := range r.Log {
			fmt.Fprintf(c.out, "log, position %d: %s\n", p.Position, p.Detail)
		}
		for _, m := range r.Models {
			fmt.Fprintf(c.out, "%-16s events due %d, applied %d; rows rebuilt %d, served %d, differing %d\n", m.Name, m.EventsDue, m.EventsApplied, m.RowsRebuilt, m.RowsServed, m.Differing)
			for _, d := range m.Examples {
				fmt.Fprintf(c.out, "  %s\n    served:  %s\n    rebuilt: %s\n", d.Key, d.Served, d.Rebuilt)
			}
		}
		switch {
		case r.Rebuilt:
			fmt.Fprintf(c.out, "The views were built anew up to position %d and are in place.\n", r.Position)
		case r.OK:
			fmt.Fprintf(c.out, "All is well up to position %d.\n", r.Position)
		}
	}
	if !r.OK && !r.Rebuilt {
		return errors.New("not everything is as it should be; see above. Damage of the log needs a backup; wrong views are mended by: ledgerline rebuild")
	}
	return nil
}
