package causes

import (
	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/subscriber"
)

// writer keeps the rows; all that it remembers from one transaction to the next
// are numbers of places.
type writer struct{ places map[place]int64 }

// Reset implements projections.Writer.
func (w *writer) Reset() { clear(w.places) }

// Flush implements projections.Writer; Apply leaves nothing.
func (w *writer) Flush(*sqlite.Conn) error { return nil }

// passing are events that neither stop anybody nor end that, and come so often
// that it pays not to look at them.
var passing = func() map[string]bool {
	names := map[string]bool{}
	for _, e := range []domain.Event{
		subscriber.RequestStarted{}, subscriber.RequestAccepted{}, subscriber.RequestPostponed{}, subscriber.RequestLost{}, subscriber.RequestAbsent{},
		subscriber.PackageChanged{}, subscriber.DetailsChanged{}, subscriber.UserIDChanged{}, subscriber.NameClaimed{}, subscriber.NameReleased{},
		subscriber.EmailValidated{}, subscriber.ConsentMailRequested{}, subscriber.ConsentAwaited{}, subscriber.ConsentGiven{},
	} {
		names[e.EventType()] = true
	}
	return names
}()

// Apply implements projections.Writer.
func (w *writer) Apply(conn *sqlite.Conn, entries []domain.Entry) (events int, err error) {
	b := batch{writer: w, conn: conn, homes: map[uuid.UUID]int64{}}
	for i := range entries {
		e := &entries[i]
		kind, id, ok := domain.SplitStream(e.Stream)
		if !ok || kind != subscriber.Kind || passing[e.Event.EventType()] {
			continue
		}
		events++
		if err := b.apply(id, e); err != nil {
			return 0, err
		}
	}
	return events, b.writeHomes()
}

// batch is one call of Apply.
type batch struct {
	*writer
	conn  *sqlite.Conn
	homes map[uuid.UUID]int64 // not yet written
}

// apply folds one entry. Of a subscriber's stage it matters whether it is stopped
// or leaving, so that is all that is known here.
func (b *batch) apply(id uuid.UUID, e *domain.Entry) error {
	if ev, ok := e.Event.(subscriber.Onboarded); ok {
		number, err := b.place(place{template: ev.ProvisioningID, customer: ev.SPEnterpriseID})
		b.homes[id] = number
		if err != nil || e.Version == 1 {
			return err
		}
	}
	switch e.Event.(type) {
	case subscriber.Provisioned, subscriber.Updated:
		if passed, err := b.through(id, e.At.UnixMilli()); err != nil || !passed {
			return err // mostly: it was never stopped
		}
	}
	before, err := b.stage(id)
	if err != nil {
		return err
	}
	after := subscriber.Evolve(subscriber.State{Stage: before.stage}, e.Event)
	if before.stage == after.Stage && len(after.Errors) == 0 {
		return nil
	}
	if before.stage == subscriber.Stopped {
		if err := b.release(id, before.cause); err != nil {
			return err
		}
	}
	now := stageRow{stage: after.Stage}
	if now.stage == subscriber.Stopped && len(after.Errors) == 0 {
		now.stage = subscriber.Absent // nothing says why
	}
	if now.stage == subscriber.Stopped {
		if now.cause, err = b.stop(id, e, after); err != nil {
			return err
		}
	}
	if now == before {
		return nil
	}
	if now.stage == subscriber.Stopped || now.stage == subscriber.Leaving {
		return execute(b.conn, "INSERT INTO causes_v1_stages VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET stage=excluded.stage, cause=excluded.cause", nil, id[:], int(now.stage), now.cause)
	}
	if before.stage == subscriber.Absent {
		return nil
	}
	return execute(b.conn, "DELETE FROM causes_v1_stages WHERE subscriber=?", nil, id[:])
}

// stageRow is what is known of a subscriber's stage; Absent: neither stopped nor
// leaving.
type stageRow struct {
	stage subscriber.Stage
	cause int64 // of Stopped
}

func (b *batch) stage(id uuid.UUID) (s stageRow, err error) {
	err = execute(b.conn, "SELECT stage, cause FROM causes_v1_stages WHERE subscriber=?", func(row *sqlite.Stmt) {
		s = stageRow{subscriber.Stage(row.ColumnInt(0)), row.ColumnInt64(1)}
	}, id[:])
	return s, err
}

