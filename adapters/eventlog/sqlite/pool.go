package sqlite

import (
	"context"
	"errors"
)

// pool holds the readers of a log, which it opens when they are first needed.
type pool struct {
	open   func() (*reader, error)
	slots  chan *reader // nil: not opened yet
	closed chan struct{}
}

func newPool(n int, open func() (*reader, error)) *pool {
	p := &pool{open: open, slots: make(chan *reader, n), closed: make(chan struct{})}
	for range n {
		p.slots <- nil
	}
	return p
}

// with calls f with a reader that nobody else uses meanwhile.
func (p *pool) with(ctx context.Context, f func(*reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.closed:
		return ErrClosed
	default:
	}
	var r *reader
	select {
	case r = <-p.slots:
	case <-p.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.slots <- r }()
	if r == nil {
		if r, err = p.open(); err != nil {
			return err
		}
	}
	return f(r)
}

func (p *pool) close() error {
	close(p.closed)
	var errs []error
	for range cap(p.slots) {
		if r := <-p.slots; r != nil {
			errs = append(errs, r.close())
		}
	}
	return errors.Join(errs...)
}
