package httpapi

import (
	"net/http"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/token"
)

// route is one line of the table of everything that can be asked.
type route struct {
	method, path string
	scope        token.Scope // that a token needs; or open, or anyToken
	serve        func(*api, http.ResponseWriter, *call) error
	role         string // that a token must act in; empty: any
}

// What routes need other than a scope.
const (
	open     token.Scope = ""  // no token at all
	anyToken token.Scope = "*" // a valid one
)

// routes is who may ask what: the one table, consulted by the one function serve.
var routes = []*route{
	{method: "GET", path: "/v1/broadworks/subscribers", scope: token.Read, serve: fromViews((*api).v1List)},
	{method: "POST", path: "/v1/broadworks/subscribers", scope: token.Write, serve: (*api).v1Provision},
	{method: "POST", path: "/v1/broadworks/subscribers/validate", scope: token.Write, serve: (*api).v1Validate},
	{method: "GET", path: "/v1/broadworks/subscribers/{subscriberId}", scope: token.Read, serve: (*api).v1Get},
	{method: "PUT", path: "/v1/broadworks/subscribers/{subscriberId}", scope: token.Write, serve: (*api).v1Update},
	{method: "DELETE", path: "/v1/broadworks/subscribers/{subscriberId}", scope: token.Write, serve: (*api).v1Remove},
	{method: "POST", path: "/v1/subscribers/{subscriberId}/emails/consentMove", scope: token.Write, serve: (*api).v1ConsentMove},

	{method: "GET", path: "/api/templates", scope: token.Read, serve: fromViews((*api).listTemplates)},
	{method: "POST", path: "/api/templates", scope: token.Write, serve: (*api).createTemplate},
	{method: "GET", path: "/api/templates/{provisioningId}", scope: token.Read, serve: (*api).getTemplate},
	{method: "PUT", path: "/api/templates/{provisioningId}", scope: token.Write, serve: (*api).changeTemplate},
	{method: "GET", path: "/api/templates/{provisioningId}/check", scope: token.Read, serve: (*api).checkTemplate},

	{method: "GET", path: "/api/users", scope: token.Read, serve: fromViews((*api).listUsers)},
	{method: "POST", path: "/api/users", scope: token.Write, serve: (*api).onboardUser},
	{method: "POST", path: "/api/users/batch", scope: token.Write, serve: (*api).addUsers},
	{method: "GET", path: "/api/users/export", scope: token.Read, serve: fromViews((*api).exportUsers)},
	{method: "GET", path: "/api/users/counts", scope: token.Read, serve: fromViews((*api).countUsers)},
	{method: "GET", path: "/api/users/{id}", scope: token.Read, serve: (*api).getUser},
	{method: "PATCH", path: "/api/users/{id}", scope: token.Write, serve: (*api).changeUser},
	{method: "DELETE", path: "/api/users/{id}", scope: token.Write, serve: (*api).deleteUser},
	{method: "POST", path: "/api/users/explain", scope: token.Write, serve: (*api).explainOnboarding},
	{method: "GET", path: "/api/users/{id}/explain", scope: token.Read, serve: (*api).explainUser},
	{method: "GET", path: "/api/users/{id}/audit", scope: token.Read, serve: (*api).userHistory},
	{method: "POST", path: "/api/users/{id}/retry", scope: token.Write, serve: (*api).retryUser},
	{method: "DELETE", path: "/api/users/{id}/retry", scope: token.Write, serve: (*api).cancelRetry},
	{method: "PUT", path: "/api/users/{id}/package", scope: token.Write, serve: (*api).changePackage},
	{method: "POST", path: "/api/users/{id}/consent-mail", scope: token.Write, serve: (*api).resendConsent},
	{method: "POST", path: "/api/users/{id}/email", scope: token.Write, role: domain.RoleProgram, serve: (*api).submitEmail},
	{method: "POST", path: "/api/users/{id}/email/validation", scope: token.Write, role: domain.RoleProgram, serve: (*api).validateEmail},

	{method: "GET", path: "/api/causes", scope: token.Read, serve: fromViews((*api).listCauses)},
	{method: "GET", path: "/api/causes/{fingerprint}", scope: token.Read, serve: fromViews((*api).getCause)},
	{method: "GET", path: "/api/causes/{fingerprint}/users", scope: token.Read, serve: fromViews((*api).causeUsers)},
	{method: "POST", path: "/api/causes/{fingerprint}/retry", scope: token.Write, serve: fromViews((*api).retryCause)},
	{method: "GET", path: "/api/holds", scope: token.Read, serve: fromViews((*api).listHolds)},
	{method: "POST", path: "/api/holds", scope: token.Write, serve: (*api).placeHold},
	{method: "POST", path: "/api/holds/{id}/lift", scope: token.Write, serve: (*api).liftHold},
	{method: "GET", path: "/api/webex/lanes", scope: token.Read, serve: (*api).lanes},
	{method: "GET", path: "/api/webex/eta", scope: token.Read, serve: (*api).expect},

	{method: "GET", path: "/api/audit", scope: token.Read, serve: fromViews((*api).listAudit)},
	{method: "GET", path: "/api/audit/export", scope: token.Read, serve: fromViews((*api).exportAudit)},
	{method: "GET", path: "/api/licences", scope: token.Read, serve: fromViews((*api).countLicences)},
	{method: "GET", path: "/api/licences/export", scope: token.Read, serve: fromViews((*api).exportLicences)},
	{method: "GET", path: "/api/licences/table", scope: token.Read, serve: (*api).licenceTable},
	{method: "PUT", path: "/api/licences/table/{package}", scope: token.Admin, serve: (*api).setLicences},
	{method: "GET", path: "/api/drift", scope: token.Read, serve: fromViews((*api).listDrift)},
	{method: "POST", path: "/api/drift", scope: token.Write, serve: (*api).startDrift},
	{method: "GET", path: "/api/drift/{id}", scope: token.Read, serve: fromViews((*api).getDrift)},
	{method: "GET", path: "/api/drift/{id}/findings", scope: token.Read, serve: fromViews((*api).listFindings)},
	{method: "POST", path: "/api/drift/{id}/approve", scope: token.Write, role: domain.RoleAdmin, serve: (*api).approveDrift},
	{method: "POST", path: "/api/imports", scope: token.Write, serve: (*api).importUsers},
	{method: "GET", path: "/api/imports", scope: token.Read, serve: fromViews((*api).listImports)},
	{method: "POST", path: "/api/imports/plans", scope: token.Write, serve: (*api).planImport},
	{method: "GET", path: "/api/imports/{id}", scope: token.Read, serve: (*api).getImport},
	{method: "GET", path: "/api/imports/{id}/rows", scope: token.Read, serve: (*api).listImportRows},
	{method: "GET", path: "/api/imports/{id}/errors", scope: token.Read, serve: (*api).importErrors},
	{method: "GET", path: "/api/imports/{id}/rejected.csv", scope: token.Read, serve: (*api).downloadRejected},
	{method: "GET", path: "/api/imports/{id}/plan", scope: token.Read, serve: (*api).downloadPlan},
	{method: "GET", path: "/api/imports/{id}/events", scope: token.Read, serve: (*api).watchImport},
	{method: "POST", path: "/api/imports/{id}/approve", scope: token.Write, serve: (*api).approveImport},
	{method: "POST", path: "/api/imports/{id}/apply", scope: token.Write, serve: importDoes(http.StatusAccepted, func(im *commands.Importer) importStep { return im.Apply })},
	{method: "POST", path: "/api/imports/{id}/pause", scope: token.Write, serve: importDoes(http.StatusOK, func(im *commands.Importer) importStep { return im.Pause })},
	{method: "POST", path: "/api/imports/{id}/resume", scope: token.Write, serve: importDoes(http.StatusAccepted, func(im *commands.Importer) importStep { return im.Resume })},
	{method: "POST", path: "/api/imports/{id}/cancel", scope: token.Write, serve: importDoes(http.StatusOK, func(im *commands.Importer) importStep { return im.Cancel })},
	{method: "POST", path: "/api/imports/{id}/undo", scope: token.Write, serve: (*api).undoImport},
	{method: "POST", path: "/api/tokens", scope: token.Admin, serve: (*api).issueToken},
	{method: "DELETE", path: "/api/tokens/{id}", scope: token.Admin, serve: (*api).revokeToken},
	{method: "GET", path: "/api/whoami", scope: anyToken, serve: (*api).whoAmI},
	{method: "GET", path: "/api/status", scope: token.Read, serve: (*api).status},
	{method: "POST", path: "/api/verify", scope: token.Admin, serve: (*api).verify},
	{method: "POST", path: "/api/rebuild", scope: token.Admin, serve: (*api).rebuild},

	{method: "GET", path: "/openapi.json", scope: open, serve: (*api).openAPI},
	{method: "GET", path: "/healthz", scope: open, serve: (*api).healthy},
	{method: "GET", path: "/readyz", scope: open, serve: (*api).ready},
	{method: "GET", path: "/metrics", scope: open, serve: (*api).showMetrics},
}

// pattern is the route in the form of http.ServeMux.
func (r *route) pattern() string { return r.method + " " + r.path }

// serve decides whether a route may be asked, and asks it.
func (a *api) serve(w http.ResponseWriter, c *call, r *route) error {
	if r.scope != open {
		if err := a.authenticate(c); err != nil {
			return err
		}
		if r.scope != anyToken && !c.token.May(r.scope) {
			return missingScope(r.scope)
		}
		if r.role != "" && c.token.Issued.Role != r.role {
			return roleErrors[r.role]
		}
	}
	return r.serve(a, w, c)
}
