package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func asked(ctx context.Context, t *testing.T, h http.HandlerFunc, body io.Reader) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://ledgerline/a%2Fb?x=1", body)
	require.NoError(t, err)
	return (&http.Client{Transport: inProcess{h}}).Do(r)
}

func TestRequestsReachAHandlerInThisProcessWhole(t *testing.T) {
	reply, err := asked(t.Context(), t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X", r.URL.Query().Get("x")+r.URL.Path+r.Host)
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X", "too late")
		_, _ = w.Write(body)
	}, strings.NewReader("hello"))
	require.NoError(t, err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.Equal(t, "hello", string(body))
	require.Equal(t, http.StatusTeapot, reply.StatusCode)
	require.Equal(t, "1/a/bledgerline", reply.Header.Get("X"))
}

func TestAnAnswerIsReadWhileItIsBeingWritten(t *testing.T) {
	more := make(chan struct{})
	reply, err := asked(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "one\n")
		<-more
		_, _ = io.WriteString(w, "two\n")
	}, nil)
	require.NoError(t, err)
	defer reply.Body.Close()
	lines := bufio.NewReader(reply.Body)
	first, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "one\n", first)
	close(more)
	second, err := lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "two\n", second)
}

func TestAHandlerThatBreaksOffIsNotTakenForOneThatFinished(t *testing.T) {
	reply, err := asked(t.Context(), t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	}, nil)
	require.NoError(t, err)
	defer reply.Body.Close()
	_, err = io.ReadAll(reply.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestAHandlerLearnsThatNobodyWaitsAnyMore(t *testing.T) {
	ended := make(chan struct{})
	waits := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		<-r.Context().Done()
		close(ended)
	}
	reply, err := asked(t.Context(), t, waits, nil)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	<-ended

	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	_, err = asked(ctx, t, func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
		close(stopped)
	}, nil)
	require.ErrorIs(t, err, context.Canceled)
	<-stopped
}
