package drift_test

import (
	"testing"

	"ledgerline/domain/domaintest"
	"ledgerline/domain/drift"
)

func TestStoredEventsAreReadAsEver(t *testing.T) {
	whole := pack
	whole.Replaces = "webex-0"
	domaintest.Golden(t, drift.Events,
		started,
		drift.Progressed{Records: 100, Users: 3, At: at(1)},
		drift.Found{Findings: []drift.Finding{whole, unknown}, At: at(2)},
		drift.Finished{Counts: drift.Counts{Records: 9, Users: 8, InMotion: 1, Unreadable: 1, Kinds: map[drift.Kind]int{drift.Missing: 1}}, At: at(3)},
		drift.Broken{Reason: "Webex did not answer.", At: at(3)},
		drift.Approved{All: true, Kinds: map[drift.Kind]drift.Action{drift.Package: drift.Take}, Findings: map[int]drift.Action{1: drift.Accept}, At: at(4)},
		drift.Settled{Outcomes: []drift.Outcome{{Finding: 1, Result: drift.Held, Reason: "It changed."}}, At: at(5)},
		drift.Closed{SupersededBy: another.String(), At: at(6)},
		drift.ScanBegan{Scan: scan, Whole: true, At: at(0)},
		drift.ScanClosed{Scan: scan, At: at(6)},
	)
}

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) {
	domaintest.Personal(t, drift.Events)
}
