package userstatus

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func TestAPackedTableHoldsWhatWasPutAndNotRemoved(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		conn, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenMemory)
		require.NoError(r, err)
		defer conn.Close()
		l := layout{table: "packed", width: keyWidth, most: rapid.IntRange(2, 6).Draw(r, "most"), keep: rapid.IntRange(1, 4).Draw(r, "keep")}
		require.NoError(r, sqlitex.ExecuteTransient(conn, l.create(), nil))
		p := packed{layout: l}
		p.reset()
		want := map[keyed]bool{}
		for range rapid.IntRange(0, 200).Draw(r, "steps") {
			k := keyed{int64(rapid.IntRange(-20, 20).Draw(r, "key")), int64(rapid.IntRange(0, 3).Draw(r, "seq"))}
			record := k.record()
			switch rapid.IntRange(0, 9).Draw(r, "what") {
			case 0:
				require.NoError(r, p.flush(conn))
				p.reset()
			case 1, 2:
				require.NoError(r, p.remove(conn, record[:], false))
				delete(want, k)
			default:
				require.NoError(r, p.put(conn, record[:], false))
				want[k] = true
			}
		}
		require.NoError(r, p.flush(conn))
		got := map[keyed]bool{}
		require.NoError(r, l.scan(conn, -1<<63, func(records []byte) bool {
			for i := 0; i < len(records); i += l.width {
				got[keyed{numberAt(records, i), numberAt(records, i+8)}] = true
			}
			return true
		}))
		require.Equal(r, want, got)
		for key := range int64(41) {
			var seqs []int64
			for k := range maps.Keys(want) {
				if k.key == key-20 {
					seqs = append(seqs, k.seq)
				}
			}
			found, err := l.seqs(conn, key-20, key-20)
			require.NoError(r, err)
			slices.Sort(found)
			slices.Sort(seqs)
			require.Equal(r, seqs, found)
			n, err := p.count(conn, key-20)
			require.NoError(r, err)
			require.Equal(r, len(seqs), n)
		}
	})
}