// release takes a subscriber off those whom a cause stops.
func (b *batch) release(id uuid.UUID, number int64) error {
	var customer string
	err := execute(b.conn, "DELETE FROM causes_v1_stopped WHERE cause=? AND subscriber=? RETURNING customer", func(row *sqlite.Stmt) {
		customer = row.ColumnText(0)
	}, number, id[:])
	if err == nil {
		err = execute(b.conn, "UPDATE causes_v1_causes SET now=now-1 WHERE cause=?", nil, number)
	}
	if err == nil {
		err = execute(b.conn, "UPDATE causes_v1_customers SET now=now-1 WHERE cause=? AND customer=?", nil, number, customer)
	}
	return err
}

// through notes that a subscriber got past all that had stopped it, if anything had.
func (b *batch) through(id uuid.UUID, at int64) (was bool, err error) {
	var passed []int64
	err = execute(b.conn, "SELECT cause FROM causes_v1_hits WHERE subscriber=? AND NOT through", func(row *sqlite.Stmt) {
		passed = append(passed, row.ColumnInt64(0))
	}, id[:])
	for _, number := range passed {
		if err == nil {
			err = execute(b.conn, "UPDATE causes_v1_hits SET through=1 WHERE subscriber=? AND cause=?", nil, id[:], number)
		}
		if err == nil {
			err = execute(b.conn, "UPDATE causes_v1_causes SET through=through+1, recovered=recovered+1, came=? WHERE cause=?", nil, at, number)
		}
	}
	return len(passed) > 0, err
}

// stop notes that a subscriber failed; what was noted of the cause as a sign that
// it is mended counts no more.
func (b *batch) stop(id uuid.UUID, e *domain.Entry, after subscriber.State) (number int64, err error) {
	home, err := b.home(id)
	if err != nil {
		return 0, err
	}
	at := e.At.UnixMilli()
	number, err = b.cause(e.Cause.Partner, home.template, after, at)
	if err != nil {
		return 0, err
	}
	before, hit := false, false
	err = execute(b.conn, "SELECT through FROM causes_v1_hits WHERE subscriber=? AND cause=?", func(row *sqlite.Stmt) {
		hit, before = true, row.ColumnBool(0)
	}, id[:], number)
	first, again := 0, 0
	if !hit {
		first = 1
	}
	if before {
		again = 1
	}
	for _, change := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO causes_v1_hits VALUES (?, ?, 0) ON CONFLICT DO UPDATE SET through=0", []any{id[:], number}},
		{"INSERT INTO causes_v1_stopped VALUES (?, ?, ?, ?)", []any{number, id[:], home.customer, at}},
		{"UPDATE causes_v1_causes SET now=now+1, ever=ever+?, through=through-?, recovered=0, last=? WHERE cause=?", []any{first, again, at, number}},
		{"INSERT INTO causes_v1_customers VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET now=now+1, ever=ever+excluded.ever", []any{number, home.customer, first}},
	} {
		if err == nil {
			err = execute(b.conn, change.query, nil, change.args...)
		}
	}
	return number, err
}

// cause returns the number of the cause that a subscriber is stopped by.
func (b *batch) cause(partner, template string, s subscriber.State, at int64) (int64, error) {
	f := cause.Of(s.Errors, template)
	number, err := find(b.conn, partner, f)
	if err != nil || number != 0 {
		return number, err
	}
	first := s.Errors[0]
	err = execute(b.conn, "INSERT INTO causes_v1_causes VALUES (NULL, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?, ?)", nil, partner, string(f), first.Code, cause.Normal(first.Description), template, at, at)
	return b.conn.LastInsertRowID(), err
}

// find returns the number of a cause; 0: there is none.
func find(conn *sqlite.Conn, partner string, f cause.Fingerprint) (number int64, err error) {
	err = execute(conn, "SELECT cause FROM causes_v1_causes WHERE partner=? AND fingerprint=?", func(row *sqlite.Stmt) {
		number = row.ColumnInt64(0)
	}, partner, string(f))
	return number, err
}
