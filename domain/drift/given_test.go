package drift_test

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/domain/webex"
)

type events = []domain.Event

var (
	anna    = uuid.MustParse("6970e6bb-7439-4ffb-ad34-d3ff0167ddad")
	bo      = uuid.MustParse("5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84")
	scan    = uuid.MustParse("0d9f1c52-7a0b-5c1e-8e42-5b6a2f0d9c71")
	another = uuid.MustParse("1d9f1c52-7a0b-5c1e-8e42-5b6a2f0d9c71")
)

// at is so many minutes after the story begins.
func at(minutes int) time.Time { return time.Date(2026, 3, 1, 12, minutes, 0, 0, time.UTC) }

func having(p webex.Package) *drift.Values {
	return &drift.Values{
		UserID: "anna@as0.example", SPEnterpriseID: "SP1+acme", ProvisioningID: "NmMwZTFkNDA", FirstName: "Anna", LastName: "Öberg",
		Email: "anna@ent.example", PrimaryPhoneNumber: "+46701234567", MobilePhoneNumber: "+359700000000", Extension: "1000",
		Package: p, Status: webex.Provisioned, PersonID: "person-1", Errors: []webex.Error{{Code: 10022, Description: "taken"}},
	}
}

var (
	missing = drift.Finding{Kind: drift.Missing, Subscriber: anna, Version: 4, WebexID: "webex-1", Here: having("basic"), Propose: drift.Recreate}
	unknown = drift.Finding{Kind: drift.Unknown, Subscriber: bo, WebexID: "webex-2", There: having("standard"), Propose: drift.Adopt}
	pack    = drift.Finding{Kind: drift.Package, Subscriber: anna, Version: 4, WebexID: "webex-1", Fields: []string{"package"}, Here: having("basic"), There: having("premium"), Propose: drift.Push}
	second  = drift.Finding{Kind: drift.Duplicate, Subscriber: bo, WebexID: "webex-3", There: having("basic"), Propose: drift.Ignore}

	started = drift.Started{Scheduled: true, Filter: drift.Filter{ProvisioningID: "NmMwZTFkNDA", SPEnterpriseID: "SP1+acme"}, At: at(0)}
	reading = events{started, drift.Progressed{At: at(1)}}
	found   = append(reading[:2:2], drift.Found{Findings: []drift.Finding{missing, unknown}, At: at(2)}, drift.Found{Findings: []drift.Finding{pack, second}, At: at(2)})
	ready   = append(found[:4:4], drift.Finished{Counts: drift.Counts{Records: 9, Users: 8, InMotion: 1, Kinds: map[drift.Kind]int{drift.Missing: 1, drift.Unknown: 1, drift.Package: 1, drift.Duplicate: 1}}, At: at(3)})
	broken  = append(found[:4:4], drift.Broken{Reason: "Webex did not answer.", At: at(3)})
)
