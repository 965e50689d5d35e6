package main

import (
	"context"
	"encoding/json"
	"errors"
)

// importNow is how far an import is.
type importNow struct {
	Status string     `json:"status"`
	Done   importDone `json:"done"`
	Total  int        `json:"total"`
	Rate   float64    `json:"rate"`
	ETA    int        `json:"eta"`
}

// resting says whether an import does not go on by itself.
func (n importNow) resting() bool { return n.Status != "applying" }

// followImport shows how an import gets on until it has ended or is paused.
// Ctrl-C ends the showing only.
func (c *cli) followImport(p importPlan) error {
	if c.local {
		c.carryOutImports()
	}
	bar := newToldProgress(c.talk, "Importing", p.rows())
	defer bar.end()
	err := c.follow(c.ctx, importPath(p.ID)+"/events", func(e liveEvent) (bool, error) {
		if e.name == "error" {
			no := &problemError{}
			return true, errors.Join(json.Unmarshal([]byte(e.data), no), no)
		}
		var now importNow
		if err := json.Unmarshal([]byte(e.data), &now); err != nil {
			return true, err
		}
		bar.tell(now.Done.Rows, now.Rate, now.ETA)
		return now.resting(), nil
	})
	if err != nil {
		bar.end()
		where := "The import goes on at the server."
		if c.local {
			where = "What was done stays done; the import goes on with the next that is carried out on " + c.data + ", or with a server there."
		}
		c.say("%s To follow it: ledgerline import show %s --watch", where, p.ID)
	}
	if errors.Is(err, context.Canceled) {
		return silentError{exitStopped}
	}
	return err
}
