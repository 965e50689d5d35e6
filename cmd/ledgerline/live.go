package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// liveEvent is one server-sent event.
type liveEvent struct{ id, name, data string }

// readEvents gives each event of a stream to use, until that says that it was the
// last.
//
// Errors: io.ErrUnexpectedEOF if the stream ended before.
func readEvents(in io.Reader, use func(liveEvent) (last bool, err error)) error {
	lines := bufio.NewReader(in)
	for e := (liveEvent{}); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case strings.TrimRight(line, "\r\n") == "":
			if e.data != "" {
				if last, err := use(e); last || err != nil {
					return err
				}
			}
			e = liveEvent{id: e.id}
		case name == "id":
			e.id = value
		case name == "event":
			e.name = value
		case name == "data":
			e.data += value
		}
	}
}

// againAfter is how long after a broken connection events are asked for again.
const againAfter = time.Second

// mostBreaks is how often a connection may break without an event in between.
const mostBreaks = 10

// follow gives each event at an address to use, until that says that it was the
// last. Connections that break are made again, and go on after the last event.
func (c *client) follow(ctx context.Context, path string, use func(liveEvent) (last bool, err error)) error {
	var id string
	for breaks := 0; ; {
		var judged error
		reply, err := c.do(ctx, http.MethodGet, path, nil, nil, "", "Last-Event-ID", id)
		if err == nil {
			err = readEvents(reply.Body, func(e liveEvent) (bool, error) {
				id, breaks = e.id, 0
				last, err := use(e)
				judged = err
				return last, err
			})
			reply.Body.Close()
		}
		var no *problemError
		switch {
		case err == nil, judged != nil, errors.As(err, &no) && no.Status < 500:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if breaks++; breaks > mostBreaks {
			return err
		}
		select {
		case <-time.After(againAfter):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
