package commands_test

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// listWebex is a fakeWebex with a list that can be read page by page.
type listWebex struct {
	*fakeWebex
	pages  int                                         // asked for
	unread func(page int) error                        // if set: instead of a page
	listed func([]webex.Subscriber) []webex.Subscriber // if set: what the list has of the records
}

const pageSize = 3

// Page lists by id, a few at a time.
func (w *listWebex) Page(_ context.Context, f commands.WebexFilter, from string) (commands.WebexPage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages++
	if w.unread != nil {
		if err := w.unread(w.pages); err != nil {
			return commands.WebexPage{}, err
		}
	}
	var all []webex.Subscriber
	for _, id := range slices.Sorted(maps.Keys(w.records)) {
		if s := w.current(w.records[id]); f.SPEnterpriseID == "" || f.SPEnterpriseID == s.SPEnterpriseID {
			all = append(all, s)
		}
	}
	if w.listed != nil {
		all = w.listed(all)
	}
	offset, _ := strconv.Atoi(from)
	page := commands.WebexPage{Records: all[min(offset, len(all)):min(offset+pageSize, len(all))]}
	if offset+pageSize < len(all) {
		page.Next = strconv.Itoa(offset + pageSize)
	}
	return page, nil
}
