package audit

// what returns plain words for the stored name of an event; one that is not known
// here is its own name.
func what(eventType string) string {
	if words, ok := plainWords[eventType]; ok {
		return words
	}
	return eventType
}

var plainWords = map[string]string{
	"subscriber.onboarded.v1":              "User onboarded",
	"subscriber.email_submitted.v1":        "E-mail address entered",
	"subscriber.email_validated.v1":        "E-mail address validated",
	"subscriber.activation_retried.v1":     "Activation retried",
	"subscriber.package_changed.v1":        "Package changed",
	"subscriber.details_changed.v1":        "Details changed",
	"subscriber.user_id_changed.v1":        "BroadWorks user id changed",
	"subscriber.name_claimed.v1":           "BroadWorks user id taken by another user",
	"subscriber.name_released.v1":          "BroadWorks user id free again",
	"subscriber.consent_mail_requested.v1": "Consent mail asked for again",
	"subscriber.deletion_requested.v1":     "Deletion asked for",
	"subscriber.request_started.v1":        "Request to Webex started",
	"subscriber.request_accepted.v1":       "Request accepted by Webex",
	"subscriber.request_postponed.v1":      "Request postponed by Webex",
	"subscriber.request_refused.v1":        "Request refused by Webex",
	"subscriber.request_lost.v1":           "Outcome of the request unknown",
	"subscriber.request_absent.v1":         "Request found not carried out",
	"subscriber.consent_awaited.v1":        "Consent to move an account awaited",
	"subscriber.consent_given.v1":          "Consent to move an account given",
	"subscriber.provisioned.v1":            "User provisioned",
	"subscriber.provisioning_failed.v1":    "Provisioning failed",
	"subscriber.updated.v1":                "Change done at Webex",
	"subscriber.update_failed.v1":          "Change failed at Webex",
	"subscriber.vanished.v1":               "User gone from Webex unasked",
	"subscriber.removed.v1":                "User removed",
	"subscriber.retry_planned.v1":          "Next try planned",
	"subscriber.retry_started.v1":          "Next try started, as planned",
	"subscriber.retry_cancelled.v1":        "Next try cancelled",
	"subscriber.quarantined.v1":            "Given up: no answer from Webex",
	"template.created.v1":                  "Template created",
	"template.changed.v1":                  "Template changed",
	"hold.placed.v1":                       "Requests to Webex held",
	"hold.lifted.v1":                       "Requests to Webex go on",
	"import.planned.v1":                    "Import planned",
	"import.approved.v1":                   "Import approved",
	"import.started.v1":                    "Import started",
	"import.progressed.v1":                 "Import got on",
	"import.paused.v1":                     "Import paused",
	"import.resumed.v1":                    "Import resumed",
	"import.cancelled.v1":                  "Import cancelled",
	"import.finished.v1":                   "Import finished",
	"brake.reserved.v1":                    "Removals and downgrades let through",
	"token.issued.v1":                      "Token issued",
	"token.revoked.v1":                     "Token revoked",
	"licences.set.v1":                      "Licences of a package set",
	"customer.administrator_designated.v1": "Customer's administrator designated",
	"customer.administrator_activated.v1":  "Customer's administrator active",
	"customer.administrator_withdrawn.v1":  "Customer's administrator withdrawn",
}
