package commands

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

const planBatch = 128 // rows that one goroutine judges at once

// judgeAll judges in parallel and passes on in order. An error ends it.
func judgeAll[T any](ctx context.Context, rows iter.Seq[T], judge func(context.Context, T) judgement, then func(judgement) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type batch struct {
		rows   []T
		judged []judgement
		done   chan struct{}
	}
	workers := 2 * runtime.GOMAXPROCS(0)
	due, inOrder := make(chan *batch, workers), make(chan *batch, 2*workers)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for b := range due {
				for _, row := range b.rows {
					if ctx.Err() != nil {
						break
					}
					b.judged = append(b.judged, judge(ctx, row))
				}
				close(b.done)
			}
		})
	}
	working.Go(func() {
		for b := range inOrder {
			<-b.done
			for _, j := range b.judged {
				err := j.err
				if err == nil && ctx.Err() == nil {
					err = then(j)
				}
				if err != nil {
					cancel(err)
				}
			}
		}
	})
	next := &batch{done: make(chan struct{})}
	send := func() {
		inOrder <- next
		due <- next
		next = &batch{done: make(chan struct{})}
	}
	for row := range rows {
		if next.rows = append(next.rows, row); len(next.rows) == planBatch {
			send()
		}
		if ctx.Err() != nil {
			break
		}
	}
	send()
	close(due)
	close(inOrder)
	working.Wait()
	return context.Cause(ctx)
}
