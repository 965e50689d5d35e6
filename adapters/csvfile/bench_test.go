package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/csvfile"
	"ledgerline/domain/webex"
)

const benchHead = "userId,spEnterpriseId,provisioningId,firstName,lastName,email,package,primaryPhoneNumber,mobilePhoneNumber,extension,language,timezone\n"

// made is a file of n rows that is not in memory.
type made struct {
	n, i int
	left []byte
}

func (m *made) Read(p []byte) (int, error) {
	for len(m.left) == 0 {
		if m.i > m.n {
			return 0, io.EOF
		}
		m.left = m.left[:0]
		for end := min(m.i+500, m.n+1); m.i < end; m.i++ {
			if m.i == 0 {
				m.left = append(m.left, benchHead...)
				continue
			}
			m.left = fmt.Appendf(m.left, "%d@as0.example,SP1+ent8,NmMwZTFkNDAtMTExMS00YTAxLTlmMDEtMDAwMDAwMDAwMDAxOjdhMGYyYjUwLTAwMDMtNGIwMS04YzAxLTAwMDAwMDAwMDAwMw,Mette,\"Öberg, von\",mette.%d@ent8.example,standard,+46%09d,,1000,sv_SE,Europe/Stockholm\n", m.i, m.i, m.i)
		}
	}
	n := copy(p, m.left)
	m.left = m.left[n:]
	return n, nil
}

// BenchmarkRows tells how many rows a second are read, also as a ratio to what
// encoding/csv alone manages on the same file.
func BenchmarkRows(b *testing.B) {
	const n = 10_000
	file := must(io.ReadAll(&made{n: n}))
	read := func(b *testing.B) {
		rows, err := csvfile.Rows(bytes.NewReader(file))
		require.NoError(b, err)
		count := 0
		for row := range rows {
			if row.Err == nil {
				count++
			}
		}
		require.Equal(b, n, count)
	}
	raw := func() {
		in := csv.NewReader(bytes.NewReader(file))
		in.ReuseRecord = true
		for {
			if _, err := in.Read(); err == io.EOF {
				return
			}
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	var alone time.Duration
	for b.Loop() {
		read(b)
		b.StopTimer()
		began := time.Now()
		raw()
		alone += time.Since(began)
		b.StartTimer()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(n)*float64(b.N)/alone.Seconds(), "raw-rows/s")
	b.ReportMetric(100*alone.Seconds()/b.Elapsed().Seconds(), "%-of-raw")
}

// A file of a million rows takes as much memory as one of ten thousand.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	most := func(n int) (bytes uint64) {
		rows, err := csvfile.Rows(&made{n: n})
		require.NoError(t, err)
		before, count := held(), 0
		for row := range rows {
			if count++; row.Err != nil || count%(n/10) == 0 {
				require.NoError(t, row.Err)
				bytes = max(bytes, held()-min(before, held()))
			}
		}
		require.Equal(t, n, count)
		return bytes
	}
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	few, many := most(10_000), most(n)
	t.Logf("%d KiB for 10,000 rows, %d KiB for %d", few/1024, many/1024, n)
	require.Less(t, many, few+1<<20)
}

func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkWriteUsers tells how many users a second are written.
func BenchmarkWriteUsers(b *testing.B) {
	const n = 10_000
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, csvfile.WriteUsers(io.Discard, func(yield func(webex.Subscriber, error) bool) {
			for range n {
				if !yield(someUser, nil) {
					return
				}
			}
		}))
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
