package rest_test

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/rest"
	"ledgerline/commands"
)

// rude is a TCP server that reads requests and then does as told: by is given
// the number of the request, from 1, and says what to write and whether to hang up.
func rude(t *testing.T, by func(n int64) (reply string, hangUp bool)) (address string, read *atomic.Int64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	read = new(atomic.Int64)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					reply, hangUp := by(read.Add(1))
					io.WriteString(conn, reply)
					if hangUp {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/v1", read
}

func TestAWriteIsSentOnceHoweverTheConnectionEnds(t *testing.T) {
	for name, reply := range map[string]string{
		"without a word":      "",
		"within the status":   "HTTP/1.1 2",
		"within the header":   "HTTP/1.1 200 OK\r\nContent-Type: appl",
		"with a broken reply": "SMTP ready\r\n\r\n",
	} {
		for method, write := range writes {
			t.Run(method+" "+name, func(t *testing.T) {
				address, read := rude(t, func(int64) (string, bool) { return reply, true })
				err := write(t.Context(), client(t, rest.Config{BaseURL: address}))
				require.Zero(t, failure(t, err, commands.Unknown).Status)
				require.EqualValues(t, 1, read.Load())
			})
			t.Run(method+" "+name+" on a connection used before", func(t *testing.T) {
				address, read := rude(t, func(n int64) (string, bool) {
					if n == 1 {
						return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false
					}
					return reply, true
				})
				api := client(t, rest.Config{BaseURL: address})
				_, found, err := api.Subscriber(t.Context(), "id")
				require.NoError(t, err)
				require.False(t, found)
				failure(t, write(t.Context(), api), commands.Unknown)
				require.EqualValues(t, 2, read.Load())
			})
		}
	}
}

func TestAReadIsSentAgainAfterABrokenConnection(t *testing.T) {
	address, read := rude(t, func(n int64) (string, bool) {
		if n < 3 {
			return "", true
		}
		return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false
	})
	_, found, err := client(t, rest.Config{BaseURL: address, ReadAttempts: 3}).Subscriber(t.Context(), "id")
	require.NoError(t, err)
	require.False(t, found)
	require.EqualValues(t, 3, read.Load())
}

func TestWhatCannotHaveBeenSentIsNotDone(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	distrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	distrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	distrusted.StartTLS()
	t.Cleanup(distrusted.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for name, address := range map[string]string{
		"nobody listens":          "http://" + closed.Addr().String(),
		"TLS is not trusted":      distrusted.URL,
		"TLS is not spoken":       "https://" + plain.Listener.Addr().String(),
		"the address is not one":  "nonsense",
		"the scheme is not HTTP":  "ftp://webexapis.com",
		"the address has no host": "https:///v1",
	} {
		for method, write := range writes {
			t.Run(method+" "+name, func(t *testing.T) {
				got := failure(t, write(t.Context(), client(t, rest.Config{BaseURL: address})), commands.NotDone)
				require.NotNil(t, got.Err)
			})
		}
	}
}

func TestWithoutCredentialsNothingIsSent(t *testing.T) {
	require.Error(t, rest.Config{ClientID: "id"}.Check())
	_, err := rest.New(rest.Config{}).Remove(t.Context(), "id", "T_1")
	failure(t, err, commands.NotDone)
}

func TestSilenceIsUnknownAfterTheConfiguredTime(t *testing.T) {
	for name, config := range map[string]rest.Config{
		"header": {HeaderTimeout: 20 * time.Millisecond},
		"call":   {CallTimeout: 20 * time.Millisecond},
	} {
		for method, write := range writes {
			t.Run(name+" "+method, func(t *testing.T) {
				server := silent(t, func() {})
				config.BaseURL = server
				require.Zero(t, failure(t, write(t.Context(), client(t, config)), commands.Unknown).Status)
			})
		}
	}
}

func TestCancellingAfterSendingIsUnknown(t *testing.T) {
	for method, write := range writes {
		t.Run(method, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			server := silent(t, cancel)
			err := write(ctx, client(t, rest.Config{BaseURL: server}))
			failure(t, err, commands.Unknown)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// silent reads requests, calls then, and answers nothing until the test is over.
func silent(t *testing.T, then func()) (address string) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		then()
		<-over
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	return server.URL
}
