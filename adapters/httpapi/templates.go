package httpapi

import (
	"net/http"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/template"
)

// templateBody is a template as it is sent and shown. What is only shown may be
// sent back, so that what was read can be edited and returned.
type templateBody struct {
	ProvisioningID string `json:"provisioningId"`
	template.Settings
	ActivationLink string `json:"activationLink"`
	Version        int    `json:"version"`
	Created        string `json:"created"`
	Changed        string `json:"changed"`
}

func (a *api) showTemplate(t template.State, version int) templateBody {
	return templateBody{
		ProvisioningID: t.ProvisioningID, Settings: t.Settings, ActivationLink: a.ActivationLink(t.ProvisioningID),
		Version: version, Created: stamp(t.Created), Changed: stamp(t.Changed),
	}
}

func (a *api) answerTemplate(w http.ResponseWriter, status int, r commands.Template) error {
	w.Header().Set("ETag", etag(r.Version))
	writeJSON(w, status, a.showTemplate(r.Value, r.Version))
	return nil
}

// listTemplates serves GET /api/templates.
func (a *api) listTemplates(w http.ResponseWriter, c *call) error {
	if err := a.after(c, c.params()); err != nil {
		return err
	}
	rows, err := a.Templates.List(c.Context(), c.partner())
	if err != nil {
		return err
	}
	body := struct {
		Items []templateBody `json:"items"`
	}{make([]templateBody, 0, len(rows))}
	for _, row := range rows {
		body.Items = append(body.Items, a.showTemplate(row.State, row.Version))
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// createTemplate serves POST /api/templates: 201 for a new template, 200 for one
// that is there already with these settings.
func (a *api) createTemplate(w http.ResponseWriter, c *call) error {
	var body templateBody
	if err := decode(w, c, &body); err != nil {
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	stream := template.Stream(why.Partner, trimmed(body.ProvisioningID))
	r, err := once(a, c, why, stream, template.Decider, func(s *commands.Service, why domain.Cause) (commands.Template, error) {
		return s.CreateTemplate(c.Context(), commands.SaveTemplate{ProvisioningID: body.ProvisioningID, Settings: body.Settings}, why)
	})
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	if !r.Changed {
		return a.answerTemplate(w, http.StatusOK, r)
	}
	w.Header().Set("Location", "/api/templates/"+r.Value.ProvisioningID)
	return a.answerTemplate(w, http.StatusCreated, r)
}

// template reads the template of the path from the log.
func (a *api) template(c *call) (commands.Template, error) {
	return current(c.Context(), a, c.partner(), template.Stream(c.partner(), c.PathValue("provisioningId")), template.Decider)
}

// getTemplate serves GET /api/templates/{provisioningId}.
func (a *api) getTemplate(w http.ResponseWriter, c *call) error {
	r, err := a.template(c)
	if err != nil {
		return err
	}
	return a.answerTemplate(w, http.StatusOK, r)
}

// changeTemplate serves PUT /api/templates/{provisioningId}.
func (a *api) changeTemplate(w http.ResponseWriter, c *call) error {
	var body templateBody
	if err := decode(w, c, &body); err != nil {
		return err
	}
	id := c.PathValue("provisioningId")
	if given := trimmed(body.ProvisioningID); given != "" && given != id {
		var f domain.Fields
		f.Add("provisioningId", domain.Malformed, "must be the one in the address; it cannot be changed")
		return f.Err()
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	r, err := once(a, c, why, template.Stream(why.Partner, id), template.Decider, func(s *commands.Service, why domain.Cause) (commands.Template, error) {
		return s.ChangeTemplate(c.Context(), commands.SaveTemplate{ProvisioningID: id, Settings: body.Settings}, why)
	})
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	return a.answerTemplate(w, http.StatusOK, r)
}

// checkTemplate serves GET /api/templates/{provisioningId}/check: is the template
// set up for users who activate themselves in the portal?
func (a *api) checkTemplate(w http.ResponseWriter, c *call) error {
	r, err := a.template(c)
	if err != nil {
		return err
	}
	type finding struct {
		Field string `json:"field"`
		Text  string `json:"text"`
	}
	link := a.ActivationLink(r.Value.ProvisioningID)
	body := struct {
		OK             bool      `json:"ok"`
		ActivationLink string    `json:"activationLink"`
		Untrusted      bool      `json:"untrustedEmails"`
		ShareLink      string    `json:"shareLink"`
		Findings       []finding `json:"findings"`
	}{ActivationLink: link, Untrusted: r.Value.Settings.Emails == template.Untrusted, ShareLink: r.Value.Settings.ShareLink, Findings: []finding{}}
	for _, found := range r.Value.Check(link) {
		body.Findings = append(body.Findings, finding(found))
	}
	body.OK = len(body.Findings) == 0
	writeJSON(w, http.StatusOK, body)
	return nil
}
