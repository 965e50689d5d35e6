package userstatus

import "testing"

// Small makes every way of searching worth while for a few rows.
func Small(t *testing.T) {
	few, many, most := fewRows, manyRows, mostChanges
	t.Cleanup(func() { fewRows, manyRows, mostChanges = few, many, most })
	fewRows, manyRows, mostChanges = 10, 30, 60
}
