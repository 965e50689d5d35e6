package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/domain"
)

var (
	batchEntries = 8_192   // applied at once at most, and as many read ahead
	longEntries  = 131_072 // applied in one transaction at most while all is built from nothing
)

const (
	farBehind    = 10_000 // entries; a model built from nothing that is further behind gets its indexes last
	near         = 1_000  // entries; a model no further behind than this joins the others
	busy         = 1_000  // entries; after a transaction with as many the next waits for more
	longestWait  = 200 * time.Millisecond
	firstPause   = 10 * time.Millisecond
	longestPause = 5 * time.Second
)

// Run keeps the models up to date with the log until ctx ends or an error is
// fatal. Other errors are reported and what failed is tried again, with pauses
// that grow to five seconds; no entry is ever passed over.
//
// Models that are equally far share one reading of the log. One that is behind,
// a new version for one, catches up beside them and then joins.
func (v *Views) Run(ctx context.Context, log Log) error {
	if err := v.restartBeyond(ctx, log); err != nil {
		return err
	}
	if err := v.tidy(); err != nil {
		return err
	}
	lead, behind := v.convoys()
	g, ctx := errgroup.WithContext(ctx)
	beside, stop := context.WithCancel(ctx)
	g.Go(func() error { return v.checkpoints(beside) })
	for _, c := range behind {
		g.Go(func() error {
			return v.persist(ctx, func(well func()) error { return v.catchUp(ctx, log, c, well) })
		})
	}
	g.Go(func() error {
		defer stop()
		return v.persist(ctx, func(well func()) error { return v.lead(ctx, log, &lead, well) })
	})
	return g.Wait()
}

// restartBeyond starts models anew that are ahead of the log: it is another log,
// or one that was restored from an older copy.
func (v *Views) restartBeyond(ctx context.Context, log Log) error {
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	for _, m := range v.models {
		at := m.position
		if at <= head {
			continue
		}
		if err := v.startAnew([]*model{m}); err != nil {
			return err
		}
		v.options.Report(fmt.Errorf("%s was at position %d, beyond the end of the log at %d; it is built anew", m.Name, at, head))
	}
	return nil
}

// startAnew empties models; v.writing is held.
func (v *Views) startAnew(models []*model) (err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	defer v.begin(&err)()
	for _, m := range models {
		if err == nil {
			m.writer.Reset()
			err = v.create(m)
		}
	}
	return err
}

// convoys groups the models by how far they are; those furthest lead.
func (v *Views) convoys() (lead []*model, behind [][]*model) {
	at := map[domain.Position][]*model{}
	var furthest domain.Position
	for _, m := range v.models {
		at[m.position] = append(at[m.position], m)
		furthest = max(furthest, m.position)
	}
	for position, models := range at {
		if position != furthest {
			behind = append(behind, models)
		}
	}
	return at[furthest], behind
}

// persist repeats work until it succeeds, ctx ends or an error is fatal. The work
// calls well when it gets on.
func (v *Views) persist(ctx context.Context, work func(well func()) error) error {
	pause := firstPause
	for {
		err := work(func() { pause = firstPause; v.setErr(nil) })
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		v.setErr(err)
		v.options.Report(err)
		if v.options.Fatal(err) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, longestPause)
	}
}

// lead follows the log, with whoever joins.
func (v *Views) lead(ctx context.Context, log Log, models *[]*model, well func()) error {
	for {
		tail, cancel := context.WithCancel(ctx)
		v.mu.Lock()
		*models = append(*models, v.joining...)
		v.joining, v.restart = nil, cancel
		v.mu.Unlock()
		err := v.follow(tail, log, log.Tail, *models, well)
		restarted := tail.Err() != nil && ctx.Err() == nil
		cancel()
		if !restarted {
			return errors.Join(err, ctx.Err())
		}
	}
}

// catchUp applies what the leading models have already, then joins them.
func (v *Views) catchUp(ctx context.Context, log Log, models []*model, well func()) error {
	for !v.join(models) {
		if err := v.follow(ctx, log, log.ReadAll, models, well); err != nil {
			return err
		}
	}
	return nil
}

// join hands the models over to the leading loop once they are nearly as far.
func (v *Views) join(models []*model) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.models {
		if m.position > models[0].position+near {
			return false
		}
	}
	v.joining = append(v.joining, models...)
	v.restart()
	return true
}

// follow applies entries as they come, as many at once as have come meanwhile.
func (v *Views) follow(ctx context.Context, log Log, read reading, models []*model, well func()) error {
	ctx, cancel := context.WithCancel(ctx)
	b, filled := newBuffer(batchEntries), make(chan struct{})
	go func() {
		defer close(filled)
		b.fill(read(ctx, v.lowest(models)))
	}()
	defer func() {
		cancel()
		b.stop()
		<-filled
	}()
	for last := v.lowest(models); ; {
		if err := v.current(ctx, log, models); err != nil {
			return err
		}
		if now := v.lowest(models); now >= last+busy {
			b.gather(batchEntries*3/4, longestWait)
			last = now
		}
		head, err := v.far(ctx, log, models)
		if err != nil {
			return err
		}
		if more, err := v.transact(b, models, head); !more || err != nil {
			return err
		}
		well()
	}
}

// reading is Log.ReadAll or Log.Tail.
type reading func(context.Context, domain.Position) iter.Seq2[[]domain.Entry, error]

// far returns the head of the log if all models are being built and far behind it,
// or 0.
func (v *Views) far(ctx context.Context, log Log, models []*model) (domain.Position, error) {
	if len(models) < len(v.models) || v.indexed(models) {
		return 0, nil
	}
	if v.lowest(models) == 0 {
		if err := v.startBuilding(); err != nil {
			return 0, err
		}
	}
	if !v.building {
		return 0, nil
	}
	return log.Head(ctx)
}

// current makes the indexes of models that are no longer far behind, and when
// all have them drops older versions of the models.
func (v *Views) current(ctx context.Context, log Log, models []*model) error {
	if v.indexed(models) {
		return nil
	}
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	for _, m := range models {
		if m.indexed || head > m.position+farBehind {
			continue
		}
		if err := v.index(m); err != nil {
			return err
		}
	}
	if !v.indexed(v.models) {
		return nil
	}
	if err := v.endBuilding(); err != nil {
		return err
	}
	return v.tidy()
}

// tidy drops older versions of the models when all are complete.
func (v *Views) tidy() error {
	if !v.indexed(v.models) {
		return nil
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	return v.dropOld()
}

func (v *Views) indexed(models []*model) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return complete(models)
}

func (v *Views) index(m *model) (err error) {
	v.writing.Lock()
	defer v.writing.Unlock()
	if err := v.makeIndexes(m); err != nil {
		return errors.Join(fmt.Errorf("index %s: %w", m.Name, err), v.forget([]*model{m}))
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	m.indexed = true
	v.announce()
	return nil
}

func (v *Views) makeIndexes(m *model) (err error) {
	defer v.begin(&err)()
	if err == nil {
		err = m.writer.Flush(v.writer)
	}
	for _, statement := range m.Indexes {
		if err == nil {
			err = sqlitex.ExecuteTransient(v.writer, statement, nil)
		}
	}
	if err != nil {
		return err
	}
	return sqlitex.Execute(v.writer, "UPDATE models SET indexed=1 WHERE name=?", &sqlitex.ExecOptions{Args: []any{m.Name}})
}
