package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

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
	b.Run("csvfile", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			read(b)
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("encoding_csv_alone", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			in := csv.NewReader(bytes.NewReader(file))
			in.ReuseRecord = true
			for {
				if _, err := in.Read(); err == io.EOF {
					break
				}
			}
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

// BenchmarkRowsMemory reads a million rows and tells the most memory held on the
// way, which a hundred times fewer rows need as well.
func BenchmarkRowsMemory(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var most uint64
			for b.Loop() {
				rows, err := csvfile.Rows(&made{n: n})
				require.NoError(b, err)
				count := 0
				for range rows {
					if count++; count%(n/10) == 0 {
						most = max(most, held())
					}
				}
				require.Equal(b, n, count)
			}
			b.ReportMetric(float64(most)/1024, "KiB-held")
		})
	}
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

// FuzzRows: whatever the file, reading ends, rows are numbered upwards and every
// one of them can be found again to be rejected.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		head + "u1,e,p,Anna,Berg,1\n", "\ufeff" + strings.ReplaceAll(head, ",", ";") + "u1;e;p;\"a\r\nb\";\"c\"\"d\";1\r\n",
		head + "u1,e,p,\"Anna,Berg,1\nu2,e,p,a,b,1\n", head + "\"\n\"\"\"\n\"x\"y\n\n,,,,,\n", "\xff\xfea\x00,\x00", head + "'=x,'+1,e,p\xff,\x00,\r",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		in, err := csvfile.Open(bytes.NewReader(file))
		if err != nil {
			return
		}
		var out bytes.Buffer
		rejected, err := csvfile.NewRejects(&out, bytes.NewReader(file))
		require.NoError(t, err)
		last, count := 0, 0
		for row := range in.Rows() {
			require.Greater(t, row.Number, last)
			last = row.Number
			count++
			require.NoError(t, rejected.Add(row.Number, "why, \"then\""))
		}
		require.NoError(t, in.Err())
		require.NoError(t, rejected.Close())
		again, err := csvfile.Rows(&out)
		require.NoError(t, err)
		for range again {
			count--
		}
		require.Zero(t, count, "a file of rejected rows has as many rows as were rejected")
	})
}
