package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain/importplan"
)

// beatEvery is how often a connection without news shows that it is alive; well
// within what proxies, and our own time limit, allow.
const beatEvery = 10 * time.Second

// importNow is an event about an import.
type importNow struct {
	Status importplan.Status `json:"status"`
	Done   importDone        `json:"done"`
	importRate
}

// id is the same for what is the same to whoever watches.
func (n importNow) id() string { return fmt.Sprintf("%s-%d", n.Status, n.Done.Rows) }

// last says whether nothing comes after it.
func (n importNow) last() bool {
	return n.Status == importplan.Ended || n.Status == importplan.Given || n.Status == importplan.Expired
}

func showNow(p commands.ImportProgress) importNow {
	return importNow{Status: p.Status, Done: showDone(p.Done), importRate: importRate{Total: p.Total, Rate: p.Rate, ETA: seconds(p.ETA)}}
}

// watchImport serves GET /api/imports/{id}/events. A client that has had the last
// event is told with 204 not to come again.
func (a *api) watchImport(w http.ResponseWriter, c *call) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	if err := c.params().only(); err != nil {
		return err
	}
	now, err := a.Imports.Progress(c.Context(), c.partner(), id)
	if err != nil {
		return err
	}
	had := c.Header.Get("Last-Event-ID")
	if first := showNow(now); first.last() && first.id() == had {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	out := newLive(w)
	if c.Method == http.MethodHead {
		return nil
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	a.tellImport(c, out, id, had, beat.C)
	return nil
}

// tellImport tells of an import until it has ended or nobody listens any more.
func (a *api) tellImport(c *call, out live, id uuid.UUID, had string, beat <-chan time.Time) {
	ctx, cancel := context.WithCancel(c.Context())
	type news struct {
		importNow
		err error
	}
	all := make(chan news)
	go func() {
		defer close(all)
		for p, err := range a.Imports.Watch(ctx, c.partner(), id) {
			select {
			case all <- news{showNow(p), err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() {
		cancel()
		for range all { // until nobody watches any more
		}
	}()
	for {
		var err error
		select {
		case n, ok := <-all:
			switch {
			case !ok:
				return
			case n.err != nil:
				_ = out.tell("error", had, a.judge(c, n.err).problem(c.tracking))
				return
			case n.id() != had:
				had = n.id()
				err = out.tell("progress", had, n.importNow)
			}
		case <-beat:
			err = out.beat()
		case <-a.closing:
			return // the client comes again
		}
		if err != nil {
			return // the client is gone
		}
	}
}
