package projections

import (
	"errors"
	"fmt"
	"os"
)

// While all models are built from nothing the file is neither synced nor complete
// at every commit. A mark beside it says so; a build that was interrupted starts
// anew.

func (v *Views) mark() string { return v.path + ".building" }

// discardUnfinished removes a file that was being built.
func (v *Views) discardUnfinished() error {
	if _, err := os.Stat(v.mark()); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := remove(v.path); err != nil {
		return err
	}
	return os.Remove(v.mark())
}

// startBuilding stops syncing.
func (v *Views) startBuilding() error {
	if v.building {
		return nil
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	if err := os.WriteFile(v.mark(), nil, 0o600); err != nil {
		return err
	}
	v.building = true
	return pragmas(v.writer, "synchronous=OFF", fmt.Sprintf("wal_autocheckpoint=%d", buildingWAL))
}

// endBuilding syncs the file and goes on syncing.
func (v *Views) endBuilding() error {
	if !v.building {
		return nil
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	if err := pragmas(v.writer, "synchronous=NORMAL", fmt.Sprintf("wal_autocheckpoint=%d", longestWAL), "wal_checkpoint(PASSIVE)"); err != nil {
		return err
	}
	if err := syncFile(v.path); err != nil {
		return err
	}
	v.building = false
	return os.Remove(v.mark())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
