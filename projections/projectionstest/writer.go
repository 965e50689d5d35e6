package projectionstest

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Writer makes entries of one partner by hand.
type Writer struct {
	Entries  []domain.Entry
	Cause    domain.Cause
	At       time.Time // of the next entry
	versions map[string]int
}

// NewWriter returns a writer whose cause is an administrator of the partner.
func NewWriter(partner string) *Writer {
	return &Writer{
		Cause:    domain.Cause{Partner: partner, Actor: "token:ada", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI, Request: "r1"},
		At:       Start,
		versions: map[string]int{},
	}
}

// Add adds events to a stream, a second apart.
func (w *Writer) Add(stream string, events ...domain.Event) {
	for _, e := range events {
		w.versions[stream]++
		n := len(w.Entries) + 1
		w.Entries = append(w.Entries, domain.Entry{
			Position: domain.Position(n), Stream: stream, Version: w.versions[stream], ID: uuid.UUID{15: byte(n)}, At: w.At, Cause: w.Cause, Event: e,
		})
		w.At = w.At.Add(time.Second)
	}
}
