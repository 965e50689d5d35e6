package userstatus

import "testing"

// Small makes every way of searching, and many blocks, worth while for a few rows.
func Small(t *testing.T) {
	few, rows, places, keys, words := fewRows, mostRare, list, keysTable, rareTable
	t.Cleanup(func() { fewRows, mostRare, list, keysTable, rareTable = few, rows, places, keys, words })
	fewRows, mostRare = 10, 2
	list.most, keysTable.most, rareTable.most = 7, 5, 5
	list.keep, keysTable.keep, rareTable.keep = 3, 3, 3
}
