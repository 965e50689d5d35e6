package projections

import (
	"context"

	"zombiezen.com/go/sqlite"
)

// Moving the WAL into the file waits for the disk, so it is done beside the loop,
// by a connection of its own, and never in a commit that somebody waits for.

const (
	checkpointEntries = 2_000 // applied between two checkpoints at least
	longestWAL        = 8_192 // pages, 64 MiB; the loop lends a hand beyond that
	buildingWAL       = 4_000 // pages; while nothing is synced the loop does it
)

// checkpoints moves the WAL into the file whenever it is told to.
func (v *Views) checkpoints(ctx context.Context) error {
	conn, err := sqlite.OpenConn(v.path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		select {
		case <-v.grown:
		case <-ctx.Done():
			return nil
		}
		if err := pragmas(conn, "wal_checkpoint(PASSIVE)"); err != nil {
			v.options.Report(err) // nothing is lost: the WAL grows until it works
		}
	}
}

// grew notes how many entries were applied; v.writing is held.
func (v *Views) grew(entries int) {
	v.uncheckpointed += entries
	if v.building || v.uncheckpointed < checkpointEntries {
		return
	}
	v.uncheckpointed = 0
	select {
	case v.grown <- struct{}{}:
	default:
	}
}
