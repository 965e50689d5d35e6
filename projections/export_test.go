package projections

import "testing"

// SmallBatches makes every build take many transactions.
func SmallBatches(t *testing.T) {
	batch, long := batchEntries, longEntries
	t.Cleanup(func() { batchEntries, longEntries = batch, long })
	batchEntries, longEntries = 500, 2_000
}
