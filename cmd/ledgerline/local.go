package main

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// inProcess carries requests to a handler in this process, without a socket.
// Bodies are streams in both directions, as they are over a network.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	served := r.Clone(ctx)
	served.RequestURI = r.URL.RequestURI()
	served.Host = r.URL.Host
	served.RemoteAddr = "127.0.0.1:0"
	if served.Body == nil {
		served.Body = http.NoBody
	}
	body, out := io.Pipe()
	w := &inProcessAnswer{header: http.Header{}, out: out, begun: make(chan struct{})}
	go func() {
		defer func() {
			served.Body.Close()
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
				out.CloseWithError(io.ErrUnexpectedEOF) // what came is not whole
				return
			}
			w.WriteHeader(http.StatusOK)
			out.Close()
		}()
		t.handler.ServeHTTP(w, served)
	}()
	select {
	case <-w.begun:
	case <-ctx.Done():
		body.CloseWithError(ctx.Err())
		cancel()
		return nil, ctx.Err()
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: &inProcessBody{body, cancel}, ContentLength: -1, Request: r,
	}, nil
}

// inProcessAnswer is the handler's side of a reply.
type inProcessAnswer struct {
	header http.Header
	out    *io.PipeWriter
	once   sync.Once
	begun  chan struct{}
	status int
	sent   http.Header
}

func (w *inProcessAnswer) Header() http.Header { return w.header }

func (w *inProcessAnswer) WriteHeader(status int) {
	if status < 200 {
		return
	}
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

func (w *inProcessAnswer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.out.Write(p)
}

// Flush implements http.Flusher: nothing is held back anyway.
func (w *inProcessAnswer) Flush() { w.WriteHeader(http.StatusOK) }

// inProcessBody ends the request when it is closed.
type inProcessBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b *inProcessBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
