package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

func templatesCommand() *cobra.Command {
	apply := &cobra.Command{
		Use:   "apply FILE.json",
		Short: "Create templates, or change them to what a file says",
		Long: `Create templates, or change them to what a file says: one object, an array of
them, or one a line, as templates list --json prints them. Applying the same
file again changes nothing. - reads standard input.`,
		Example: `  ledgerline templates apply templates.json`,
		Args:    arguments(cobra.ExactArgs(1)),
		RunE:    firstVerb(applyTemplates),
	}
	list := &cobra.Command{
		Use: "list", Short: "List the templates", Args: arguments(cobra.NoArgs),
		Example: "  ledgerline templates list",
		RunE:    verb(listTemplates),
	}
	check := &cobra.Command{
		Use: "check PROVISIONING-ID", Short: "Say what a template lacks for users to activate themselves",
		Long:    "Say what a template lacks for users to activate themselves in the portal. The exit code is 3 if it lacks something.",
		Example: "  ledgerline templates check NmMwZTFk...",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE:    verb(checkTemplateVerb),
	}
	return noun("templates", "Onboarding templates: the settings under which users come", apply, list, check)
}

// templateShown is a template as the API shows it, as far as it is printed.
type templateShown struct {
	ProvisioningID string `json:"provisioningId"`
	Name           string `json:"name"`
	Region         string `json:"region"`
	Cluster        string `json:"cluster"`
	DefaultPackage string `json:"defaultPackage"`
	Emails         string `json:"emails"`
	ShareLink      string `json:"shareLink"`
	Version        int    `json:"version"`
}

type templateCheck struct {
	OK       bool `json:"ok"`
	Findings []struct {
		Field string `json:"field"`
		Text  string `json:"text"`
	} `json:"findings"`
}

func templatePath(id string) string { return "/api/templates/" + url.PathEscape(id) }

func applyTemplates(c *cli, args []string) error {
	templates, err := readObjects(c.in, args[0])
	if err != nil {
		return err
	}
	if len(templates) == 0 {
		return refused(args[0] + " holds no template.")
	}
	failed := 0
	var last error
	for i, object := range templates {
		var t templateShown
		if err := json.Unmarshal(object, &t); err != nil {
			return refused(fmt.Sprintf("%s: template %d: %v", args[0], i+1, err))
		}
		if err := c.applyTemplate(t, object); err != nil {
			var no *problemError
			if !errors.As(err, &no) || no.Status >= 500 {
				return err
			}
			failed, last = failed+1, err
			c.say("%s: %v", name(t), err)
		}
	}
	if failed > 0 && failed < len(templates) {
		return silentError{exitSome}
	}
	if failed > 0 {
		return silentError{exitCode(last)}
	}
	c.say("Next: ledgerline import FILE.csv")
	return nil
}

func name(t templateShown) string {
	if t.Name != "" {
		return t.Name
	}
	return t.ProvisioningID
}

// applyTemplate brings one template to what an object says and prints what that
// took.
func (c *cli) applyTemplate(t templateShown, object json.RawMessage) error {
	var before templateShown
	method, path := http.MethodPost, "/api/templates"
	if t.ProvisioningID != "" {
		_, err := c.get(c.ctx, templatePath(t.ProvisioningID), nil, &before)
		switch {
		case err == nil:
			method, path = http.MethodPut, templatePath(t.ProvisioningID)
		case exitCode(err) != exitNotFound:
			return err
		}
	}
	text, _, err := c.ask(c.ctx, method, path, nil, object)
	if err != nil {
		return err
	}
	var after templateShown
	if err := json.Unmarshal(text, &after); err != nil {
		return err
	}
	verdict := "unchanged"
	if method == http.MethodPost {
		verdict = "created"
	} else if after.Version != before.Version {
		verdict = "changed"
	}
	var check templateCheck
	if _, err := c.get(c.ctx, templatePath(after.ProvisioningID)+"/check", nil, &check); err != nil {
		return err
	}
	if c.json {
		return c.line(struct {
			Result   string          `json:"result"`
			Template json.RawMessage `json:"template"`
			Check    templateCheck   `json:"check"`
		}{verdict, text, check})
	}
	fmt.Fprintf(c.out, "%-10s %s\n", verdict, plain(name(after), false))
	if after.Emails == "untrusted" {
		c.printFindings(check)
	}
	return nil
}

func (c *cli) printFindings(check templateCheck) {
	for _, f := range check.Findings {
		fmt.Fprintf(c.out, "           %s\n", plain(f.Text, false))
	}
}

func listTemplates(c *cli, _ []string) error {
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if _, err := c.get(c.ctx, "/api/templates", nil, &list); err != nil {
		return err
	}
	var rows [][]string
	for _, item := range list.Items {
		if c.json {
			if err := c.line(item); err != nil {
				return err
			}
			continue
		}
		var t templateShown
		if err := json.Unmarshal(item, &t); err != nil {
			return err
		}
		rows = append(rows, []string{t.Name, t.Emails, t.DefaultPackage, t.Region, t.Cluster, t.ProvisioningID})
	}
	if len(list.Items) == 0 {
		c.say("There are no templates yet. Make some with: ledgerline templates apply FILE.json")
	} else if !c.json {
		c.table([]string{"NAME", "E-MAILS", "PACKAGE", "REGION", "CLUSTER", "PROVISIONING ID"}, rows)
	}
	return nil
}

func checkTemplateVerb(c *cli, args []string) error {
	var check templateCheck
	text, err := c.get(c.ctx, templatePath(args[0])+"/check", nil, &check)
	if err != nil {
		return err
	}
	if c.json {
		err = c.line(text)
	} else if check.OK {
		fmt.Fprintln(c.out, "The template is set up for users to activate themselves.")
	} else {
		c.printFindings(check)
	}
	if err == nil && !check.OK {
		return silentError{exitRefused}
	}
	return err
}

// readObjects reads JSON objects: one, an array of them, or one after the other.
func readObjects(in io.Reader, path string) (objects []json.RawMessage, err error) {
	text, err := readFile(in, path)
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var value json.RawMessage
		switch err := d.Decode(&value); {
		case err == io.EOF:
			return objects, nil
		case err != nil:
			return nil, refused(fmt.Sprintf("%s is not JSON near byte %d: %v", path, d.InputOffset(), err))
		}
		if value[0] != '[' {
			objects = append(objects, value)
			continue
		}
		var array []json.RawMessage
		if err := json.Unmarshal(value, &array); err != nil {
			return nil, err
		}
		objects = append(objects, array...)
	}
}

// readFile reads a file, or standard input for "-".
func readFile(in io.Reader, path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(path)
}
