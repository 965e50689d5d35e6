package userstatus_test

import (
	"slices"
	"testing"

	"ledgerline/domain"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

func history(n int) []domain.Entry {
	all := slices.Collect(projectionstest.History(projectionstest.Shape{Seed: 3, Partners: []string{"acme", "beta"}, Customers: 6, Import: 120, Subscribers: n}))
	return all
}

func TestUserStatusKeepsTheLaws(t *testing.T) {
	projectionstest.Laws(t, userstatus.Model, history(80))
}

func TestUserStatusKeepsTheLawsInManySmallBlocks(t *testing.T) {
	userstatus.Small(t)
	projectionstest.Laws(t, userstatus.Model, history(80))
}
