package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// cli is what a verb works with: the API, what was given, where to print.
type cli struct {
	*client
	ctx    context.Context
	data   string
	json   bool
	screen bool // data go to a terminal
	in     io.Reader
	out    *bufio.Writer // data
	talk   io.Writer     // everything else
}

// verb runs a command that reads or changes an existing ledger.
func verb(run func(c *cli, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return runVerb(cmd, args, connectionFlags(cmd), false, run)
	}
}

// damageVerb is verb for commands that look into a damaged log, too.
func damageVerb(run func(c *cli, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o := connectionFlags(cmd)
		o.damaged = true
		return runVerb(cmd, args, o, false, run)
	}
}

// firstVerb is verb for commands that may begin a ledger.
func firstVerb(run func(c *cli, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return runVerb(cmd, args, connectionFlags(cmd), true, run)
	}
}

func runVerb(cmd *cobra.Command, args []string, o connection, begin bool, run func(c *cli, args []string) error) (err error) {
	api, err := connect(cmd.Context(), o, begin)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := api.close(); err == nil {
			err = closeErr
		}
	}()
	return runOn(api, cmd, args, o, run)
}

// runOn runs a command that talks to an API, and prints.
func runOn(api *client, cmd *cobra.Command, args []string, o connection, run func(c *cli, args []string) error) (err error) {
	asJSON, _ := cmd.Flags().GetBool("json")
	out := bufio.NewWriter(cmd.OutOrStdout())
	defer func() {
		if flushErr := out.Flush(); err == nil {
			err = flushErr
		}
	}()
	return run(&cli{
		client: api, ctx: cmd.Context(), data: o.data, json: asJSON, screen: isTerminal(cmd.OutOrStdout()),
		in: cmd.InOrStdin(), out: out, talk: cmd.ErrOrStderr(),
	}, args)
}

// say tells the person something that is not data, after the data so far.
func (c *cli) say(format string, args ...any) {
	_ = c.out.Flush() // an error comes back at the end
	fmt.Fprintln(c.talk, plain(fmt.Sprintf(format, args...), true))
}

// sayRecorded tells that Webex has not been asked for a change yet, where no
// server is there to do that.
func (c *cli) sayRecorded() {
	if c.local {
		c.say("It is recorded, but no server runs on %s: it will be carried out at Webex by the next `ledgerline serve --data %s`.", c.data, c.data)
	}
}

// line prints one JSON document.
func (c *cli) line(document any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	return e.Encode(document)
}

// table prints aligned columns below their titles.
func (c *cli) table(titles []string, rows [][]string) {
	width := make([]int, len(titles))
	all := append([][]string{titles}, rows...)
	for _, row := range all {
		for i, cell := range row {
			row[i] = plain(cell, false)
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range all {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			b.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2))
		}
		fmt.Fprintln(c.out, strings.TrimRight(b.String(), " "))
	}
}

// facts prints names and values below each other, without those that are empty.
func (c *cli) facts(facts [][2]string) {
	width := 0
	facts = slices.DeleteFunc(facts, func(f [2]string) bool { return f[1] == "" })
	for _, f := range facts {
		width = max(width, utf8.RuneCountInString(f[0]))
	}
	for _, f := range facts {
		fmt.Fprintf(c.out, "%s:%s %s\n", f[0], strings.Repeat(" ", width-utf8.RuneCountInString(f[0])), plain(f[1], false))
	}
}

// plain makes text harmless for a terminal, which obeys control characters.
func plain(text string, lines bool) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' && lines {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\ufffd'
		}
		return r
	}, text)
}

// confirm asks a question that has to be answered with y. Where nobody can
// answer, only yes (the flag --yes) lets it pass.
func (c *cli) confirm(question string, yes bool) error {
	if yes {
		return nil
	}
	if !isTerminal(c.in) {
		return refused("Nothing was changed: there is no terminal to ask on. Add --yes to go ahead without being asked.")
	}
	_ = c.out.Flush()
	fmt.Fprintf(c.talk, "%s [y/N] ", plain(question, true))
	if !agreed(c.in) {
		return refused("Nothing was changed.")
	}
	return nil
}

func agreed(in io.Reader) bool {
	answer, _ := bufio.NewReader(in).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// when shows an instant of the API in local time.
func when(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return text
	}
	return at.Local().Format("2006-01-02 15:04:05 MST")
}

// count puts a number in front of a noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
